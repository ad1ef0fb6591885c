import type { RuleName } from '../../firewall/iptables/text/model.ts';
import type { JudgedCell, JudgedTable } from './judge.ts';

/**
 * A rule that cannot be read in full and that no baseline knows of is new: what it does to packets is not known, whoever wrote it.
 *
 * @param known - rules that could not be read when the baseline was recorded
 */
export function withNewDoubts(table: JudgedTable, known: readonly RuleName[]): JudgedTable {
  const recorded = new Set(known.map(({ rule }) => rule));
  const isNew = ({ effect, cause, decider }: JudgedCell): boolean =>
    effect === 'unknown' &&
    cause === 'operator' &&
    decider?.by === 'rule' &&
    decider.rule.printed !== undefined &&
    !recorded.has(decider.rule.text);
  return {
    ...table,
    cells: table.cells.map((cell) => (isNew(cell) ? { ...cell, cause: 'overridden' as const } : cell)),
  };
}
