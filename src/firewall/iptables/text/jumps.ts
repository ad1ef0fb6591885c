import type { Rule, Table } from './model.ts';
import { targetOf } from './view.ts';

/** For every chain of a table, the user chains its rules jump or go to. */
export type JumpGraph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Which chains lead to which. Only jumps to chains the table holds count: other targets are verdicts or extensions.
 *
 * @param table - one table of a ruleset
 * @param counts - leave out the jumps of rules for which this is false
 */
export function jumpGraph(table: Table, counts: (rule: Rule) => boolean = () => true): JumpGraph {
  const graph = new Map<string, Set<string>>();
  for (const chain of table.chains.values()) {
    const targets = new Set<string>();
    for (const rule of chain.rules) {
      const target = chainTargetOf(table, rule.text);
      if (target !== undefined && counts(rule)) targets.add(target);
    }
    graph.set(chain.name, targets);
  }
  return graph;
}

/** The user chain a rule jumps or goes to, if the table holds it. */
export function chainTargetOf(table: Table, text: string): string | undefined {
  const target = targetOf(text);
  return target !== undefined && table.chains.has(target) ? target : undefined;
}
