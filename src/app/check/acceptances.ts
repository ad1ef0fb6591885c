import { Fault } from '../../fault.ts';
import type { Acceptance } from '../../reconcile/accept/acceptance.ts';
import type { Listener, NoticeEvent } from '../events.ts';
import type { CheckHost } from './ports.ts';

/** What was accepted; nothing, with a notice, where it cannot be read: what alarms is never hidden by mistake. */
export const acceptancesOf = (
  { readAccepted }: Pick<CheckHost, 'readAccepted'>,
  on: Listener<NoticeEvent>,
): Promise<readonly Acceptance[]> =>
  readAccepted().catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    on({ kind: 'notice', notice: { kind: 'accepted-unusable', why: error.message, hint: error.hint } });
    return [];
  });
