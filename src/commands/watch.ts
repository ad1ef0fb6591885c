import packageJson from '../../package.json' with { type: 'json' };
import { automaticOff } from '../app/automatic.ts';
import { measuredPort } from '../app/watch/measured-port.ts';
import { realTelling } from '../app/watch/real-telling.ts';
import { realWatchPort } from '../app/watch/real-watch-port.ts';
import { watch } from '../app/watch/watch.ts';
import { Fault } from '../fault.ts';
import type { Config } from '../host/config/defaults.ts';
import { systemdService } from '../host/service/notify.ts';
import { endPause } from '../host/state/watch-pause.ts';
import { systemdJournal } from '../host/telling/journal.ts';
import { eventLine } from '../report/watch-text.ts';
import type { WatchEvent, WatchEventKind } from '../watch/event.ts';
import { WatchHealth } from '../watch/telling/health.ts';
import { journalFields } from '../watch/telling/journal-fields.ts';
import { modeSays } from '../watch/mode.ts';
import type { Context, Exit } from './context.ts';
import { configured } from './shared/configured.ts';
import { pauseFor } from './shared/pause.ts';

export interface WatchArgs {
  readonly mode: 'report' | 'repair' | undefined;
  /** Seconds. */
  readonly interval: number | undefined;
  /** Milliseconds. */
  readonly pause: number | undefined;
  readonly resume: boolean | undefined;
}

/** What a person should act on, and what he may want to know. */
const ERRORS: ReadonlySet<WatchEventKind> = new Set(['damage', 'not-repaired', 'fight', 'failed']);

/** `rulesguard watch`: until SIGTERM or Ctrl-C. SIGHUP has it read the configuration again. Exit 0. */
export async function run(args: WatchArgs, given: Context): Promise<Exit> {
  if (args.pause !== undefined) return pause(args.pause, given);
  if (args.resume === true) return resume(given);
  const { config, context } = await configured(given);
  const { log } = context;
  const settings = new LiveSettings(args, config.watch);
  const stopping = new AbortController();
  const tell = teller(log);
  let lookAgain: (reason: string) => void = () => undefined;
  const real = realWatchPort(context, {
    off: async () => automaticOff((await configured(given)).config, process.env),
    onEvent: (event) => {
      if (event.kind === 'started') service.ready(event.says);
      if (event.kind === 'stopped') service.stopping();
      tell(event);
      telling.tell(event);
    },
    isEventProgram: (pid) => telling.isEventProgram(pid),
    onUnnoted: (why) => {
      log.error(`events cannot be written to the events file; they are only in this log: ${why}`);
    },
  });
  const health = new WatchHealth(real.now, () => settings.interval, context.waitSeconds * 1_000);
  const service = systemdService(process.env, () => health.hangs() === undefined);
  const telling = realTelling({
    stateDir: context.stateDir,
    version: packageJson.version,
    now: real.now,
    isHeld: async () => (await real.held().catch(() => undefined)) !== undefined,
    mode: () => settings.mode,
    unwell: () => health.unwell(),
    onTrouble: (says) => {
      log.error(says);
    },
  });
  const port = measuredPort(real, telling.meter, health, (again) => (lookAgain = again));
  const reload = async (): Promise<void> => {
    try {
      const { watch: anew } = (await configured(given)).config;
      settings.use(anew);
      await telling.use(anew);
      const says = `the configuration was read again: mode ${modeSays(settings.mode)}`;
      log.warn(says);
      service.says(says);
      lookAgain('the configuration was read again');
    } catch (error) {
      const { message, details } = error instanceof Fault ? error : { message: String(error), details: [] };
      log.error([`${message}; what was read before holds`, ...details].join('\n  '));
    }
  };
  // Signals may come faster than a configuration is read.
  let reloading = Promise.resolve();
  const stop = (): void => {
    stopping.abort();
  };
  const listeners = [
    ['SIGTERM', stop],
    ['SIGINT', stop],
    ['SIGHUP', () => void (reloading = reloading.then(reload))],
  ] as const;
  for (const [signal, listener] of listeners) process.on(signal, listener);
  try {
    await telling.use(config.watch);
    await watch(port, settings, stopping.signal);
  } finally {
    for (const [signal, listener] of listeners) process.off(signal, listener);
    await reloading;
    await telling.stop();
  }
  return 0;
}

/** What the command line says, and the configuration where it says nothing. */
class LiveSettings {
  private readonly args: WatchArgs;
  private config: Config['watch'];

  constructor(args: WatchArgs, config: Config['watch']) {
    this.args = args;
    this.config = config;
  }

  use(config: Config['watch']): void {
    this.config = config;
  }

  get mode(): Config['watch']['mode'] {
    return this.args.mode ?? this.config.mode;
  }

  get settings(): Config['watch']['settings'] {
    return this.config.settings;
  }

  /** Milliseconds. */
  get interval(): number {
    return (this.args.interval ?? this.config.intervalSeconds) * 1_000;
  }
}

/** Logs events, each once: where the journal reads this log, it has them with their fields instead. */
function teller(log: Context['log']): (event: WatchEvent) => void {
  const journal = systemdJournal(process.env);
  return (event) => {
    const line = eventLine(event);
    const print = (): void => {
      const facts = { ...event };
      if (ERRORS.has(event.kind)) log.error(line, facts);
      else log.warn(line, facts);
    };
    const sent = journal?.send(journalFields(event, line, process.pid));
    if (sent === undefined || journal?.readsStderr !== true) print();
    else
      void sent.then((taken) => {
        if (!taken) print();
      });
  };
}

async function pause(milliseconds: number, { runDir, print }: Context): Promise<Exit> {
  const until = await pauseFor(milliseconds, runDir);
  print(`PAUSED  watch repairs nothing until ${until}. End it before: rulesguard watch --resume\n`);
  return 0;
}

async function resume({ runDir, print }: Context): Promise<Exit> {
  await endPause(runDir);
  print('RESUMED  watch repairs again, where its mode says so\n');
  return 0;
}
