import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { WatchEvent, WatchEventKind } from '../../../src/watch/event.ts';
import { PROGRAM } from '../cli.ts';
import type { Host } from '../host.ts';
import type { Engine } from '../lab/engine.ts';
import { LAB_ENV } from '../lab/run.ts';
import type { Outcome } from '../program.ts';
import { until } from '../until.ts';

/** The built `rulesguard watch`, running beside an Engine. */
export interface Resident {
  readonly pid: number;
  /** What it has noted since it was started, or since `from`, an index into that. */
  noted(from?: number, ...kinds: readonly WatchEventKind[]): readonly WatchEvent[];
  /** Waits until it has noted something of a kind. */
  until(kind: WatchEventKind, from?: number): Promise<WatchEvent>;
  /** Waits until it has looked at all that happened: what it then has not noted it will not note. */
  quiet(): Promise<void>;
  stop(): Promise<Outcome>;
}

/** How long nothing may be noted or seen for it to be quiet; its own longest patience is three seconds. Milliseconds. */
const QUIET = 5_000;

/** Starts it, and waits until it listens. @param args - of watch */
export async function startWatch(
  engine: Engine,
  { stateDir }: Pick<Host, 'stateDir'>,
  args: readonly string[],
): Promise<Resident> {
  const folder = path.dirname(stateDir);
  const pidFile = path.join(folder, 'watch.pid');
  const places = ['--state-dir', stateDir, '--run-dir', path.join(folder, 'run')];
  const words = [
    '-c',
    'echo $$ >"$0"; exec "$@"',
    pidFile,
    process.execPath,
    PROGRAM,
    'watch',
    ...places,
    ...args,
  ];
  const file = path.join(stateDir, 'events', 'watch.jsonl');
  const lines = (): readonly string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  const earlier = lines().length;
  const running = engine.exec('sh', words, {
    env: { PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}`, NO_COLOR: '1' },
    timeout: 1_200_000,
  });
  running.catch(() => undefined);
  const noted: Resident['noted'] = (from = 0, ...kinds) =>
    lines()
      .slice(earlier + from)
      .map((line) => JSON.parse(line) as WatchEvent)
      .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  const listens = (): boolean =>
    noted(0, 'source').some(({ says }) => says.startsWith('nftables: ')) &&
    noted(0, 'source').some(({ says }) => says.startsWith('engine: '));
  await until(() => noted(0, 'started').length > 0 && listens());
  return {
    pid: Number(readFileSync(pidFile, 'utf8')),
    noted,
    async until(kind, from = 0) {
      await until(() => noted(from, kind).length > 0);
      return noted(from, kind)[0] as WatchEvent;
    },
    async quiet() {
      await new Promise((resolve) => setTimeout(resolve, QUIET));
    },
    async stop() {
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
      return running;
    },
  };
}
