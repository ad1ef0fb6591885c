import { Fault, type FaultCode } from '../../fault.ts';
import type { BaselineDue } from '../../watch/baseline-due.ts';
import type { Notes } from './notes.ts';
import type { WatchPort } from './ports.ts';

/** Nothing that could be recorded, or that should be: the looks tell of it. */
const REFUSED: ReadonlySet<FaultCode> = new Set([
  'RG_DAMAGED',
  'RG_UNSETTLED',
  'RG_NO_DOCKER_RULES',
  'RG_BUSY',
]);

/** Has a baseline recorded, where watch may write. */
export async function recordBaseline(
  port: Pick<WatchPort, 'held' | 'record' | 'now'>,
  notes: Notes,
  due: BaselineDue,
): Promise<void> {
  try {
    if ((await port.held()) === undefined) await port.record();
  } catch (error) {
    if (!(error instanceof Fault) || !REFUSED.has(error.code))
      notes.failed('cannot record a baseline', error);
  }
  due.done(port.now());
}
