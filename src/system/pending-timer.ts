import { spawn } from 'node:child_process';
import { constants, existsSync, realpathSync } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { Fault } from '../fault.ts';
import { COMMAND_ENV, run } from './command.ts';
import { which } from './which.ts';
import type { PendingOptions } from './pending.ts';

/** What tells the tools and the Engine's socket apart from the usual ones; a unit gets no environment by itself. */
const CARRIED = ['PATH', 'DOCKER_HOST', 'XTABLES_LOCKFILE', 'NO_COLOR'] as const;

/**
 * Waits without Node, which would hold 45 MB: for some seconds or until the file is gone, then becomes the command. Its
 * name is `$0`.
 */
const WAITER = `trap '' HUP INT
file=$1 left=$2
shift 2
while [ "$left" -gt 0 ]; do
  [ -e "$file" ] || exit 0
  sleep 1
  left=$((left - 1))
done
[ -e "$file" ] || exit 0
exec "$@"`;

/** The transient unit of a change. */
const unitOf = (id: string): string => `rulesguard-pending-${id}`;

/** The command that puts a change back when its time is over. */
function putBackWords(id: string, { stateDir, runDir, waitSeconds }: PendingOptions): readonly string[] {
  return [
    process.execPath,
    realpathSync(process.argv[1] ?? ''),
    'run',
    ...['--put-back', id, '--state-dir', stateDir, '--run-dir', runDir, '--wait', String(waitSeconds)],
  ];
}

/** The call that has systemd start `words` after `seconds`. */
export function systemdWords(
  id: string,
  seconds: number,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): readonly [string, ...string[]] {
  return [
    'systemd-run',
    '--quiet',
    '--collect',
    `--unit=${unitOf(id)}`,
    '--description=rulesguard: puts an unconfirmed firewall change back',
    `--on-active=${String(seconds)}s`,
    '--timer-property=AccuracySec=100ms',
    ...CARRIED.flatMap((name) => (env[name] === undefined ? [] : [`--setenv=${name}=${env[name]}`])),
    '--',
    ...words,
  ];
}

/**
 * Starts what puts a change back, out of reach of whatever ends this process, its terminal or its session: a transient
 * timer where systemd runs, a process in a session of its own elsewhere. It goes by the deadline it then reads.
 *
 * @throws Fault RG_PENDING when neither can be started
 */
export async function startTimer(id: string, seconds: number, options: PendingOptions): Promise<void> {
  const words = putBackWords(id, options);
  if (await systemdReachesUs()) {
    const { exitCode } = await run(systemdWords(id, seconds, words, process.env));
    if (exitCode === 0) return;
  }
  const folder = join(options.stateDir, 'pending');
  const log = await open(
    join(folder, 'log'),
    constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    const waiter = ['-c', WAITER, unitOf(id), join(folder, `${id}.json`), String(seconds), ...words];
    const child = spawn('/bin/sh', waiter, {
      detached: true,
      cwd: '/',
      env: { ...process.env, PATH: COMMAND_ENV.PATH },
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
  } catch (error) {
    throw new Fault('RG_PENDING', 1, 'the timer that would put the change back could not be started', {
      hint: 'Nothing was changed. Run it without --confirm.',
      cause: error,
    });
  } finally {
    await log.close();
  }
}

/**
 * Ends the unit of a change that was confirmed. A process elsewhere ends by itself once the change's file is gone, and a
 * unit that cannot be stopped finds nothing to do.
 */
export async function stopTimer(id: string): Promise<void> {
  if (!existsSync('/run/systemd/system')) return;
  await run(['systemctl', 'stop', `${unitOf(id)}.timer`, `${unitOf(id)}.service`]).catch(() => undefined);
}

/** Whether systemd runs here and in this network namespace: elsewhere its timer would change another's rules. */
async function systemdReachesUs(): Promise<boolean> {
  if (!existsSync('/run/systemd/system')) return false;
  if ((await which('systemd-run', COMMAND_ENV.PATH)) === undefined) return false;
  const [ours, theirs] = await Promise.all(
    ['self', '1'].map((process) => readlink(`/proc/${process}/ns/net`).catch(() => undefined)),
  );
  return ours !== undefined && ours === theirs;
}
