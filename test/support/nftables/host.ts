import { compareTables } from '../../../src/firewall/nftables/compare/compare.ts';
import type { TableDrift } from '../../../src/firewall/nftables/compare/drift.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { withTable } from './edits.ts';
import { nftRecording, requiredTables, termsOf } from './recordings.ts';

/** A recorded host, and what is found after a change of its tables. */
export function recordedTables(name: string) {
  const { tables, inventory, settings } = nftRecording(name);
  const expected = requiredTables(inventory, settings);
  const terms = termsOf(inventory);
  const [ipv4] = tables;
  if (ipv4 === undefined) throw new Error(name);
  return {
    tables,
    ipv4,
    compare: (live: readonly NftTable[]) => compareTables(expected, live, terms),
    /** What is found once the first table is another. */
    found: (change: (table: NftTable) => NftTable | undefined): readonly string[] =>
      compareTables(expected, withTable(tables, ipv4, change(ipv4)), terms).flatMap(told),
  };
}

/** What was found, a line each, in one order. */
export const told = (drift: TableDrift): readonly string[] => [...linesOf(drift)].sort();

const linesOf = ({ family, live, chains, maps, sets, strays }: TableDrift): readonly string[] => [
  ...(live === undefined ? [`${family}: table lost`] : []),
  ...chains.flatMap((chain) => [
    ...(chain.live === undefined && live !== undefined ? [`lost ${chain.name}`] : []),
    ...(chain.isRehooked ? [`rehooked ${chain.name}`] : []),
    ...chain.missing.map(({ text }) => `missing ${chain.name}: ${text}`),
    ...chain.surplus.map(({ is, owned }) => `${is} ${chain.name}: ${owned.rule.text}`),
    ...chain.foreign.map(({ text }) => `foreign ${chain.name}: ${text}`),
  ]),
  ...[...maps, ...sets].flatMap((held) => [
    ...(held.exists ? [] : [`lost ${held.name}`]),
    ...(held.isRetyped ? [`retyped ${held.name}`] : []),
    ...[...held.missing.keys()].map((key) => `missing ${held.name}: ${key}`),
    ...held.wrong.map(({ key, live: now }) => `wrong ${held.name}: ${key} : ${now}`),
    ...held.strays.map(({ key, owner }) => `${owner} ${held.name}: ${key}`),
  ]),
  ...strays.map(({ what, owner }) => `${owner} ${what}`),
];
