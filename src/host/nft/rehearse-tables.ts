import { Fault } from '../../fault.ts';
import type { TablePlan } from '../../firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../firewall/nftables/plan/render.ts';
import { sameTable } from '../../firewall/nftables/simulate/same.ts';
import { simulateEdits } from '../../firewall/nftables/simulate/simulate.ts';
import type { TableEdit } from '../../firewall/nftables/tables/edit.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { Runner } from '../command/command.ts';
import { inNetns } from '../xtables/netns.ts';
import { readDockerTables } from './docker-tables.ts';
import { listTables, refusalIn } from './write-tables.ts';

/**
 * Makes a plan's edits in a network namespace of its own, on the tables as they are here, and compares what nft then lists with what was
 * simulated.
 *
 * @param live - Docker's tables, as they were read for the plan
 * @throws Fault RG_REHEARSAL
 */
export async function rehearseTables(plans: readonly TablePlan[], live: readonly NftTable[]): Promise<void> {
  const listed = await listTables(plans.map(tableName));
  await inNetns(async ({ run }) => {
    const stage = listed.map(({ text }) => text).join('');
    const loaded = await feed(run, stage);
    if (loaded !== undefined) throw failed(`the tables as they are could not be loaded: ${loaded}`);
    const staged = await readDockerTables(run);
    const rehearsed = plans.map((plan) => withHandlesOf(plan, find(live, plan), find(staged, plan)));
    const refused = await feed(run, rehearsed.map(renderTablePlan).join(''));
    if (refused !== undefined) throw failed(refused);
    const made = await readDockerTables(run);
    for (const plan of rehearsed) {
      const simulated = simulateEdits(plan, find(staged, plan), plan.edits);
      const difference = sameTable(simulated, find(made, plan));
      if (difference !== undefined) throw failed(`${tableName(plan)}: ${difference}`);
    }
  });
}

const failed = (detail: string): Fault =>
  new Fault(
    'RG_REHEARSAL',
    1,
    "the plan for Docker's tables failed its rehearsal in a network namespace of its own, so nothing was changed",
    { details: [detail], hint: 'Look at the transaction: rulesguard restore --print' },
  );

const feed = async (run: Runner, text: string): Promise<string | undefined> =>
  text === '' ? undefined : refusalIn(await run(['nft', '-f', '-'], text));

const find = (tables: readonly NftTable[], { family, name }: Pick<TablePlan, 'family' | 'name'>) =>
  tables.find((table) => table.family === family && table.name === name);

/** The same edits for a copy of the table: there its rules have other handles, in the same places. */
function withHandlesOf(plan: TablePlan, live: NftTable | undefined, copy: NftTable | undefined): TablePlan {
  const handles = new Map(
    [...(live?.chains.values() ?? [])].flatMap(({ name, rules }) => {
      const copied = copy?.chains.get(name)?.rules ?? [];
      return rules.map((rule, at) => [`${name} ${String(rule.handle)}`, copied[at]?.handle] as const);
    }),
  );
  const mapped = (chain: string, handle: number): number => {
    const found = handles.get(`${chain} ${String(handle)}`);
    if (found === undefined) throw failed(`${tableName(plan)} ${chain}: it changed while it was copied`);
    return found;
  };
  const edits = plan.edits.map((edit): TableEdit => {
    if (edit.edit === 'delete-rule') return { ...edit, handle: mapped(edit.chain, edit.handle) };
    return edit.edit === 'add-rule' && edit.before !== undefined
      ? { ...edit, before: mapped(edit.chain, edit.before) }
      : edit;
  });
  return { ...plan, edits };
}
