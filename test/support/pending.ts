import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeSealed } from '../../src/host/files/sealed.ts';
import { PROGRAM, type CliHost } from './cli.ts';
import { until } from './until.ts';

const namesOf = ({ stateDir }: CliHost): readonly string[] => {
  const folder = path.join(stateDir, 'pending');
  return (existsSync(folder) ? readdirSync(folder) : []).filter((name) => /^\d{6,}-/.test(name)).sort();
};

/** The records of changes that wait, as paths. */
export const pendingFiles = (host: CliHost): readonly string[] =>
  namesOf(host)
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(host.stateDir, 'pending', name));

/** What became of each change: the ending of its record's name. */
export const endingsOf = (host: CliHost): readonly string[] =>
  namesOf(host).map((name) => name.split('.')[1] ?? '');

/** The id of the one change there is. */
export const idOf = (host: CliHost): string => namesOf(host)[0]?.split('.')[0] ?? '';

/** Processes of this machine that were started to roll back this host's changes: the timer, and what it becomes. */
export function timersOf(host: CliHost): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1');
        return words.includes(host.stateDir) && words.includes('--when-due');
      } catch {
        return false;
      }
    });
}

/** Starts a guarded change in a shell of a session of its own, and kills all of that with its timer once it waits. */
export async function orphanChange(host: CliHost, seconds: number, change: string): Promise<void> {
  const shell = inShell(host, seconds, change);
  await until(() => pendingFiles(host).length === 1 && timersOf(host).length > 0);
  await until(async () => (await host.rules()).includes(':done '));
  process.kill(-(shell.pid ?? NaN), 'SIGKILL');
  for (const pid of timersOf(host)) process.kill(pid, 'SIGKILL');
}

/** Starts a guarded change in a shell of a session of its own. */
export function inShell(host: CliHost, seconds: number, change: string): ReturnType<typeof spawn> {
  const line = `"$0" "$1" run --mode report --confirm ${String(seconds)} -- sh -c "$2"; exit 0`;
  const words = [`--net=${host.ns.path}`, '--', 'sh', '-c', line, process.execPath, PROGRAM, change];
  return spawn('nsenter', words, { env: host.env, detached: true, stdio: 'ignore' });
}

/** Starts what rolls a change back when its time is over. */
export function startTimer(host: CliHost, id: string): ReturnType<typeof spawn> {
  const folders = [
    '--state-dir',
    host.stateDir,
    '--run-dir',
    String(host.env['RULESGUARD_RUN_DIR']),
    '--wait',
    '60',
  ];
  const words = ['rollback', '--when-due', id, ...folders];
  return spawn('nsenter', [`--net=${host.ns.path}`, '--', process.execPath, PROGRAM, ...words], {
    env: host.env,
    stdio: 'ignore',
  });
}

/** Takes the lock of a host's folder, and holds it until the process is killed. */
export async function holdLock(host: CliHost): Promise<ReturnType<typeof spawn>> {
  const held = path.join(host.folder, 'held');
  const words = [
    '--no-fork',
    path.join(String(host.env['RULESGUARD_RUN_DIR']), 'lock'),
    'sh',
    '-c',
    ': >"$0"; exec sleep 600',
    held,
  ];
  const child = spawn('flock', words, { stdio: 'ignore' });
  await until(() => existsSync(held));
  return child;
}

/** Changes what a host's own record says, and seals it again. */
export async function resealed(
  host: CliHost,
  file: string,
  change: (content: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): Promise<void> {
  const {
    $schema,
    digest: _,
    seal: __,
    ...content
  } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  await writeSealed(file, String($schema), change(content), 0, host.stateDir);
}
