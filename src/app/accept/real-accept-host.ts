import { whoAsked } from '../../host/command/who.ts';
import { readAccepted, writeAccepted } from '../../host/state/accepted.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { withLock } from '../../host/state/lock.ts';
import { check } from '../check/check.ts';
import { realCheckHost } from '../check/real-check-host.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { BY_BOTH } from '../observe/open-reference.ts';
import { realBaselines } from '../real-baselines.ts';
import type { AcceptHost } from './accept.ts';

/** This host, with its state folder and lock. */
export const realAcceptHost = (
  { stateDir, runDir, waitSeconds }: HostOptions,
  on: Listener<StepEvent | NoticeEvent>,
): AcceptHost => ({
  now: Date.now,
  check: async () => (await check(realCheckHost(stateDir), realBaselines(stateDir), BY_BOTH, on)).verdict,
  whoAsked: () => whoAsked().user,
  readAccepted: () => readAccepted(stateDir),
  writeAccepted: (accepted) => writeAccepted(stateDir, accepted),
  withLock: (work) => withLock(runDir, waitSeconds, work),
});
