import type {
  NativeChain,
  NativeRule,
  NativeTable,
  NativeVerdict,
} from '../../firewall/nftables/text/model.ts';

/** A listing without strings, and without the conditions that name what NAT did. */
export const statementsOf = (text: string): string =>
  text.replaceAll(/"[^"\n]*"/g, '""').replaceAll(/\bct status (?:[!=/]+ )?(?:\{[^}]*\}|\S+)/g, '');

/** A chain, and all that it may lead to. */
export function chainsFrom(start: string, { chains, maps }: NativeTable): readonly NativeChain[] {
  const seen = new Set([start]);
  // A loop over a Set also visits what is added during the loop.
  for (const name of seen)
    for (const { verdict } of chains.get(name)?.rules ?? [])
      for (const { chain } of verdictsOf(verdict, maps)) if (chain !== undefined) seen.add(chain);
  return [...seen].flatMap((name) => chains.get(name) ?? []);
}

/** The rules of a chain, and of all that it may lead to. */
export const reachedFrom = (start: string, table: NativeTable): readonly NativeRule[] =>
  chainsFrom(start, table).flatMap(({ rules }) => rules);

function verdictsOf(verdict: NativeRule['verdict'], maps: NativeTable['maps']): readonly NativeVerdict[] {
  if (verdict === undefined) return [];
  if ('is' in verdict) return [verdict];
  const mappings = typeof verdict.among === 'string' ? maps.get(verdict.among) : verdict.among;
  return (mappings ?? []).flatMap((one) => one.verdict ?? []);
}
