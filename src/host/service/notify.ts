import { run } from '../command/command.ts';

/** What is told of this process to systemd, where it was started by a unit of `Type=notify`. */
export interface Service {
  /** It works, and what it does, in one line. */
  readonly ready: (says: string) => void;
  /** What it does now, in one line. */
  readonly says: (what: string) => void;
  readonly stopping: () => void;
}

/** Milliseconds. */
const PATIENCE = 5_000;

/**
 * Tells systemd by `systemd-notify`, as Node has no datagram sockets; the unit needs `NotifyAccess=all`. With a watchdog (`WatchdogSec=`)
 * it is told at half that time that this process still works, as long as it does: that a timer still ticks says nothing of what it is for. Does
 * nothing where no unit asked (`NOTIFY_SOCKET`).
 *
 * @param env - of this process
 * @param works - whether what this process is for goes on: where not, systemd is told nothing, and starts it anew
 * @param notify - tells systemd
 */
export function systemdService(
  env: Readonly<Record<string, string | undefined>>,
  works: () => boolean,
  notify: (words: readonly string[]) => Promise<unknown> = (words) =>
    run(['systemd-notify', ...words], { timeout: PATIENCE }),
): Service {
  if (env['NOTIFY_SOCKET'] === undefined)
    return { ready: () => undefined, says: () => undefined, stopping: () => undefined };
  // That nobody hears it is no reason to stop.
  const tell = (...words: readonly string[]): void => {
    notify(words).catch(() => undefined);
  };
  const period = Number(env['WATCHDOG_USEC'] ?? 0) / 2_000;
  let watchdog: NodeJS.Timeout | undefined;
  return {
    ready: (says) => {
      tell('--ready', `--status=${says}`);
      if (!(period > 0) || watchdog !== undefined) return;
      watchdog = setInterval(() => {
        if (works()) tell('WATCHDOG=1');
      }, period);
      watchdog.unref();
    },
    says: (what) => {
      tell(`--status=${what}`);
    },
    stopping: () => {
      clearInterval(watchdog);
      tell('STOPPING=1');
    },
  };
}
