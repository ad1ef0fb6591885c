import {
  isBuiltin,
  makeRule,
  rulesOf,
  type Chain,
  type Rule,
  type Ruleset,
  type Table,
} from '../text/model.ts';
import type { RestoreInput, Step } from '../text/restore-input.ts';
import { simulate } from './simulate.ts';

/** A restore to try in an empty namespace before the live rules are touched. */
export interface StagedRehearsal {
  /** What to load first: the tables the plan touches, as they are. */
  readonly stage: RestoreInput;
  /** What the namespace must hold when the plan has run on that. */
  readonly expected: Ruleset;
}

/**
 * Prepares a rehearsal. The chains a plan edits are loaded with all their rules, the other chains of those tables by name, so
 * that jumps find them. A rule that the plan does not name is replaced by a placeholder, a plain comment rule: what it matches
 * (an ipset, a cgroup) need not exist in the namespace, and it may contain what no restore can load.
 *
 * @param live - one family's live ruleset
 * @param isDockers - whether a rule is Docker's, and therefore known to load
 */
export function stageRehearsal(
  live: Ruleset,
  input: RestoreInput,
  isDockers: (table: string, rule: Rule) => boolean,
): StagedRehearsal {
  const tables = new Map<string, Table>();
  for (const { table: name, steps } of input.tables) {
    const table = live.tables.get(name);
    if (table === undefined) continue;
    const named = new Set(steps.flatMap((step) => ('rule' in step ? [step.rule.text] : [])));
    tables.set(
      name,
      stageTable(
        table,
        new Set(steps.map((step) => step.chain)),
        (rule) => named.has(rule.text) || isDockers(name, rule),
      ),
    );
  }
  return {
    stage: { tables: [...tables.values()].map((table) => ({ table: table.name, steps: stepsOf(table) })) },
    expected: simulate({ tables }, input).ruleset,
  };
}

function stageTable(table: Table, edited: ReadonlySet<string>, isDockers: (rule: Rule) => boolean): Table {
  const stageChain = (chain: Chain): Chain => ({
    ...chain,
    rules: edited.has(chain.name)
      ? chain.rules.map((rule, index) => (isDockers(rule) ? rule : placeholder(chain.name, index)))
      : [],
  });
  return {
    name: table.name,
    chains: new Map([...table.chains].map(([name, chain]) => [name, stageChain(chain)])),
  };
}

const placeholder = (chain: string, index: number): Rule =>
  makeRule(`-A ${chain} -m comment --comment rulesguard-${String(index)}`);

function stepsOf(table: Table): readonly Step[] {
  const chains = [...table.chains.values()];
  return [
    ...chains.map(({ name, policy, counters }): Step =>
      isBuiltin(table.name, name)
        ? { op: 'policy', chain: name, policy, counters }
        : { op: 'create', chain: name },
    ),
    ...chains.flatMap(({ name, rules }) => rules.map((rule): Step => ({ op: 'append', chain: name, rule }))),
  ];
}

/**
 * The first difference between what a rehearsal left and what was expected, for people; undefined when there is none.
 * Built-in chains that save leaves out are empty ones with policy ACCEPT.
 */
export function rehearsalDifference(expected: Ruleset, actual: Ruleset): string | undefined {
  for (const table of expected.tables.values()) {
    const found = actual.tables.get(table.name);
    for (const chain of table.chains.values()) {
      const rules = found?.chains.get(chain.name)?.rules ?? [];
      const difference = chain.rules.findIndex((rule, index) => rule.text !== rules[index]?.text);
      if (difference !== -1)
        return `table ${table.name}, rule ${String(difference + 1)} of ${chain.name}: expected ${chain.rules[difference]?.text ?? ''}, found ${rules[difference]?.text ?? 'none'}`;
      if (rules.length > chain.rules.length)
        return `table ${table.name}, chain ${chain.name}: found one rule more: ${rules[chain.rules.length]?.text ?? ''}`;
    }
  }
  return undefined;
}

/**
 * The first rule of DOCKER-USER that a plan puts and the tool saves in other words: written so by hand in a declaration. It would be put again
 * and again, for a comparison never finds it.
 *
 * @param said - what the tool makes of it
 */
export function savedOtherwise(
  input: RestoreInput,
  expected: Ruleset,
  actual: Ruleset,
): { readonly table: string; readonly text: string; readonly said: string } | undefined {
  const [table, chain] = ['filter', 'DOCKER-USER'];
  const put = new Set(
    input.tables.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.op === 'append' || step.op === 'insert' ? [step.rule.text] : [])),
    ),
  );
  const rules = rulesOf(actual, table, chain);
  const index = rulesOf(expected, table, chain).findIndex(({ text }, at) => text !== rules[at]?.text);
  const text = rulesOf(expected, table, chain)[index]?.text;
  if (text === undefined || !put.has(text)) return undefined;
  return { table, text, said: `it saves it as ${rules[index]?.text ?? 'nothing'}` };
}
