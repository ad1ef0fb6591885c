import { FAMILIES, type Family } from '../net/family.ts';
import type { OwnedChain, OwnedHost } from '../firewall/iptables/ownership/ownership.ts';

/** One chain in which two baselines differ: its policy, Docker's rules and those of DOCKER-USER. */
export interface ChainDifference {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** Its policy as `:FORWARD DROP` and its rules, in order; none where it was not recorded. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** The chains in which two baselines differ. Foreign rules and counters do not count. */
export function baselineDifference(before: OwnedHost, after: OwnedHost): readonly ChainDifference[] {
  return FAMILIES.flatMap((family) => {
    const [left, right] = [before.families[family], after.families[family]];
    return [...new Set([...left.keys(), ...right.keys()])].flatMap((table) => {
      const [chains, others] = [left.get(table), right.get(table)];
      return [...new Set([...(chains?.keys() ?? []), ...(others?.keys() ?? [])])].flatMap((chain) => {
        const one = {
          family,
          table,
          chain,
          before: linesOf(chains?.get(chain)),
          after: linesOf(others?.get(chain)),
        };
        return one.before.join('\n') === one.after.join('\n') ? [] : [one];
      });
    });
  });
}

function linesOf(chain: OwnedChain | undefined): readonly string[] {
  if (chain === undefined) return [];
  const rules = chain.rules.flatMap(({ owner, rule }) => (owner === 'foreign' ? [] : [rule.text]));
  return [`:${chain.name} ${chain.builtin ? chain.policy : '-'}`, ...rules];
}

/** Lines of one side that the other lacks, repeated once for each extra copy. */
export function linesBeyond(these: readonly string[], those: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of those) left.set(line, (left.get(line) ?? 0) + 1);
  return these.filter((line) => {
    const known = left.get(line) ?? 0;
    left.set(line, known - 1);
    return known <= 0;
  });
}
