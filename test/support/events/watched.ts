import { build } from 'esbuild';
import { execa } from 'execa';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Seen, SourceName, SourceState } from '../../../src/watch/seen.ts';
import { TOOL_ENV, type Netns } from '../netns.ts';
import { until } from '../until.ts';

type KindOf = Seen['kind'];

/** Sources that listen in a namespace, in a process of their own. */
export interface Watched {
  readonly pid: number;
  readonly seen: readonly Seen[];
  readonly states: readonly SourceState[];
  /** What was seen of one kind. */
  of<Kind extends KindOf>(kind: Kind): readonly Extract<Seen, { kind: Kind }>[];
  /** Processes that it has started, by their command lines. */
  children(): Promise<readonly { readonly pid: number; readonly command: string }[]>;
  /** Ends its standard input, and waits until all sources have stopped. */
  stop(): Promise<void>;
  /** Ends it at once, as nobody could prepare for. */
  kill(): Promise<void>;
}

let driver: string | undefined;

/** The sources as the built program has them: one file of JavaScript, nothing beside it. */
async function builtDriver(): Promise<string> {
  if (driver !== undefined) return driver;
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-events-'));
  process.on('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const outfile = path.join(folder, 'driver.cjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'driver.ts')],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': false, 'template-literal': false },
    charset: 'ascii',
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: 'const importMetaUrl = `file://${__filename}`;' },
    logLevel: 'error',
  });
  return (driver = outfile);
}

/** Where sources run. */
export interface WatchedIn {
  readonly env?: Readonly<Record<string, string>>;
  /** Words that run a program elsewhere: without a tool, in another pid namespace. */
  readonly through?: readonly string[];
}

/**
 * Starts sources in a namespace.
 *
 * @returns once each of them has told how it works
 */
export async function watchIn(
  ns: Netns,
  names: readonly SourceName[],
  { env = {}, through = [] }: WatchedIn = {},
): Promise<Watched> {
  const program = await builtDriver();
  const child = execa('nsenter', [`--net=${ns.path}`, ...through, process.execPath, program, ...names], {
    env: { ...TOOL_ENV, ...env },
    extendEnv: false,
    reject: false,
    buffer: false,
    stdin: 'pipe',
  });
  const seen: Seen[] = [];
  const states: SourceState[] = [];
  let text = '';
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const told = JSON.parse(line) as { readonly seen?: Seen; readonly state?: SourceState };
      if (told.seen !== undefined) seen.push(told.seen);
      if (told.state !== undefined) states.push(told.state);
    }
  });
  const pid = child.pid ?? 0;
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the sources ended: ${said}`);
    return names.every((name) => states.some(({ source }) => source === name));
  });
  return {
    pid,
    seen,
    states,
    of: <Kind extends KindOf>(kind: Kind) =>
      seen.filter((one): one is Extract<Seen, { kind: Kind }> => one.kind === kind),
    children: async () => {
      const { stdout } = await execa('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { reject: false });
      return stdout
        .split('\n')
        .map((line) => /^\s*(\d+) (.*)$/.exec(line))
        .flatMap((found) => (found === null ? [] : [{ pid: Number(found[1]), command: found[2] ?? '' }]));
    },
    stop: async () => {
      child.stdin.end();
      const { exitCode } = await child;
      if (exitCode !== 0 || said !== '') throw new Error(`exit ${String(exitCode)}: ${said}`);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await child;
    },
  };
}
