import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootedAt } from '../../host/command/who.ts';
import { findProcesses } from '../../host/doctor/processes.ts';
import { startSources } from '../../host/events/sources.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { appendEvent } from '../../host/state/watch-events.ts';
import { isAnnounced } from '../../host/state/announcements.ts';
import { readPause } from '../../host/state/watch-pause.ts';
import type { WatchEvent } from '../../watch/event.ts';
import { realCheckHost } from '../check/real-check-host.ts';
import { BY_BOTH, openReference } from '../observe/open-reference.ts';
import { realHost } from '../real-host.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import { restore } from '../restore/restore.ts';
import { lookOnce } from './look-once.ts';
import type { WatchPort } from './ports.ts';
import { residentEngine } from './resident-engine.ts';

/** What watch asks the command line. */
export interface WatchOutside {
  /** What switched automatic writes off; undefined where they are on. Asked anew before each repair. */
  readonly off: () => Promise<string | undefined>;
  readonly onEvent: (event: WatchEvent) => void;
  /** An event could not be noted in the events file: said once, until one can be again. */
  readonly onUnnoted: (why: string) => void;
}

/** This host, as watch uses it. */
export function realWatchPort(options: HostOptions, { off, onEvent, onUnnoted }: WatchOutside): WatchPort {
  const { stateDir, runDir } = options;
  const now = (): number => performance.now();
  const engine = residentEngine(REAL_OBSERVER.askEngine, now);
  const checkHost = { ...realCheckHost(stateDir), askEngine: engine.ask };
  const host = { ...realHost(options), askEngine: engine.ask };
  const note = noting(stateDir, onUnnoted);
  return {
    now,
    date: () => new Date(),
    pid: process.pid,
    wait: async (until, signal) => {
      await sleep(Math.max(0, until - now()), undefined, { signal }).catch(() => undefined);
    },
    listen: (told) =>
      startSources({
        ...told,
        state: (state) => {
          if (state.source === 'engine') engine.isTold(state.works);
          told.state(state);
        },
      }),
    look: (isTwice) =>
      lookOnce(
        checkHost,
        {
          openReference: () => openReference(BY_BOTH, host.baselines),
          booted: bootedAt,
          isDockerdThere: () => findProcesses(undefined).daemons.length > 0,
        },
        isTwice,
      ),
    forgetEngine: engine.forget,
    repair: async () => {
      const { journal, leftOut, unexplained } = await restore(
        host,
        BY_BOTH,
        { policies: 'leave', assumeUnchanged: false, rehearse: true },
        () => undefined,
      );
      return {
        journal,
        left: [
          ...new Set([
            ...leftOut.map(({ reason }) => reason),
            ...unexplained.map(({ consequence }) => consequence),
          ]),
        ],
      };
    },
    held: async () => {
      const paused = await readPause(runDir, Date.now());
      if (paused !== undefined) return `paused until ${paused.until} by ${paused.by}`;
      const by = await off();
      return by === undefined ? undefined : `automatic writes are switched off (${by})`;
    },
    isChanging: () => isAnnounced(runDir, Date.now()),
    note: (event) => {
      onEvent(event);
      note(event);
    },
  };
}

/** Notes events one after the other. */
function noting(stateDir: string, onUnnoted: (why: string) => void): (event: WatchEvent) => void {
  let last = Promise.resolve();
  let isFailing = false;
  return (event) => {
    last = last.then(async () => {
      try {
        await appendEvent(stateDir, event);
        isFailing = false;
      } catch (error) {
        if (!isFailing) onUnnoted(error instanceof Error ? error.message : String(error));
        isFailing = true;
      }
    });
  };
}
