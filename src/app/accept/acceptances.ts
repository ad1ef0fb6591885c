import { Fault } from '../../fault.ts';
import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import { coveringOn } from '../../reconcile/accept/covering.ts';
import type { Listener, NoticeEvent } from '../events.ts';
import type { AcceptedReader, Clock } from '../ports.ts';

/** What was accepted; nothing, with a notice, where it cannot be read: what alarms is never hidden by mistake. */
export const acceptancesOf = (
  { readAccepted }: AcceptedReader,
  on: Listener<NoticeEvent>,
): Promise<readonly Acceptance[]> =>
  readAccepted().catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    on({ kind: 'notice', notice: { kind: 'accepted-unusable', why: error.message, hint: error.hint } });
    return [];
  });

/** The acceptances that hold today, by what they cover; read as {@link acceptancesOf} does. */
export const coveringOf = async (
  host: AcceptedReader & Pick<Clock, 'now'>,
  on: Listener<NoticeEvent>,
): Promise<ReadonlyMap<string, Acceptance>> => coveringOn(await acceptancesOf(host, on), dayOf(host.now()));

/** A day in UTC, `YYYY-MM-DD`. @param now - milliseconds since 1970 */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);
