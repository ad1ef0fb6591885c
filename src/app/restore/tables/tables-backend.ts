import type { LeftOut } from '../../../firewall/iptables/plan/edit.ts';
import { dockersChain } from '../../../firewall/nftables/ownership/ownership.ts';
import { NONE_WITHDRAWN, type TablePlan, type Withdrawn } from '../../../firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../../firewall/nftables/plan/render.ts';
import type { TableEdit } from '../../../firewall/nftables/tables/edit.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import type { Applier } from '../apply.ts';
import { keyOf, type RepairAttempts } from '../attempts.ts';
import { UNTIL_NOT_LISTED, type Backend, type RepairProgress } from '../rounds.ts';
import { applyTables, transactionsOf, type AppliedTransactions } from './apply-tables.ts';
import { simulateTables, type TableRepairOptions } from './prove-tables.ts';

/** As {@link editText}: the edits that were rehearsed. */
export type RehearsedEdits = ReadonlySet<string>;

export type TablesProgress = RepairProgress<AppliedTransactions, RehearsedEdits>;

/**
 * How Docker's own tables of nftables are repaired in rounds. A handle that is gone by the time of the apply makes nft refuse the whole
 * transaction: the next round plans from what is there.
 *
 * @param earlier - transactions of earlier restores that never came to their end
 */
export function tablesBackend(
  host: Applier,
  reference: Reference,
  options: TableRepairOptions,
  earlier: readonly string[],
): Backend<readonly TablePlan[], AppliedTransactions, RehearsedEdits> {
  const planOf = ({ seen, done, attempts }: TablesProgress): readonly TablePlan[] => {
    if (seen.tables === undefined) return [];
    const written = writtenBy([...earlier, ...done.flatMap(({ entry }) => entry.tables.done)]);
    const fresh = new Map(plansFor(seen.tables, options).map((plan) => [tableName(plan), plan]));
    return plansFor(seen.tables, options, written)
      .map((plan) =>
        whyLeft(plan, attempts) === undefined ? plan : withdrawals(plan, fresh.get(tableName(plan))),
      )
      .filter(({ edits }) => edits.length > 0);
  };
  // What only takes out again what was written leaves the rest as it is.
  const simulateWhole = (plans: readonly TablePlan[], { seen, attempts }: TablesProgress): void => {
    simulateTables(
      plans.filter((plan) => whyLeft(plan, attempts) === undefined),
      seen,
      { ...options, reference },
    );
  };
  return {
    plan: planOf,
    isEmpty: (plans) => plans.length === 0,
    prove: async (plans, at) => {
      simulateWhole(plans, at);
      if (options.rehearse && !isRehearsed(plans, at.memory))
        await host.rehearseTables(plans, at.seen.tables?.live ?? []);
      return { plan: plans, memory: new Set([...at.memory, ...plans.flatMap(editTexts)]) };
    },
    certain: (plans, at) => {
      const certain = options.rehearse ? plans.filter((plan) => isRehearsed([plan], at.memory)) : plans;
      simulateWhole(certain, at);
      return certain;
    },
    keysOf: (plans) => plans.flatMap(keysOf),
    textsOf: transactionsOf,
    takesLeftovers: (plans) =>
      plans.some(({ edits }) =>
        edits.some(
          ({ edit }) => edit === 'delete-chain' || edit === 'delete-element' || edit === 'delete-rule',
        ),
      ),
    apply: async (plans, { seen, done }) => {
      const applied = await applyTables(host, plans, {
        ...{ action: 'restore', baseline: reference.stored?.digest ?? null, undoes: null },
        variant: seen.live.variant,
        continues: done.at(-1)?.noted.id ?? options.continues ?? null,
      });
      const refused = (plan: TablePlan): string | undefined => applied.refusals[plan.family];
      return {
        applied,
        written: plans.filter((plan) => refused(plan) === undefined).flatMap(keysOf),
        tables: plans.map((plan) => ({ family: plan.family, table: plan.name, refused: refused(plan) })),
      };
    },
    settlesIn: (plans) => (bringsNetwork(plans) ? UNTIL_NOT_LISTED : 0),
  };
}

/** Tables that a repair leaves at its end although it could write them, and why. */
export const tablesLeft = (
  { seen, attempts }: TablesProgress,
  options: TableRepairOptions,
): readonly LeftOut[] =>
  (seen.tables === undefined ? [] : plansFor(seen.tables, options)).flatMap((plan) => {
    const reason = whyLeft(plan, attempts);
    return plan.edits.length === 0 || reason === undefined
      ? []
      : [{ family: plan.family, table: plan.name, chain: '', rule: tableName(plan), reason }];
  });

/** Why a table is left: one transaction makes all of it or nothing. */
function whyLeft(plan: TablePlan, attempts: RepairAttempts): string | undefined {
  const changedBack = keysOf(plan).map((key) => attempts.whyLeft(key));
  return (
    changedBack.find((why) => why !== undefined) ??
    attempts.whyRefused(plan.family, plan.name) ??
    attempts.whyLate()
  );
}

/** Of a plan only what takes out again what this repair wrote. @param without - as it would be, had it written nothing */
function withdrawals(plan: TablePlan, without: TablePlan | undefined): TablePlan {
  const others = new Set(without === undefined ? [] : lines(without));
  return {
    ...plan,
    edits: plan.edits.filter((edit) => !lines({ ...plan, edits: [edit] }).some((line) => others.has(line))),
  };
}

const lines = (plan: TablePlan): readonly string[] =>
  renderTablePlan(plan)
    .split('\n')
    .filter((line) => line !== '');

const keysOf = (plan: TablePlan): readonly string[] =>
  plan.edits.flatMap((edit) =>
    edit.edit === 'delete-rule' ? [] : [keyOf(plan.family, plan.name, editText(edit))],
  );

/** An edit without what differs from one listing to the next: handles. */
function editText(edit: TableEdit): string {
  switch (edit.edit) {
    case 'add-rule':
      return `add-rule ${edit.chain} ${edit.rule.key}`;
    case 'delete-rule':
      return `delete-rule ${edit.chain}`;
    case 'add-chain':
    case 'delete-chain':
      return `${edit.edit} ${edit.chain}`;
    case 'add-element':
    case 'delete-element':
      return `${edit.edit} ${edit.of} ${edit.key}`;
    case 'add-map':
    case 'add-set':
      return `${edit.edit} ${edit.name}`;
    default:
      return edit.edit;
  }
}

/** What a plan consists of, as {@link RehearsedEdits} remembers it: wherever in its chain a rule goes. */
export const editTexts = (plan: TablePlan): readonly string[] =>
  plan.edits.map((edit) => `${tableName(plan)} ${editText(edit)}`);

const isRehearsed = (plans: readonly TablePlan[], rehearsed: RehearsedEdits): boolean =>
  plans.flatMap(editTexts).every((text) => rehearsed.has(text));

/** What transactions wrote: a container may have stopped between the Engine's reply and the apply. */
function writtenBy(transactions: readonly string[]): Withdrawn {
  if (transactions.length === 0) return NONE_WITHDRAWN;
  const rules = new Set<string>();
  const chains = new Set<string>();
  const elements = new Set<string>();
  for (const line of transactions.flatMap((text) => text.split('\n'))) {
    const rule = /^(?:add|insert) rule \S+ \S+ (\S+) (?:handle \d+ )?(.*)$/s.exec(line);
    if (rule !== null) rules.add(`${rule[1] ?? ''} ${wordsOf(rule[2] ?? '')}`);
    const chain = /^add chain \S+ \S+ (\S+)/.exec(line)?.[1];
    if (chain !== undefined) chains.add(chain);
    const element = /^add element \S+ \S+ (\S+) \{ "?([^" ]+)"?/.exec(line);
    if (element !== null) elements.add(`${element[1] ?? ''} ${element[2] ?? ''}`);
  }
  return {
    rule: (chain, { text }) => rules.has(`${chain} ${wordsOf(text)}`),
    chain: (name) => chains.has(name),
    element: (of, key) => elements.has(`${of} ${key}`),
  };
}

/** The words of a rule without what was counted, in one order: nft lists conditions in another than they were written in. */
const wordsOf = (text: string): string =>
  text
    .replaceAll(/ packets \d+ bytes \d+/g, '')
    .split(' ')
    .sort()
    .join(' ');

/**
 * Whether plans bring a network back. Docker takes a network's chains away a moment before its API no longer lists it: what is written in
 * between would stay for good.
 */
const bringsNetwork = (plans: readonly TablePlan[]): boolean =>
  plans.some(({ name, edits }) =>
    edits.some((edit) => edit.edit === 'add-chain' && dockersChain(name, edit.chain)?.bridge !== undefined),
  );
