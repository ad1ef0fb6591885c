import { isDamage, type Finding } from '../guard/finding.ts';
import { chainOf, FAMILIES, type Backend, type Family } from '../iptables/model.ts';
import { checksOf, type } from './check.ts';
import type { Check } from './diagnosis.ts';
import { isUntold, type Facts, type Untold } from './facts.ts';
import { judgeNatives } from './judge-native.ts';
import { nearestFirst } from './nearest-first.ts';

const { ok, warn, fail, unknown } = checksOf('rules');

/**
 * Docker's rules against what should be there, and who else decides about packets.
 *
 * @param names - of the containers asked about: what concerns them is told first
 */
export function judgeRules(facts: Facts, names: ReadonlySet<string>): readonly Check[] {
  return [...judgeDrift(facts, names), ...judgeBackends(facts), ...judgeNatives(facts)];
}

/** How many consequences are told; `rulesguard check` tells them all. */
const TOLD = 4;

function judgeDrift(facts: Facts, names: ReadonlySet<string>): readonly Check[] {
  const { drift } = facts;
  if (isUntold(drift)) return [judgeUntold(drift, facts)];
  const damage = nearestFirst(drift.findings.filter(isDamage), names, facts);
  const measure =
    drift.baseline === undefined ? 'what the Engine calls for' : `baseline ${drift.baseline} and the Engine`;
  const facets = {
    evidence: damage.slice(0, TOLD).map(spell),
    remedies: [type("put them back, and nobody else's", 'rulesguard restore')],
  };
  if (damage.length === 0)
    return [ok('drift', `all ${String(drift.rules)} rules of Docker's are in place, by ${measure}`)];
  // dockerd itself sets DROP or leaves ACCEPT, by who turned forwarding on: packets tell whether it hurts.
  if (damage.every(({ kind }) => kind === 'policy'))
    return [
      warn('policy-changed', 'the policy of FORWARD is not what was recorded', {
        evidence: facets.evidence,
        remedies: [type('set it back', 'rulesguard restore --policies')],
      }),
    ];
  // Engines up to 27 leave it so themselves when they are restarted; packets tell whether it hurts.
  if (damage.every(({ kind }) => kind === 'misplaced'))
    return [
      warn('rules-misplaced', `${rules(damage.length)} of Docker's stand in another place than they should`, {
        ...facets,
        meaning: damage[0]?.consequence ?? '',
      }),
    ];
  const kinds = new Set(damage.map(({ kind }) => kind));
  const isDiverted =
    kinds.has('diverted') && [...kinds].every((kind) => kind === 'diverted' || kind === 'misplaced');
  const worst = [...new Set(damage.map(({ consequence }) => consequence))];
  return [
    fail(
      isDiverted ? 'rules-stale' : 'rules-lost',
      isDiverted
        ? `${rules(damage.length)} of Docker's lead packets astray: nothing calls for them any more`
        : `${rules(damage.length)} of Docker's are lost or out of place`,
      { ...facets, meaning: worst[0] ?? '', impairs: 'all' },
    ),
  ];
}

const rules = (count: number): string => (count === 1 ? '1 rule' : `${String(count)} rules`);

const spell = ({ family, table, chain, kind, rule, consequence }: Finding): string =>
  `${family === 'ipv6' ? 'ipv6 ' : ''}${table} ${chain} ${kind}: ${rule ?? consequence}`;

function judgeUntold({ untold, code, hint }: Untold, facts: Facts): Check {
  if (code === 'RG_BACKENDS_SPLIT') return judgeSplit(facts, untold);
  return unknown('drift-untold', `Docker's rules cannot be judged: ${untold}`, {
    evidence: code === undefined ? [] : [code],
    remedies: hint === undefined ? [] : [{ what: hint, commands: [] }],
  });
}

const save = (backend: Backend, family: string, verb: 'save' | 'restore'): string =>
  `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${backend}-${verb}`;

/** Docker's rules in both backends: those of the one its iptables does not speak to are litter that still decides. */
function judgeSplit({ leftovers, backend = 'nft', terrain }: Facts, untold: string): Check {
  const other: Backend = backend === 'nft' ? 'legacy' : 'nft';
  const families = FAMILIES.filter((family) => leftovers.some((one) => one.family === family));
  return fail('backends-split', untold, {
    meaning: 'a packet has to pass both: what one translates or lets through, the other may drop',
    evidence: [
      `Docker's iptables speaks to ${backend}`,
      ...leftovers
        .slice(0, TOLD)
        .map(
          ({ family, place, rules: held }) =>
            `${other} ${family === 'ipv6' ? 'ipv6 ' : ''}${place}: ${rules(held)}`,
        ),
    ],
    remedies: [
      type(
        `take Docker's out of ${other}, and nobody else's`,
        ...families.map(
          (family) =>
            `${save(other, family, 'save')} -c | rulesguard strip | ${save(other, family, 'restore')} -c`,
        ),
        // Docker set it there once; with its rules gone nothing would let a packet pass.
        ...families
          .filter((family) => isClosed(terrain, other, family))
          .map((family) => `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${other} -P FORWARD ACCEPT`),
      ),
    ],
    impairs: 'all',
  });
}

const isClosed = ({ banks }: Facts['terrain'], backend: Backend, family: Family): boolean =>
  banks.some(
    (bank) => bank.backend === backend && chainOf(bank.rules[family], 'filter', 'FORWARD')?.policy === 'DROP',
  );

function judgeBackends({ leftovers, backend, terrain, drift }: Facts): readonly Check[] {
  if (backend === undefined || (isUntold(drift) && drift.code === 'RG_BACKENDS_SPLIT')) return [];
  const other: Backend = backend === 'nft' ? 'legacy' : 'nft';
  if (terrain.banks.length < 2) return [];
  if (leftovers.length > 0)
    return [
      warn('leftover-chains', `chains of Docker's names are left in the ${other} backend`, {
        evidence: leftovers
          .slice(0, TOLD)
          .map(({ place, rules: held }) => `${other} ${place}: ${rules(held)}`),
      }),
    ];
  return [
    warn('both-backends', `both backends hold rules: Docker's are in ${backend}, others in ${other}`, {
      meaning: 'a packet has to pass both; iptables-save shows only one of them',
      evidence: [`see the others: ${save(other, 'ipv4', 'save')}`],
    }),
  ];
}
