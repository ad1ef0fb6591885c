import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import type { CliHost } from '../cli.ts';
import { FAMILIES } from '../kernel.ts';
import type { Verdict } from './campaign.ts';
import { expectQuiet } from './quiet.ts';
import { objectionTo } from './sound.ts';

/** How a run of the built program is judged, beside what holds for every run. */
export interface Judgement {
  /** The rules may have changed. */
  readonly writes?: boolean;
  /** Standard output is data, byte for byte what came in. */
  readonly bytes?: boolean;
  /** Exit codes of a monitoring plugin. */
  readonly plugin?: boolean;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const UTF8 = new TextDecoder('utf-8');
const asText = (latin1: string): string => UTF8.decode(Buffer.from(latin1, 'latin1'));

/**
 * Runs the built program on a hostile input. Whatever it says of it, it ends with an exit code of its own, without a stack
 * trace, without a byte that moves a terminal, and without a rule changed that it was not asked to change.
 *
 * @returns `refused` when it turned the input away with a fault
 * @throws Error with what did not hold
 */
export async function ask(
  host: CliHost,
  args: readonly string[],
  judgement: Judgement = {},
): Promise<Verdict> {
  const { writes, bytes, plugin, input, env } = judgement;
  const before = writes === true ? '' : await host.rules();
  const { code, stdout, stderr } = await host.attempt(args, {
    ...(input === undefined ? {} : { input }),
    ...(env === undefined ? {} : { env }),
  });
  const verb = args.slice(0, 2).join(' ').replace(/\/\S+/, 'FILE');
  const told = `${asText(stdout).slice(-200)}\n${asText(stderr).slice(-600)}`;
  if (!(plugin === true ? [0, 1, 2, 3] : [0, 1, 3, 4]).includes(code))
    throw new Error(`${verb}: exit ${String(code)}\n${told}`);
  if (/^\s+at .*[:(]\d+:\d+\)?$/m.test(stdout + stderr)) throw new Error(`${verb}: a stack trace\n${told}`);
  if (bytes !== true) expectQuiet(`${verb}: stdout`, asText(stdout));
  expectQuiet(`${verb}: stderr`, asText(stderr));
  if (writes !== true && (await host.rules()) !== before) throw new Error(`${verb} changed rules\n${told}`);
  return code === 3 ? 'refused' : 'past';
}

/** An Engine on a socket of this host, which answers what it is told to. Paths it has no answer for are not found. */
export async function serve(host: CliHost): Promise<{
  readonly env: Readonly<Record<string, string>>;
  answer: (answers: Readonly<Record<string, unknown>>) => void;
  end: () => void;
}> {
  let current: Readonly<Record<string, unknown>> = {};
  const server = createServer(({ url = '' }, response) => {
    const { version, info, networks, containers, gwbridge } = current;
    const found = new Map<string, unknown>([
      ['/version', version],
      ['/info', info],
      ['/networks', networks],
      ['/containers/json', containers],
      ['/networks/docker_gwbridge', gwbridge],
    ]).get(url.replace(/\?.*$/, ''));
    if (found === undefined) response.writeHead(404);
    response.end(JSON.stringify(found ?? { message: 'no such thing' }));
  });
  // A folder of root's alone: else the socket would not be believed.
  const socket = path.join(mkdtempSync(path.join(host.folder, 'engine-')), 'docker.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    answer: (answers) => {
      current = answers;
    },
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Rules of Docker's chains and entry rules that came to stand, judged as any rule that is about to be written. What stood
 * before is nobody's fault.
 *
 * @throws Error with the first that no Engine would have written
 */
export async function refuseStrangers(host: CliHost, before: string): Promise<void> {
  const known = new Set(before.split('\n'));
  for (const rule of (await host.rules()).split('\n')) {
    if (!rule.startsWith('-A ') || rule.startsWith('-A DOCKER-USER ') || known.has(rule)) continue;
    const objection = objectionTo(rule);
    if (objection !== undefined) throw new Error(`wrote ${objection} in ${rule}`);
  }
}

/** A document as its file holds it, sealed by who knows how the digest is made. */
export function sealed(document: unknown): string {
  if (typeof document !== 'object' || document === null) return JSON.stringify(document);
  const { $schema, digest: _, ...rest } = document as Readonly<Record<string, unknown>>;
  const digest = `sha256:${createHash('sha256').update(JSON.stringify(rest)).digest('hex')}`;
  return JSON.stringify({ $schema, digest, ...rest });
}

/** Brings a host back to saved rules, whatever came between. */
export async function reset(host: CliHost, saves: Readonly<Record<'ipv4' | 'ipv6', string>>): Promise<void> {
  for (const family of FAMILIES) {
    const { code, stderr } = await host.ns.restore(family, host.variant, saves[family], []);
    if (code !== 0) throw new Error(stderr);
  }
}
