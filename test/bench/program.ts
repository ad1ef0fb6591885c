import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Family } from '../../src/iptables/model.ts';
import type { BenchHost } from './ruleset.ts';
import { timed } from './clock.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../bin/rulesguard.js');
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Two environments, because one variable doubles the start-up of every Node process: with NODE_EXTRA_CA_CERTS Node
 * reads and parses a bundle of certificates before the first line of any program.
 */
export const ENVIRONMENTS = {
  bare: { NODE_EXTRA_CA_CERTS: undefined },
  'with NODE_EXTRA_CA_CERTS': { NODE_EXTRA_CA_CERTS: BUNDLE },
} as const;

export type Environment = keyof typeof ENVIRONMENTS;

/** What the Engine is asked for, by rulesguard and by whoever does no more than ask. */
const QUESTIONS = ['/version', '/info', '/networks', '/containers/json'];
/** What a diagnosis asks besides; further ones, of single containers, are left out of its floor. */
export const LISTING = '/containers/json?all=true';

/**
 * The least a Node process can do to hear the Engine: its requests at once over bare sockets, answers thrown away.
 * HTTP/1.0, so that the Engine ends each answer by hanging up; node:http alone would cost another 10 ms to load.
 */
const ASK = `
const net = require('node:net');
const socket = process.env.DOCKER_HOST.slice('unix://'.length);
for (const path of [...${JSON.stringify(QUESTIONS)}, ...process.argv.slice(2)]) {
  let status;
  net.connect(socket, function () { this.write('GET ' + path + ' HTTP/1.0\\r\\nHost: docker\\r\\n\\r\\n'); })
    .on('data', (chunk) => { status ??= chunk.toString('latin1', 9, 12); })
    .on('close', () => { if (status !== '200') process.exitCode = 1; });
}
`;

/** The built program with a state of its own, run in this network namespace. */
export class Installed {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-bench-'));
  private readonly empty = path.join(this.folder, 'empty.cjs');
  private readonly asking = path.join(this.folder, 'ask.cjs');
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
    writeFileSync(this.empty, '');
    writeFileSync(this.asking, ASK);
  }

  /** Replaces all rules of this namespace and records them. */
  load(host: BenchHost): void {
    must('iptables-nft-restore', ['--counters'], host.text.ipv4);
    must('ip6tables-nft-restore', ['--counters'], host.text.ipv6);
    this.rulesguard(['snapshot']);
  }

  /** A Node process that does nothing. */
  node(): number {
    return timed(() => {
      this.run(process.execPath, [this.empty]);
    });
  }

  /** A Node process that does nothing but ask the Engine what rulesguard asks it, and `further`. */
  ask(further: readonly string[] = []): number {
    return timed(() => {
      this.run(process.execPath, [this.asking, ...further]);
    });
  }

  /** Bare commands, one after the other, output thrown away. */
  commands(lines: readonly (readonly [string, ...string[]])[]): number {
    return timed(() => {
      for (const [file, ...args] of lines) this.run(file, args);
    });
  }

  /** The bare save commands, one after the other, output thrown away. */
  saves(): number {
    return timed(() => {
      this.run('iptables-nft-save', ['-c']);
      this.run('ip6tables-nft-save', ['-c']);
    });
  }

  /** One bare restore of the very input that rulesguard would give. */
  restore(input: string, family: Family = 'ipv4'): number {
    const tool = family === 'ipv4' ? 'iptables-nft-restore' : 'ip6tables-nft-restore';
    return timed(() => {
      this.run(tool, ['--noflush', '--counters', '-w', '10'], input);
    });
  }

  /** `iptables -F`: every chain of table filter emptied. */
  flush(): void {
    this.run('iptables-nft', ['-F']);
  }

  /** A whole run of rulesguard that must end with exit 0, or one of `exits`. */
  rulesguard(words: readonly string[], env: NodeJS.ProcessEnv = {}, exits: readonly number[] = [0]): number {
    return timed(() => {
      must(process.execPath, this.line(words), undefined, { ...this.env(), ...env }, exits);
    });
  }

  /** What rulesguard prints. */
  output(words: readonly string[]): string {
    return capture(process.execPath, this.line(words));
  }

  /** Peak memory (VmHWM) of a run, in MB of 1,000,000 bytes. */
  async peak(words: readonly string[]): Promise<number> {
    const child = spawn(process.execPath, this.line(words), { stdio: 'ignore', env: this.env() });
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, highWaterMark(child.pid ?? 0));
    }, 5);
    const code = await new Promise((resolve) => child.once('exit', resolve));
    clearInterval(timer);
    if (code !== 0) throw new Error(`${words.join(' ')}: exit ${String(code)}`);
    return peak;
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }

  private line(words: readonly string[]): readonly string[] {
    const state = path.join(this.folder, 'state');
    const places = ['--state-dir', state, '--run-dir', path.join(this.folder, 'run')];
    // What stands behind `--` is another program's.
    const dashes = words.includes('--') ? words.indexOf('--') : words.length;
    return [PROGRAM, ...words.slice(0, dashes), ...places, ...words.slice(dashes)];
  }

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, ...ENVIRONMENTS[this.environment] };
  }

  private run(file: string, args: readonly string[], input?: string): void {
    must(file, args, input, this.env());
  }
}

/** Runs a command that must succeed; its output is thrown away. */
export function must(
  file: string,
  args: readonly string[],
  input?: string,
  env = process.env,
  exits: readonly number[] = [0],
): void {
  const stdin = input === undefined ? {} : { input: Buffer.from(input, 'latin1') };
  const { status, stderr } = spawnSync(file, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    env,
    ...stdin,
  });
  if (status === null || !exits.includes(status))
    throw new Error(`${file} ${args.join(' ')}: exit ${String(status)}\n${stderr.toString()}`);
}

/** Standard output of a command that must succeed. */
export function capture(file: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(file, args, { encoding: 'latin1', maxBuffer: 1e9 });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: exit ${String(status)}`);
  return stdout;
}

function highWaterMark(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'latin1'))?.[1];
    return (Number(kilobytes ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}
