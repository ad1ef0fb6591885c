import { simulateEdits } from '../../firewall/nftables/simulate/simulate.ts';
import { ownTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import type { NftRule, NftTable } from '../../firewall/nftables/tables/model.ts';
import { printNftTable, tableName } from '../../firewall/nftables/tables/print.ts';
import { filterRules } from './recorded.ts';
import { plansFor, type TablesSide } from './side.ts';

interface Native {
  /** `ip docker-bridges` */
  readonly table: string;
  /** As `nft -sa list table` lists it. */
  readonly text: string;
}

/**
 * What a restore makes of nftables' tables, as they would then be listed.
 *
 * @param assumeUnchanged - whether it is typed with `--assume-unchanged`
 * @returns undefined where it has nothing to do
 */
export function repairedNatives(
  side: TablesSide,
  { assumeUnchanged = false }: { readonly assumeUnchanged?: boolean } = {},
): ((natives: readonly Native[]) => readonly Native[]) | undefined {
  const { live } = side;
  const due = plansFor(side, { assumeUnchanged }).filter(({ edits }) => edits.length > 0);
  if (due.length === 0) return undefined;
  return (natives) => {
    const made = due.map((plan) => {
      const table = tableName(plan);
      const listed = natives.find((one) => one.table === table)?.text ?? '';
      const read = live.find(({ family, name }) => family === plan.family && name === plan.name);
      const held = read && withoutGone(read, listed);
      const after = simulateEdits(plan, held, plan.edits);
      return { table, text: after === undefined ? '' : printNftTable(after, listedRule(listed)) };
    });
    const replaced = new Set(made.map(({ table }) => table));
    return [
      ...natives.filter(({ table }) => !replaced.has(table)),
      ...made.filter(({ text }) => text !== ''),
    ];
  };
}

/** A table without rules of others that are no longer listed: a remedy that is tried may have taken one out. */
function withoutGone(table: NftTable, listed: string): NftTable {
  const isHere = ({ handle }: NftRule): boolean =>
    listed === '' || listed.split('\n').some((line) => line.endsWith(` # handle ${String(handle)}`));
  const [left = table] = filterRules(
    [table],
    (rule, { name }, chain) => ownTableRule(name, chain, rule).purpose !== undefined || isHere(rule),
  );
  return left;
}

/** A rule that is not understood, as nft itself lists it; where it does not, as something that cannot be told. */
const listedRule =
  (listed: string) =>
  ({ handle, text }: NftRule): string =>
    listed
      .split('\n')
      .find((line) => line.endsWith(` # handle ${String(handle)}`))
      ?.replace(/ # handle \d+$/, '')
      .trim() ?? `queue comment ${JSON.stringify(text)}`;

/** Tells rules of others in Docker's tables by their handles. */
export function foreignIn({
  drifts,
}: TablesSide): (rule: {
  readonly table: string;
  readonly chain: string;
  readonly handle: string;
}) => boolean {
  const found = new Set(
    drifts.flatMap((drift) => [
      ...drift.chains.flatMap(({ name, foreign }) =>
        foreign.map(({ handle }) => [tableName(drift), name, handle].join(' ')),
      ),
      ...drift.strays
        .filter(({ owner }) => owner === 'foreign')
        .flatMap(({ what, rules }) => rules.map(({ handle }) => [tableName(drift), what, handle].join(' '))),
    ]),
  );
  return ({ table, chain, handle }) => found.has([table, chain, handle].join(' '));
}
