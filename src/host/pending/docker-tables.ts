import { renderTablePlan } from '../../firewall/nftables/plan/render.ts';
import type { TablePlan } from '../../firewall/nftables/plan/plan.ts';
import { isDockersTable } from '../../firewall/nftables/ownership/ownership.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { Runner } from '../command/command.ts';
import { readDockerTables } from '../nft/docker-tables.ts';
import { output, type NativeTableText } from '../nft/sets-native.ts';
import { inNetns } from '../xtables/netns.ts';

/**
 * Recorded tables of nftables with Docker's own edited: made in a network namespace of its own, so that what replaces them on the host is one
 * text that nft has taken.
 *
 * @param plansOf - the edits for Docker's tables as they were recorded
 * @throws Fault when there is no such namespace, or nft does not take them
 */
export async function editedTables(
  recorded: readonly NativeTableText[],
  plansOf: (tables: readonly NftTable[]) => readonly TablePlan[],
): Promise<readonly NativeTableText[]> {
  const own = recorded.filter(({ table }) => isDockersTable(table));
  const made = await inNetns(async ({ run }) => {
    await feed(run, own.map(({ text }) => text).join(''));
    const staged = await readDockerTables(run);
    const plans = plansOf(staged);
    await feed(run, plans.map(renderTablePlan).join(''));
    const names = new Set([...staged, ...plans].map(tableName));
    const texts: NativeTableText[] = [];
    for (const table of names)
      texts.push({
        table,
        text: await output(['nft', '-s', 'list', 'table', ...table.split(' ')], undefined, run),
      });
    return texts;
  });
  const texts = new Map(made.map((one) => [one.table, one]));
  const known = new Set(recorded.map(({ table }) => table));
  // In the order they were recorded in: of two chains at one moment the kernel asks the one first that was made first.
  return [
    ...recorded.flatMap((one) => (isDockersTable(one.table) ? (texts.get(one.table) ?? []) : [one])),
    ...made.filter(({ table }) => !known.has(table)),
  ];
}

async function feed(run: Runner, text: string): Promise<void> {
  if (text !== '') await output(['nft', '-f', '-'], text, run);
}
