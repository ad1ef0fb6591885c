import { Fault } from '../../fault.ts';
import { loadPlan } from '../../firewall/iptables/plan/plan-json.ts';
import type { JournalEntry } from '../../reconcile/journal.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { observeAgain } from '../observe/observe.ts';
import { awaitRules } from '../observe/quiescence.ts';
import type { Journal, Observer } from '../ports.ts';

/** An apply of an earlier restore that never ended: killed, or stopped by a fault before it had looked again. */
export interface Unfinished {
  readonly id: string;
  readonly entry: JournalEntry;
}

/**
 * The applies that no restore has looked at since, the newest first. What they wrote for somebody who has gone meanwhile is taken out by the next
 * restore, as by the one that wrote it.
 *
 * Only the newest entries are read: the restore that comes to its end ends all of them.
 */
export async function unfinishedApplies(
  journal: Pick<Journal, 'list' | 'read'>,
): Promise<readonly Unfinished[]> {
  const found: Unfinished[] = [];
  for (const id of (await journal.list()).toReversed()) {
    const entry = await readUsable(journal, id);
    // A declared table is nobody's who could have stopped since.
    if (entry?.action !== 'restore' || entry.tables?.own === true) continue;
    if (entry.outcome === 'applied') break;
    if (entry.outcome === 'begun') found.push({ id, entry });
  }
  return found;
}

/**
 * The rules as they are once whoever unfinished applies wrote of has come to an end: one of them may have been stopping when they were written.
 *
 * @param first - as they were
 * @param texts - of the rules that were written
 * @param settlesIn - how long to wait for what no lock can be asked for, in milliseconds
 */
export async function lookedAgain(
  observer: Observer,
  reference: Reference,
  first: Observation,
  unfinished: readonly Unfinished[],
  texts: readonly string[],
  settlesIn: number,
): Promise<Observation> {
  if (unfinished.length === 0) return first;
  await awaitRules(observer, texts, first.engine);
  if (settlesIn > 0) await observer.sleep(settlesIn);
  return observeAgain(observer, reference, first);
}

/** An entry that is not to be trusted decides nothing. */
async function readUsable({ read }: Pick<Journal, 'read'>, id: string): Promise<JournalEntry | undefined> {
  try {
    const entry = await read(id);
    loadPlan(entry.plan);
    return entry;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Writes down that these have been looked at by now. @returns why that could not be written */
export async function endUnfinished(
  journal: Pick<Journal, 'end'>,
  applies: readonly Unfinished[],
): Promise<string | undefined> {
  let why: string | undefined;
  for (const { id, entry } of applies) why = (await journal.end(id, { ...entry, outcome: 'applied' })) ?? why;
  return why;
}
