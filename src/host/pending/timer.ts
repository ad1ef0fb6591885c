import { spawn } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import { COMMAND_ENV, run } from '../command/command.ts';
import { timeCommand } from '../command/command-log.ts';
import { thisProgram } from '../command/this-program.ts';
import { which } from '../command/which.ts';
import type { HostOptions } from '../state/host-options.ts';

/** What points to other tools, or another socket of the Engine's, than the usual ones; a unit gets no environment by itself. */
const CARRIED = ['PATH', 'DOCKER_HOST', 'XTABLES_LOCKFILE', 'NO_COLOR'] as const;

/**
 * Waits without Node, which would hold 45 MB: for some seconds or until the file is gone, then runs the command, again
 * where something kills it. Its name is `$0`.
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
for try in 1 2 3 4 5; do
  "$@"
  [ $? -gt 128 ] || exit 0
  sleep 1
done`;

/** The option of `rollback` that waits until a change's time is over; the change's id follows it. */
export const WHEN_DUE = '--when-due';

/** The transient unit of a change. */
export const unitOf = (id: string): string => `rulesguard-pending-${id}`;

/** The command that rolls a change back when its time is over. */
function rollBackWords(id: string, { stateDir, runDir, waitSeconds }: HostOptions): readonly string[] {
  return [
    ...thisProgram(),
    'rollback',
    ...[WHEN_DUE, id, '--state-dir', stateDir, '--run-dir', runDir, '--wait', String(waitSeconds)],
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
    '--description=rulesguard: rolls back an unconfirmed firewall change',
    `--on-active=${String(seconds)}s`,
    '--timer-property=AccuracySec=100ms',
    // A signal that nobody meant for it (the OOM killer's) must not leave the change half rolled back.
    ...['--property=Restart=on-abnormal', '--property=RestartSec=1'],
    ...CARRIED.flatMap((name) => (env[name] === undefined ? [] : [`--setenv=${name}=${env[name]}`])),
    '--',
    ...words,
  ];
}

/**
 * Starts what rolls a change back, out of reach of whatever ends this process, its terminal or its session: a transient
 * timer where systemd runs, a process in a session of its own elsewhere. It goes by the deadline it then reads.
 *
 * @throws Fault RG_PENDING when neither can be started
 */
export async function startTimer(id: string, seconds: number, options: HostOptions): Promise<void> {
  const words = rollBackWords(id, options);
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
    const logged = timeCommand(['/bin/sh', ...waiter]);
    const child = spawn('/bin/sh', waiter, {
      detached: true,
      cwd: '/',
      env: { ...process.env, PATH: COMMAND_ENV.PATH },
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    logged({ as: 'started' });
    child.unref();
  } catch (error) {
    throw new Fault('RG_PENDING', 1, 'the timer that would roll the change back could not be started', {
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
  if (!systemdRuns()) return;
  await run(['systemctl', 'stop', `${unitOf(id)}.timer`, `${unitOf(id)}.service`]).catch(() => undefined);
}

/** Whether systemd runs here: sd_booted(3). */
export const systemdRuns = (): boolean => existsSync('/run/systemd/system');

/** Whether systemd runs here and in this network namespace: elsewhere its timer would change another's rules. */
async function systemdReachesUs(): Promise<boolean> {
  if (!systemdRuns()) return false;
  if ((await which('systemd-run', COMMAND_ENV.PATH)) === undefined) return false;
  const [ours, theirs] = await Promise.all(
    ['self', '1'].map((process) => readlink(`/proc/${process}/ns/net`).catch(() => undefined)),
  );
  return ours !== undefined && ours === theirs;
}
