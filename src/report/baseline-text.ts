import { Fault } from '../fault.ts';
import { countDockers } from '../firewall/iptables/desired/desired.ts';
import type { StoredBaseline } from '../reconcile/stored-baseline.ts';
import { countTableRules } from '../reconcile/tables/side.ts';
import { age, count, printable, type Paint } from './text.ts';

/**
 * The line of one baseline in `baseline list`.
 *
 * @param stored - the baseline, or why it cannot be used
 * @param ageSeconds - how long ago it was recorded; of no matter for one that cannot be used
 */
export function listedText(
  id: string,
  stored: StoredBaseline | Fault,
  ageSeconds: number,
  paint: Paint,
): string {
  if (stored instanceof Fault) return `${id}  ${paint('red', 'not usable')}  ${printable(stored.message)}`;
  const { baseline, owned, tables } = stored;
  const engine =
    baseline.engine === null ? 'Engine not asked' : `Engine ${printable(baseline.engine.version)}`;
  return `${id}  ${age(ageSeconds)} old  ${count(countDockers(owned) + (tables === undefined ? 0 : countTableRules(tables)), 'rule')}  ${tables === undefined ? baseline.variant : 'nftables'}  ${engine}`;
}

/** The line of one baseline in `baseline verify`, and what is wrong with it below. */
export function verifiedText(id: string, trouble: readonly string[], paint: Paint): string {
  const what =
    trouble.length === 0 ? paint('green', 'sound') : paint('red', trouble.map(printable).join('\n    '));
  return `${id}  ${what}`;
}

/** What `baseline prune` did. */
export function prunedText(deleted: number, keep: number): string {
  return deleted === 0
    ? `Nothing to delete: there are no more than ${count(keep, 'baseline')}.`
    : `Deleted ${count(deleted, 'baseline')}, kept the newest ${String(keep)}.`;
}
