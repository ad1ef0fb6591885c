import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ahead } from '../../host/command/priority.ts';
import { bootedAt } from '../../host/command/who.ts';
import { findProcesses } from '../../host/doctor/processes.ts';
import { startSources } from '../../host/events/sources.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { appendEvent } from '../../host/state/watch-events.ts';
import { readDeclaredOf, readDeclaredTables } from '../../host/state/declared.ts';
import { isAnnounced, uptimeNow } from '../../host/state/announcements.ts';
import { readPause } from '../../host/state/watch-pause.ts';
import type { WatchEvent } from '../../watch/event.ts';
import { tellsOfRules } from '../../watch/seen.ts';
import { realCheckHost } from '../check/real-check-host.ts';
import { BY_BOTH, openReference } from '../observe/open-reference.ts';
import { realHost } from '../real-host.ts';
import { REAL_TERRAIN } from '../reach/real-terrain.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import { restore } from '../restore/restore.ts';
import { armedHost } from './real-armed-host.ts';
import { fastPath } from './fast/fast-path.ts';
import { heldBy, writesUnless } from './held.ts';
import { effectsThen, lookOnce } from './look-once.ts';
import type { WatchPort } from './ports.ts';
import { readsUntil } from './reads-until.ts';
import { residentDeclared } from './resident-declared.ts';
import { residentEngine } from './resident-engine.ts';
import { residentRules } from './resident-rules.ts';
import { realHostNeeds } from './settings/real-host-needs.ts';
import { WATCH_REPAIR } from './watch-repair.ts';

/** What watch asks the command line. */
export interface WatchOutside {
  /** What switched automatic writes off; undefined where they are on. Asked anew before each repair. */
  readonly off: () => Promise<string | undefined>;
  readonly onEvent: (event: WatchEvent) => void;
  /** Whether a process is a program that was told of an event, or was a moment ago. */
  readonly isEventProgram: (pid: number) => boolean;
  /** An event could not be noted in the events file: said once, until one can be again. */
  readonly onUnnoted: (why: string) => void;
}

/** This host, as watch uses it. */
export function realWatchPort(
  options: HostOptions,
  { off, onEvent, onUnnoted, isEventProgram }: WatchOutside,
): WatchPort {
  const { stateDir, runDir } = options;
  const now = (): number => performance.now();
  const engine = residentEngine(REAL_OBSERVER.askEngine, now);
  const checkHost = { ...realCheckHost(stateDir), askEngine: engine.ask };
  const declared = residentDeclared({
    ipv4: () => readDeclaredOf('ipv4'),
    ipv6: () => readDeclaredOf('ipv6'),
    tables: readDeclaredTables,
  });
  const real = realHost(options);
  const host = {
    ...{ ...real, askEngine: engine.ask },
    baselines: { ...real.baselines, readDeclared: declared.read },
  };
  const note = noting(stateDir, onUnnoted);
  const held = () => heldBy({ pause: () => readPause(runDir), off });
  const isChanging = (): boolean => isAnnounced(runDir, uptimeNow());
  const armed = armedHost(host, options);
  const rules = residentRules({ readVariant: armed.readSaved, readTables: real.readTables }, now);
  const { arm } = armed;
  const mayNot = async () => (isChanging() ? 'a change was announced' : held());
  const fast = fastPath(writesUnless(armed.host, mayNot), {
    ...{ rules, engine, accepted: checkHost, now, arm, ahead },
    held: mayNot,
  });
  return {
    now,
    date: () => new Date(),
    pid: process.pid,
    isEventProgram,
    wait: async (until, signal) => {
      await sleep(Math.max(0, until - now()), undefined, { signal }).catch(() => undefined);
    },
    listen: (told) => {
      const source = startSources({
        ...told,
        seen: (what) => {
          if (tellsOfRules(what)) rules.forget();
          told.seen(what);
        },
        state: (state) => {
          if (state.source === 'engine') engine.isTold(state.works);
          told.state(state);
        },
      });
      return {
        stop: async () => {
          armed.disarm();
          await source.stop();
        },
      };
    },
    look: (ways) =>
      lookOnce(
        checkHost,
        {
          openReference: () => openReference(BY_BOTH, host.baselines),
          // An Engine has answered, so its rules are not those of before the boot, whatever date a baseline has.
          booted: () => (engine.hasAnswered() ? Number.NEGATIVE_INFINITY : bootedAt()),
          isDockerdThere: () => findProcesses(undefined).daemons.length > 0,
          onWell: fast.well,
        },
        ways,
      ),
    forgetEngine: engine.forget,
    repair: async () => {
      const { journal, unjournaled, leftOut, unexplained, after, reference } = await restore(
        writesUnless({ ...host, askEngine: REAL_OBSERVER.askEngine }, mayNot),
        BY_BOTH,
        { ...WATCH_REPAIR, rehearsed: fast.rehearsed() },
        () => undefined,
      );
      return {
        ...{ journal, unjournaled },
        left: [
          ...new Set([
            ...leftOut.map(({ reason }) => reason),
            ...unexplained.map(({ consequence }) => consequence),
          ]),
        ],
        leftThen: () => effectsThen(checkHost, after, reference),
      };
    },
    repairAtOnce: async () => {
      const done = await fast.repair();
      if (done === undefined) return undefined;
      const { before, after, reference, ...repair } = done;
      return {
        ...repair,
        effects: () => effectsThen(checkHost, before, reference),
        leftThen: () => effectsThen(checkHost, after, reference),
      };
    },
    record: async (signal) => {
      const { snapshot } = await import('../snapshot/snapshot.ts');
      const recorded = { ...readsUntil(real, signal), terrain: REAL_TERRAIN };
      return (await snapshot(recorded, { ifChanged: true }, () => undefined)).verdict === 'recorded';
    },
    ...realHostNeeds(stateDir, real, mayNot),
    held,
    isChanging,
    undeclared: declared.fault,
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
