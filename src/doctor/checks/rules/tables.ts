import { toolName } from '../../../firewall/iptables/text/tools.ts';
import { BRIDGES_TABLE } from '../../../firewall/nftables/tables/names.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { Finding } from '../../../reconcile/finding.ts';
import { openCells } from '../../cells.ts';
import type { CheckCode } from '../../codes.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal, type RemedyStep } from '../../remedies/proposal.ts';
import type { ResolvedTarget } from '../../target/resolved.ts';
import { checksOf } from '../check.ts';
import { headline } from '../cells/words.ts';

/** What happened to Docker's own tables of nftables, where one word says it. */
interface TablesLoss {
  readonly code: CheckCode;
  readonly title: string;
}

/**
 * Whether whole tables of Docker's are gone, or were gone and Docker has written a part of them again since without knowing: one cause each,
 * whatever they held.
 *
 * @param findings - of the comparison, all of them
 * @returns undefined where single rules are lost
 */
export function tablesLossOf(
  findings: readonly Finding[],
  { netState: { natives = [] } }: Facts,
): TablesLoss | undefined {
  const of = (found: readonly Finding[]): readonly string[] => [
    ...new Set(found.map(({ family, table }) => tableName({ family, name: table }))),
  ];
  const halves = of(findings.filter(({ kind }) => kind === 'half-healed'));
  if (halves.length > 0)
    return {
      code: 'half-healed',
      title: `Docker's ${tables(halves)} half-healed: ${halves.length === 1 ? 'it was' : 'they were'} lost, and Docker has written only a part again, without knowing`,
    };
  const here = new Set(natives.map(({ table }) => table));
  const lost = of(findings.filter(({ table, kind }) => table === BRIDGES_TABLE && kind === 'missing'));
  const gone = lost.filter((table) => !here.has(table));
  return gone.length === 0 ? undefined : { code: 'tables-lost', title: `Docker's ${tables(gone)} gone` };
}

const tables = (names: readonly string[]): string =>
  names.length === 1
    ? `table ${names.join('')} of nftables is`
    : `tables ${names.join(' and ')} of nftables are`;

const WHOLE_HOST: ResolvedTarget = { target: { kind: 'host' }, containers: new Set(), trouble: [] };

const EFFECTS = [
  ['exposure', 'open'],
  ['outage', 'cut'],
  ['degraded', 'served by docker-proxy alone'],
] as const;

/** What the loss of Docker's rules opens and cuts, in packets; '' for nothing. */
export function packetsOf(facts: Facts): string {
  const lost = openCells(facts, WHOLE_HOST).filter(({ cause }) => cause === 'lost');
  return EFFECTS.flatMap(([effect, word]) => {
    const cells = lost.filter((cell) => cell.effect === effect);
    return cells.length === 0 ? [] : [`${word}: ${headline(cells)}`];
  }).join('; ');
}

/** Chains that a lookup shows. */
const SHOWN = 4;

const rules = (held: number): string => (held === 1 ? '1 rule' : `${String(held)} rules`);

/** What is left in iptables of an Engine that writes with nftables now. Packets meet it all the same, as far as anything leads there. */
export function judgeLeftovers(facts: Facts): readonly Check[] {
  const { leftovers, netState } = facts;
  const { warn } = checksOf('rules');
  if (leftovers.length > 0) {
    const places = new Map(leftovers.map((one) => [`${one.variant} ${one.family}`, one]));
    const steps = [...places.values()].map(({ variant, family }): RemedyStep => ({
      command: `${toolName(family, variant, 'save')} -c | rulesguard strip | ${toolName(family, variant, 'restore')} -c`,
      change: { of: 'strip', variant, family },
    }));
    return [
      warn(
        'leftover-chains',
        "chains of Docker's names are left in iptables, from when its firewall backend was iptables",
        {
          meaning: 'nobody keeps them up to date; packets meet whatever still leads there',
          evidence: leftovers
            .slice(0, SHOWN)
            .map(({ variant, place, rules: held }) => `${variant} ${place}: ${rules(held)}`),
          remedies: harmless(
            [proposal('take them out; rules of others are left as they are', ...steps)],
            facts,
            advise('they close what nothing else does: see by whom and what with rulesguard reach, first'),
          ),
        },
      ),
    ];
  }
  if (netState.rulesets.length < 2) return [];
  return [
    warn('both-variants', "both iptables variants hold rules, none of them Docker's", {
      meaning: "a packet has to pass both, beside Docker's own tables; iptables-save shows only one of them",
      evidence: netState.rulesets.map(
        ({ variant }) => `see those of ${variant}: ${toolName('ipv4', variant, 'save')}`,
      ),
    }),
  ];
}
