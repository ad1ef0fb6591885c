import { automaticOff } from '../app/automatic.ts';
import { realWatchPort } from '../app/watch/real-watch-port.ts';
import { watch } from '../app/watch/watch.ts';
import { whoAsked } from '../host/command/who.ts';
import { systemdService } from '../host/service/notify.ts';
import { endPause, writePause } from '../host/state/watch-pause.ts';
import type { WatchEventKind } from '../watch/event.ts';
import { eventLine } from '../report/watch-text.ts';
import type { Context, Exit } from './context.ts';
import { configured } from './shared/configured.ts';

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

/** `rulesguard watch`: until SIGTERM or Ctrl-C. Exit 0 then. */
export async function run(args: WatchArgs, given: Context): Promise<Exit> {
  if (args.pause !== undefined) return pause(args.pause, given);
  if (args.resume === true) return resume(given);
  const { config, context } = await configured(given);
  const { log } = context;
  const service = systemdService(process.env);
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    const port = realWatchPort(context, {
      off: async () => automaticOff((await configured(given)).config, process.env),
      onEvent: (event) => {
        if (event.kind === 'started') service.ready(event.says);
        if (event.kind === 'stopped') service.stopping();
        const facts = { ...event };
        if (ERRORS.has(event.kind)) log.error(eventLine(event), facts);
        else log.warn(eventLine(event), facts);
      },
      onUnnoted: (why) => {
        log.error(`events cannot be noted, and are only in this log: ${why}`);
      },
    });
    await watch(
      port,
      {
        mode: args.mode ?? config.watch.mode,
        interval: (args.interval ?? config.watch.intervalSeconds) * 1_000,
      },
      stopping.signal,
    );
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
  }
  return 0;
}

async function pause(milliseconds: number, { runDir, print }: Context): Promise<Exit> {
  const until = new Date(Date.now() + milliseconds).toISOString();
  await writePause(runDir, { until, by: whoAsked().user });
  print(`PAUSED  watch repairs nothing until ${until}. End it before: rulesguard watch --resume\n`);
  return 0;
}

async function resume({ runDir, print }: Context): Promise<Exit> {
  await endPause(runDir);
  print('RESUMED  watch repairs again, where its mode says so\n');
  return 0;
}
