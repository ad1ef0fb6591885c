import { deletesAsWritten } from '../text/alike.ts';
import { BUILTIN_CHAINS, isBuiltin, type Chain, type Rule, type Ruleset, type Table } from '../text/model.ts';
import type { RestoreInput, Step, TableInput } from '../text/restore-input.ts';
import { TARGETS } from '../text/targets.ts';
import { targetOf } from '../text/view.ts';

/** Why the kernel would refuse a table. Nothing of that table is applied; the tables before it stay applied. */
export interface Refusal {
  readonly table: string;
  readonly step: Step;
  readonly reason: string;
}

export interface Simulation {
  readonly ruleset: Ruleset;
  readonly refusal?: Refusal;
}

class Refused extends Error {
  readonly step: Step;
  constructor(step: Step, reason: string) {
    super(reason);
    this.step = step;
  }
}

/**
 * What `iptables-restore --noflush --counters` would leave, without running it: the same verdict on every step and
 * the same ruleset, tables applied one after the other, each whole or not at all (measured on 1.8.9, nft and legacy).
 * Linear in rules plus steps when the inserts of a chain come in ascending order, as plans write them.
 *
 * @param before - the live ruleset of one family
 * @param input - what restore would be given
 */
export function simulate(before: Ruleset, input: RestoreInput): Simulation {
  const tables = new Map(before.tables);
  for (const tableInput of input.tables) {
    if (tableInput.steps.length === 0) continue;
    try {
      tables.set(tableInput.table, applyTable(tables.get(tableInput.table), tableInput));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return {
        ruleset: { tables },
        refusal: { table: tableInput.table, step: error.step, reason: error.message },
      };
    }
  }
  return { ruleset: { tables } };
}

const newTable = (name: string): Table => ({
  name,
  chains: new Map(
    (BUILTIN_CHAINS[name] ?? []).map((chain) => [
      chain,
      { name: chain, policy: 'ACCEPT', counters: '', rules: [] },
    ]),
  ),
});

function applyTable(before: Table | undefined, { table, steps }: TableInput): Table {
  const chains = new Map((before ?? newTable(table)).chains);
  for (let i = 0; i < steps.length;) {
    const run = runAt(steps, i);
    applyRun(table, chains, run);
    i += run.length;
  }
  return { name: table, chains };
}

/** Neighbouring edits of one kind in one chain are made in one pass over the chain, or large plans would cost n². */
function runAt(steps: readonly Step[], start: number): readonly Step[] {
  const first = steps[start];
  if (first?.op === 'create' || first?.op === 'remove' || first?.op === 'policy') return [first];
  let end = start + 1;
  for (; end < steps.length; end++) {
    const [previous, step] = [steps[end - 1], steps[end]];
    if (step?.op !== first?.op || step?.chain !== first?.chain) break;
    if (step?.op === 'insert' && previous?.op === 'insert' && step.position <= previous.position) break;
  }
  return steps.slice(start, end);
}

function applyRun(table: string, chains: Map<string, Chain>, run: readonly Step[]): void {
  const step = run[0];
  if (step === undefined) return;
  switch (step.op) {
    case 'create':
      if (chains.has(step.chain)) throw new Refused(step, `chain ${step.chain} already exists`);
      chains.set(step.chain, { name: step.chain, policy: '-', counters: '', rules: [] });
      return;
    case 'remove':
      removeChain(table, chains, step);
      return;
    case 'policy':
      setPolicy(table, chains, step);
      return;
    case 'delete':
    case 'append':
    case 'insert': {
      const chain = chains.get(step.chain) ?? builtinOf(table, step.chain);
      if (chain === undefined) throw new Refused(step, `chain ${step.chain} does not exist`);
      for (const one of run) checkJump(table, chains, one);
      chains.set(chain.name, { ...chain, rules: editRules(chain, run) });
      return;
    }
    default:
      step satisfies never;
  }
}

/** nft saves only the built-in chains that something touched; the others exist all the same. */
const builtinOf = (table: string, chain: string): Chain | undefined =>
  isBuiltin(table, chain) ? { name: chain, policy: 'ACCEPT', counters: '', rules: [] } : undefined;

function editRules({ name, rules }: Chain, run: readonly Step[]): readonly Rule[] {
  switch (run[0]?.op) {
    case 'append':
      return [...rules, ...run.flatMap((step) => (step.op === 'append' ? [step.rule] : []))];
    case 'delete':
      return withoutFirsts(name, rules, run);
    default:
      return withInserts(name, rules, run);
  }
}

function withoutFirsts(chain: string, rules: readonly Rule[], run: readonly Step[]): readonly Rule[] {
  const remaining = new Map<string, number>();
  for (const step of run) {
    if (step.op === 'delete') remaining.set(step.rule.text, (remaining.get(step.rule.text) ?? 0) + 1);
  }
  // The tool compares rules as it reads them, and could delete one it cannot read in full in place of the one that is meant.
  const taken = rules.find((rule) => rule.printed !== undefined && remaining.has(rule.printed));
  const blind = run.find((step) => step.op === 'delete' && step.rule.text === taken?.printed);
  if (blind !== undefined)
    throw new Refused(blind, `chain ${chain} has a rule written by nft that iptables would mistake for it`);
  const kept = rules.filter((rule) => {
    const count = remaining.get(rule.text) ?? 0;
    if (count > 0) remaining.set(rule.text, count - 1);
    return count === 0;
  });
  for (const step of run) {
    if (step.op === 'delete' && (remaining.get(step.rule.text) ?? 0) > 0) {
      throw new Refused(step, `chain ${chain} has no such rule to delete`);
    }
  }
  const [first] = run;
  const deleted = run.flatMap((step) => (step.op === 'delete' ? [step.rule.text] : []));
  if (
    first !== undefined &&
    !deletesAsWritten(
      rules.map(({ text }) => text),
      deleted,
    )
  )
    throw new Refused(
      first,
      `chain ${chain} has several rules that iptables could mistake for the one to delete`,
    );
  return kept;
}

function withInserts(chain: string, rules: readonly Rule[], run: readonly Step[]): readonly Rule[] {
  const result: Rule[] = [];
  let taken = 0;
  for (const step of run) {
    if (step.op !== 'insert') continue;
    while (result.length < step.position - 1 && taken < rules.length) result.push(rules[taken++] as Rule);
    if (step.position < 1 || result.length < step.position - 1)
      throw new Refused(step, `chain ${chain} has no position ${String(step.position)}`);
    result.push(step.rule);
  }
  while (taken < rules.length) result.push(rules[taken++] as Rule);
  return result;
}

function setPolicy(table: string, chains: Map<string, Chain>, step: Step): void {
  if (step.op !== 'policy') return;
  const chain = chains.get(step.chain) ?? builtinOf(table, step.chain);
  if (chain === undefined || !isBuiltin(table, step.chain))
    throw new Refused(step, `chain ${step.chain} has no policy`);
  chains.set(step.chain, { ...chain, policy: step.policy, counters: step.counters });
}

function removeChain(table: string, chains: Map<string, Chain>, step: Step): void {
  const chain = chains.get(step.chain);
  if (chain === undefined || isBuiltin(table, step.chain))
    throw new Refused(step, `there is no user chain ${step.chain} to remove`);
  if (chain.rules.length > 0) throw new Refused(step, `chain ${step.chain} still has rules`);
  for (const other of chains.values()) {
    const jump = other.rules.find((rule) => targetOf(rule.text) === step.chain);
    if (jump !== undefined) throw new Refused(step, `chain ${step.chain} is still referenced: ${jump.text}`);
  }
  chains.delete(step.chain);
}

function checkJump(table: string, chains: ReadonlyMap<string, Chain>, step: Step): void {
  if (step.op !== 'append' && step.op !== 'insert') return;
  const target = targetOf(step.rule.text);
  if (target === undefined || TARGETS.has(target)) return;
  if (isBuiltin(table, target))
    throw new Refused(step, `a rule may not jump to the built-in chain ${target}`);
  if (!chains.has(target)) throw new Refused(step, `its target ${target} does not exist in this table`);
}
