import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Family } from '../../src/net/family.ts';
import type { BenchHost } from './ruleset.ts';
import { timed } from './clock.ts';
import { serve, type BenchEngine } from './engine.ts';

/** This project. */
export const HERE = path.resolve(import.meta.dirname, '../..');
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

/** The requests to the Engine, of rulesguard and of the floor. */
const QUESTIONS = ['/version', '/info', '/networks', '/containers/json'];
/** The further request of a diagnosis; those for single containers are not part of its floor. */
export const LISTING = '/containers/json?all=true';

/**
 * The least a Node process can do to ask the Engine: all requests at once over bare sockets, answers thrown away.
 * HTTP/1.0, so that the Engine closes the connection after each answer; loading node:http would take another 10 ms.
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

/** How many of the Engine's bridges are created: an Engine none of whose bridges is here counts as another namespace's. */
const MOST_BRIDGES = 16;

/** Exits of a check, whatever it finds: a host here is rules alone, without the links and routes that packets take beside them. */
export const ANY_VERDICT: readonly number[] = [0, 1, 3];

/** What starts a program: it, and its first arguments. */
export type Words = readonly [string, ...string[]];

/** The built program with a state of its own and an Engine to ask, run in this network namespace. */
export class Installed {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-bench-'));
  private readonly empty = path.join(this.folder, 'empty.cjs');
  private readonly asking = path.join(this.folder, 'ask.cjs');
  private readonly environment: Environment;
  private readonly start: Words;
  private readonly emptyNode: string;
  private engine: BenchEngine | undefined;

  /**
   * @param project - the folder whose bin/ and dist/ are run
   * @param node - the Node that runs it, and whatever it is compared with
   */
  constructor(environment: Environment, project = HERE, node = process.execPath) {
    this.environment = environment;
    this.emptyNode = node;
    this.start = [node, path.join(project, 'bin/rulesguard.js')];
    writeFileSync(this.empty, '');
    writeFileSync(this.asking, ASK);
  }

  /** Replaces all rules of this namespace and the Engine's answers, and records the rules. */
  load(host: BenchHost): void {
    this.answer(host);
    must('iptables-nft-restore', ['--counters'], host.text.ipv4);
    must('ip6tables-nft-restore', ['--counters'], host.text.ipv6);
    this.rulesguard(['snapshot']);
  }

  /** Replaces the Engine's answers; some of its bridges are here. */
  answer({ answers, bridges }: Pick<BenchHost, 'answers' | 'bridges'>): void {
    this.engine?.stop();
    this.engine = serve(this.folder, answers);
    const links = capture('ip', ['-o', 'link', 'show', 'type', 'bridge']);
    for (const bridge of bridges.slice(0, MOST_BRIDGES))
      if (!links.includes(` ${bridge}: `)) must('ip', ['link', 'add', bridge, 'type', 'bridge']);
  }

  /** A Node process that does nothing. */
  node(): number {
    return timed(() => {
      this.run(this.emptyNode, [this.empty]);
    });
  }

  /** A Node process that only sends the Engine the requests that rulesguard sends, and `further`. */
  ask(further: readonly string[] = []): number {
    return timed(() => {
      this.run(this.emptyNode, [this.asking, ...further]);
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
      // Only nft's listing shows whether the saves print each rule in full; of a large ruleset the smallest part is listed.
      this.run('nft', ['-a', '-s', '-t', '--debug=netlink', 'list', 'chain', 'ip', 'filter', 'DOCKER-USER']);
    });
  }

  /** One bare restore with exactly the input that rulesguard would give. */
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
    return this.startedAs(this.start, words, env, exits);
  }

  /** The same by another program that is rulesguard too: one file, another Node. */
  startedAs(
    [file, ...start]: Words,
    words: readonly string[],
    env: NodeJS.ProcessEnv = {},
    exits: readonly number[] = [0],
  ): number {
    return timed(() => {
      must(file, [...start, ...this.line(words)], undefined, { ...this.env(), ...env }, exits);
    });
  }

  /** @throws Error unless a check finds all rules in place */
  requireIntact(): void {
    const printed = this.output(['check'], ANY_VERDICT);
    if (!printed.includes("of Docker's are in place")) throw new Error(`not repaired: ${printed}`);
  }

  /** What rulesguard prints. */
  output(words: readonly string[], exits: readonly number[] = [0]): string {
    const [file, ...start] = this.start;
    return capture(file, [...start, ...this.line(words)], this.env(), exits);
  }

  /** Peak memory (VmHWM) of a run, in MB of 1,000,000 bytes. */
  async peak(words: readonly string[]): Promise<number> {
    const [file, ...start] = this.start;
    const child = spawn(file, [...start, ...this.line(words)], { stdio: 'ignore', env: this.env() });
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, highWaterMark(child.pid ?? 0));
    }, 5);
    const code = await new Promise((resolve) => child.once('exit', resolve));
    clearInterval(timer);
    if (!ANY_VERDICT.includes(Number(code))) throw new Error(`${words.join(' ')}: exit ${String(code)}`);
    return peak;
  }

  dispose(): void {
    this.engine?.stop();
    rmSync(this.folder, { recursive: true });
  }

  private line(words: readonly string[]): readonly string[] {
    const state = path.join(this.folder, 'state');
    const places = ['--state-dir', state, '--run-dir', path.join(this.folder, 'run')];
    // Arguments behind `--` belong to another program.
    const dashes = words.includes('--') ? words.indexOf('--') : words.length;
    return [...words.slice(0, dashes), ...places, ...words.slice(dashes)];
  }

  private env(): NodeJS.ProcessEnv {
    const engine = this.engine && { DOCKER_HOST: this.engine.address };
    return { ...process.env, ...engine, ...ENVIRONMENTS[this.environment] };
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
export function capture(
  file: string,
  args: readonly string[],
  env = process.env,
  exits: readonly number[] = [0],
): string {
  const { status, stdout } = spawnSync(file, args, { encoding: 'latin1', maxBuffer: 1e9, env });
  if (status === null || !exits.includes(status))
    throw new Error(`${file} ${args.join(' ')}: exit ${String(status)}`);
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
