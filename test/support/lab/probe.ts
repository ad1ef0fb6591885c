import type { Engine } from './engine.ts';
import type { Exec } from './run.ts';
import { CLIENT } from './wire.ts';

/** Where a probe starts: the outside client, the engine's host, or a container, by name. */
export type Vantage = 'client' | 'host' | { readonly container: string };

function asker(engine: Engine, from: Vantage): { exec: Exec; words: readonly string[] } {
  if (from === 'client') return { exec: engine.client.execInside, words: ['perl', '/lab/echo.pl'] };
  if (from === 'host') return { exec: engine.execInside, words: ['perl', '/lab/echo.pl'] };
  return { exec: engine.execInside, words: ['docker', 'exec', from.container, 'perl', '/echo.pl'] };
}

/** How a probe is sent. */
export interface Manner {
  /** Where from; the outside client when absent. */
  readonly from?: Vantage;
  /** How long to wait for the answer; 5 when absent, for a busy machine. Fewer where none is expected. */
  readonly seconds?: number;
  /** Port of the sender; using it twice continues one flow, for which NAT was decided by the first packet. */
  readonly fromPort?: number;
}

async function ask(
  engine: Engine,
  protocol: 'tcp' | 'udp',
  address: string,
  port: number,
  { from = 'client', seconds = 5, fromPort }: Manner,
) {
  const { exec, words } = asker(engine, from);
  const [program = '', ...rest] = words;
  const question = ['ask', protocol, address, String(port), String(seconds)];
  const bound = fromPort === undefined ? [] : [String(fromPort)];
  const { code, stdout } = await exec(program, [...rest, ...question, ...bound]);
  return code === 0 ? stdout.trimEnd() : undefined;
}

/**
 * Sends an HTTP request and returns the client address that the answering server saw.
 * @returns the address, or undefined when there was no answer in time
 */
export function httpProbe(engine: Engine, address: string, port: number, manner: Manner = {}) {
  return ask(engine, 'tcp', address, port, manner);
}

/** As `httpProbe`, with one datagram each way. */
export function udpProbe(engine: Engine, address: string, port: number, manner: Manner = {}) {
  return ask(engine, 'udp', address, port, manner);
}

/**
 * Sends an HTTP request from a container to the outside client.
 * @returns the source address the client saw (the host's own when masquerading works), or undefined without an answer
 */
export function outboundProbe(engine: Engine, container: string, family: 'ipv4' | 'ipv6' = 'ipv4') {
  return ask(engine, 'tcp', CLIENT[family], 80, { from: { container } });
}
