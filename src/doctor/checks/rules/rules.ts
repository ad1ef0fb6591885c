import { toolName } from '../../../firewall/iptables/text/tools.ts';
import { isBroken, isDamage, type Finding } from '../../../reconcile/finding.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { PASSING } from '../../../firewall/iptables/plan/edit.ts';
import { chainOf, type Variant } from '../../../firewall/iptables/text/model.ts';
import { advise, proposal, type RemedyStep } from '../../remedies/proposal.ts';
import { openPolicy, RESTORE, restoreWith } from '../../remedies/iptables.ts';
import { harmless } from '../../remedies/offer.ts';
import { checksOf } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import { isUnavailable, type Facts, type Unavailable } from '../../facts/facts.ts';
import { judgeNatives } from '../paths/native.ts';
import { nearestFirst } from './nearest-first.ts';
import { judgeLeftovers, packetsOf, tablesLossOf } from './tables.ts';

const { ok, warn, fail, unknown } = checksOf('rules');

/**
 * Docker's rules against what should be there, and who else decides about packets.
 *
 * @param names - of the containers the diagnosis is about: what concerns them comes first
 */
export function judgeRules(facts: Facts, names: ReadonlySet<string>): readonly Check[] {
  return [
    ...judgeDrift(facts, names),
    ...judgePolicies(facts),
    ...judgeVariants(facts),
    ...judgeNatives(facts),
  ];
}

/** Engines up to 27 close by FORWARD's policy what is not published, unless forwarding was on before they started. */
const judgePolicies = ({ policyUnknown = [] }: Facts): readonly Check[] =>
  policyUnknown.length === 0
    ? []
    : [
        warn(
          'policy-unknown',
          `the policy of FORWARD is ACCEPT (${policyUnknown.join(', ')}), and nobody knows whether Docker had set DROP`,
          {
            meaning:
              'with DROP, nobody outside would reach a port that is not published; a baseline would tell',
            remedies: [advise('when all is well, record it: rulesguard snapshot')],
          },
        ),
      ];

/** How many consequences are shown; `rulesguard check` shows them all. */
const SHOWN = 4;

function judgeDrift(facts: Facts, names: ReadonlySet<string>): readonly Check[] {
  const { drift } = facts;
  if (isUnavailable(drift)) return [judgeUnavailable(drift, facts)];
  const lost = drift.findings.filter(isDamage);
  const damage = nearestFirst(lost.filter(isBroken), names, facts);
  const reference =
    drift.baseline === undefined ? 'what the Engine requires' : `baseline ${drift.baseline} and the Engine`;
  const facets = {
    evidence: [
      ...damage.slice(0, SHOWN).map(spell),
      ...(damage.length > SHOWN ? [`… and ${String(damage.length - SHOWN)} more: rulesguard check`] : []),
    ],
    remedies: restoring(damage, facts),
  };
  if (damage.length === 0 && lost.length > 0)
    return [
      warn(
        'rules-lost',
        "Docker's RETURN at the end of DOCKER-USER is lost: no packet fares otherwise for it",
        {
          evidence: lost.map(spell),
          remedies: restoring(lost, facts),
        },
      ),
    ];
  if (damage.length === 0)
    return [ok('rules', `all ${String(drift.rules)} rules of Docker's are in place, by ${reference}`)];
  // It also decides about what is forwarded and is not Docker's, which no path follows.
  if (damage.every(({ kind }) => kind === 'policy'))
    return [
      fail('policy-changed', 'the policy of FORWARD is not what was recorded', {
        meaning: damage[0]?.consequence ?? '',
        evidence: facets.evidence,
        remedies: damage.some(({ remedy }) => remedy === undefined)
          ? harmless([proposal('restore it', restoreWith('--policies'))], facts, advise(NO_RESTORE))
          : openAgain(damage, facts),
      }),
    ];
  // Engines up to 27 leave it so themselves when they are restarted; packets show whether it matters.
  if (damage.every(({ kind }) => kind === 'misplaced'))
    return [
      warn('rules-misplaced', `${count(damage.length)} out of place`, {
        ...facets,
        meaning: damage[0]?.consequence ?? '',
      }),
    ];
  const kinds = new Set(damage.map(({ kind }) => kind));
  const isDiverted =
    kinds.has('diverted') && [...kinds].every((kind) => kind === 'diverted' || kind === 'misplaced');
  const inTables = facts.tables !== undefined;
  const told = inTables ? tablesLossOf(drift.findings, facts) : undefined;
  const meaning = (inTables ? packetsOf(facts) : '') || (damage[0]?.consequence ?? '');
  return [
    fail(
      told?.code ?? (isDiverted ? 'rules-stale' : 'rules-lost'),
      told?.title ??
        (isDiverted
          ? `${count(damage.length)} obsolete and ${damage.length === 1 ? 'routes' : 'route'} packets to the wrong container`
          : `${count(damage.length)} lost or out of place`),
      { ...facets, meaning, impairs: 'all' },
    ),
  ];
}

/** Where a dockerd hangs its containers run on, and `restore` leaves out their rules unless it is told that none has changed. */
function restoring(damage: readonly Finding[], facts: Facts): readonly Remedy[] {
  const { engine } = facts;
  const isHung = !engine.answered && engine.code === 'RG_ENGINE_HUNG';
  const found =
    isHung && damage.some(({ level }) => level !== undefined && PASSING.has(level))
      ? proposal(
          'restore them as recorded, if no container was started, stopped or restarted since the baseline',
          restoreWith('--assume-unchanged'),
        )
      : proposal('restore them; rules of others are left as they are', RESTORE);
  return harmless([found], facts, advise(NO_RESTORE));
}

/** Where a restore changes nothing, or leaves open what nobody means: it says which rules, and why. */
const NO_RESTORE =
  'a restore alone does not repair this, or would leave open what Docker means to be closed: see what it would do with rulesguard restore --dry-run, and who reaches what with rulesguard reach';

/** Opens policies again, as long as that opens nothing which Docker's rules or the operator's close. */
function openAgain(damage: readonly Finding[], facts: Facts): readonly Remedy[] {
  const { variant } = facts;
  const words = 'leave it closed: Docker needs no ACCEPT there, and it would open more than it repairs';
  if (variant === undefined) return [advise(words)];
  const steps = damage.map(({ family, table, chain }) =>
    openPolicy(chain, { variant, family, table }, facts),
  );
  const distinct = [...new Map(steps.map((step) => [step.command, step])).values()];
  return harmless(
    [proposal('open it again, if you want it open: Docker needs no ACCEPT there', ...distinct)],
    facts,
    advise(words),
  );
}

/** `1 of Docker's rules is`, `3 of Docker's rules are`. */
const count = (of: number): string => `${String(of)} of Docker's rules ${of === 1 ? 'is' : 'are'}`;

const rules = (held: number): string => (held === 1 ? '1 rule' : `${String(held)} rules`);

const spell = ({ family, table, chain, kind, rule, consequence }: Finding): string =>
  `${family === 'ipv6' ? 'ipv6 ' : ''}${table} ${chain} ${kind}: ${rule ?? consequence}`;

function judgeUnavailable({ unavailable, code, hint }: Unavailable, facts: Facts): Check {
  if (code === 'RG_VARIANTS_SPLIT') return judgeSplit(facts, unavailable);
  return unknown('rules-unknown', `Docker's rules cannot be judged: ${unavailable}`, {
    evidence: code === undefined ? [] : [code],
    remedies: hint === undefined ? [] : [advise(hint)],
  });
}

/** Docker's rules in both variants: those of the one its iptables does not speak to are leftovers that still decide. */
function judgeSplit(facts: Facts, unavailable: string): Check {
  const { leftovers, variant = 'nft', netState } = facts;
  const other: Variant = variant === 'nft' ? 'legacy' : 'nft';
  const families = FAMILIES.filter((family) => leftovers.some((one) => one.family === family));
  return fail('variants-split', unavailable, {
    meaning: 'a packet has to pass both: what one translates or lets through, the other may drop',
    evidence: [
      `Docker's iptables speaks to ${variant}`,
      ...leftovers
        .slice(0, SHOWN)
        .map(
          ({ family, place, rules: held }) =>
            `${other} ${family === 'ipv6' ? 'ipv6 ' : ''}${place}: ${rules(held)}`,
        ),
    ],
    remedies: harmless(
      [
        proposal(
          `delete Docker's rules from ${other}; rules of others are left as they are`,
          ...families.map((family): RemedyStep => ({
            command: `${toolName(family, other, 'save')} -c | rulesguard strip | ${toolName(family, other, 'restore')} -c`,
            change: { of: 'strip', variant: other, family },
          })),
          // Docker set it there once; with its rules gone nothing would let a packet pass.
          ...families
            .filter((family) => isClosed(netState, other, family))
            .map((family) => openPolicy('FORWARD', { variant: other, family, table: 'filter' }, facts)),
        ),
      ],
      facts,
      advise(
        `rules of Docker's in ${other} close what nothing in ${variant} does: have Docker write all of its rules to ${variant} first (systemctl restart docker), then ask again`,
      ),
    ),
    impairs: 'all',
  });
}

const isClosed = ({ rulesets }: Facts['netState'], variant: Variant, family: Family): boolean =>
  rulesets.some(
    (held) => held.variant === variant && chainOf(held.rules[family], 'filter', 'FORWARD')?.policy === 'DROP',
  );

function judgeVariants(facts: Facts): readonly Check[] {
  const { leftovers, variant, netState, drift, tables } = facts;
  if (tables !== undefined) return judgeLeftovers(facts);
  if (variant === undefined || (isUnavailable(drift) && drift.code === 'RG_VARIANTS_SPLIT')) return [];
  const other: Variant = variant === 'nft' ? 'legacy' : 'nft';
  if (netState.rulesets.length < 2) return [];
  if (leftovers.length > 0)
    return [
      warn('leftover-chains', `chains of Docker's names are left in the ${other} variant of iptables`, {
        evidence: leftovers
          .slice(0, SHOWN)
          .map(({ place, rules: held }) => `${other} ${place}: ${rules(held)}`),
      }),
    ];
  return [
    warn(
      'both-variants',
      `both iptables variants hold rules: Docker's are in ${variant}, others in ${other}`,
      {
        meaning: 'a packet has to pass both; iptables-save shows only one of them',
        evidence: [`see the others: ${toolName('ipv4', other, 'save')}`],
      },
    ),
  ];
}
