import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { describe } from 'vitest';
import { recording } from './recorded/recordings.ts';
import { FAMILIES, whyNoKernel } from './kernel.ts';
import { TOOL_ENV, tool, withNetns, type Variant, type Netns } from './netns.ts';
import type { Outcome } from './program.ts';

export const PROJECT = path.resolve(import.meta.dirname, '../..');
export const PROGRAM = path.join(PROJECT, 'bin', 'rulesguard.js');

/** A host in a namespace, with the built program on it and nothing of this machine within reach. */
export interface CliHost {
  readonly ns: Netns;
  readonly variant: Variant;
  /** A folder of this host alone, gone with it. */
  readonly folder: string;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `rulesguard`, whatever it exits with. `env` is added, `input` is latin1. */
  attempt(args: readonly string[], options?: Attempt): Promise<Outcome>;
  /**
   * Runs `rulesguard` and returns what it printed.
   * @throws Error with all it said unless it exits with `code`
   */
  run(args: string, code?: number): Promise<string>;
  /** Starts `rulesguard`, for a test that will not wait for it. */
  start(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    stdin?: 'ignore' | 'pipe',
  ): ReturnType<typeof spawn>;
  /** Runs one command line, e.g. `iptables -t nat -F`; its words are split at spaces. */
  sh(line: string): Promise<string>;
  /** Loads a save on top of what is there. */
  load(text: string, family?: 'ipv4' | 'ipv6'): Promise<void>;
  /** Both families as they are saved, without dates and counters: equal texts, equal rules. */
  rules(): Promise<string>;
}

interface Attempt {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Words put before the program: `setpriv …`, `unshare -m …`. */
  readonly through?: readonly string[];
}

/** The words of a change that is run unasked and must be confirmed within so many seconds. */
export const confirming = (seconds: number, ...command: readonly string[]): readonly string[] => [
  ...['run', '--mode', 'report', '--confirm', String(seconds), '--'],
  ...command,
];

/** A save without what changes by itself: dates, counters. */
export function timeless(save: string): string {
  return save
    .replace(/^#.*\n/gm, '')
    .replace(/^\[\d+:\d+\] /gm, '')
    .replace(/ \[\d+:\d+\]$/gm, '');
}

/** How an outcome reads in a failed test. */
function told(args: readonly string[], { code, stdout, stderr }: Outcome): string {
  return `rulesguard ${args.join(' ')}: exit ${String(code)}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;
}

const spawn = (
  ns: Netns,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin: 'ignore' | 'pipe',
) =>
  execa('nsenter', [`--net=${ns.path}`, '--', process.execPath, PROGRAM, ...args], {
    env,
    extendEnv: false,
    reject: false,
    stdin,
  });

function hostIn(ns: Netns, folder: string, variant: Variant): CliHost {
  const stateDir = path.join(folder, 'state');
  const env = {
    ...TOOL_ENV,
    RULESGUARD_STATE_DIR: stateDir,
    RULESGUARD_RUN_DIR: path.join(folder, 'run'),
    RULESGUARD_DECLARED_DIR: path.join(folder, 'declared'),
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  };
  const attempt: CliHost['attempt'] = ([...args], { input, env: more, through = [] } = {}) => {
    const [file = '', ...rest] = [...through, process.execPath, PROGRAM, ...args];
    return ns.exec(file, rest, { env: { ...env, ...more }, ...(input === undefined ? {} : { input }) });
  };
  return {
    ns,
    variant,
    folder,
    stateDir,
    env,
    attempt,
    async run(args, code = 0) {
      const words = args.split(' ');
      const outcome = await attempt(words);
      if (outcome.code !== code)
        throw new Error(`expected exit ${String(code)}, got ${told(words, outcome)}`);
      return outcome.stdout;
    },
    start: (args, more, stdin = 'ignore') => spawn(ns, args, { ...env, ...more }, stdin),
    async sh(line) {
      const [file = '', ...args] = line.split(' ');
      const { code, stdout, stderr } = await ns.exec(file.replace(/^(ip6?tables)$/, `$1-${variant}`), args);
      if (code !== 0) throw new Error(`${line}: exit ${String(code)}: ${stderr}`);
      return stdout;
    },
    async load(text, family = 'ipv4') {
      const { code, stderr } = await ns.restore(family, variant, text, ['--noflush']);
      if (code !== 0) throw new Error(`${tool(family, variant, 'restore')}: ${stderr}`);
    },
    async rules() {
      const saves = await Promise.all(FAMILIES.map((family) => ns.save(family, variant)));
      return saves.map(timeless).join('\n');
    },
  };
}

/** Runs `body` on an empty host: no rules, no baseline. */
export async function withEmptyHost<T>(
  body: (host: CliHost) => Promise<T>,
  variant: Variant = 'nft',
): Promise<T> {
  if (!existsSync(path.join(PROJECT, 'dist/rulesguard.cjs'))) throw new Error('first: npm run build');
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-cli-'));
  try {
    return await withNetns((ns) => body(hostIn(ns, folder, variant)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `body` on a host that holds the rules of a recorded Engine. */
export function withHost<T>(
  body: (host: CliHost) => Promise<T>,
  name = 'engine-28.5-plain',
  variant: Variant = 'nft',
): Promise<T> {
  return withEmptyHost(async (host) => {
    const { text } = recording(name);
    for (const family of FAMILIES) if (text[family] !== '') await host.load(text[family], family);
    return body(host);
  }, variant);
}

/** The files of a kind in the state folder, the oldest first, as paths. */
export function filesOf({ stateDir }: CliHost, kind: 'baselines' | 'journal'): readonly string[] {
  const folder = path.join(stateDir, kind);
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.map((name) => path.join(folder, name));
}

export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** `describe` for what needs a namespace: skips with the reason, fails under CI. */
export function describeCli(title: string, body: () => void, variant: Variant = 'nft'): void {
  const reason = whyNoKernel(variant);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, body);
}
