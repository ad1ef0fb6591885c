import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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

/** The built program with a baseline of the rules that this namespace holds. */
export class Installed {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-bench-'));
  private readonly empty = path.join(this.folder, 'empty.cjs');
  private readonly environment: Environment;

  /** Replaces all rules of this namespace and records them. */
  constructor(host: BenchHost, environment: Environment) {
    this.environment = environment;
    writeFileSync(this.empty, '');
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

  /** The bare save commands, one after the other, output thrown away. */
  saves(): number {
    return timed(() => {
      this.run('iptables-nft-save', ['-c']);
      this.run('ip6tables-nft-save', ['-c']);
    });
  }

  /** One bare restore of the very input that rulesguard would give. */
  restore(input: string): number {
    return timed(() => {
      this.run('iptables-nft-restore', ['--noflush', '--counters', '-w', '10'], input);
    });
  }

  /** `iptables -F`: every chain of table filter emptied. */
  flush(): void {
    this.run('iptables-nft', ['-F']);
  }

  /** A whole run of rulesguard that must end with exit 0. */
  rulesguard(words: readonly string[]): number {
    return timed(() => {
      this.run(process.execPath, this.line(words));
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
    return [PROGRAM, ...words, '--state-dir', state, '--run-dir', path.join(this.folder, 'run')];
  }

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, ...ENVIRONMENTS[this.environment] };
  }

  private run(file: string, args: readonly string[], input?: string): void {
    must(file, args, input, this.env());
  }
}

function must(file: string, args: readonly string[], input?: string, env = process.env): void {
  const stdin = input === undefined ? {} : { input: Buffer.from(input, 'latin1') };
  const { status, stderr } = spawnSync(file, args, {
    stdio: [input === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    env,
    ...stdin,
  });
  if (status !== 0)
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
