import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { TOOL_ENV, type Netns } from '../netns.ts';

const SCRIPT = path.join(import.meta.dirname, 'agent.pl');

/** One packet that arrived, as it arrived. */
export interface Sighting {
  readonly id: number;
  /** Where: the name of the namespace, and the interface, or `socket`. */
  readonly where: string;
  readonly device: string;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A program in one namespace that sends packets and says which arrive; it stays, so that a thousand cost no start-up. */
export interface Agent {
  readonly name: string;
  /** Sends, in the words of agent.pl. */
  say(line: string): void;
  /** What arrived since it was asked last, once nothing more has come for a while. */
  drain(quiet: number): Promise<readonly Sighting[]>;
  dispose(): Promise<void>;
}

/**
 * Starts an agent.
 * @param own - IPv6 addresses: it tells what reaches sockets, behind all rules; absent: what arrives at its interfaces,
 * before any rule
 */
export async function startAgent(name: string, ns: Netns, own?: readonly string[]): Promise<Agent> {
  const mode = own === undefined ? ['wire'] : ['host', ...own];
  const child = execa('nsenter', [`--net=${ns.path}`, '--', 'perl', SCRIPT, ...mode], {
    ...{ env: TOOL_ENV, extendEnv: false, reject: false, buffer: { stdout: false, stderr: true } },
    stdin: 'pipe',
  });
  const lines = createInterface({ input: child.stdout });
  let heard: Sighting[] = [];
  let finish: (() => void) | undefined;
  lines.on('line', (line) => {
    if (line === 'done') finish?.();
    const [id = '', device = '', source = '', destination = '', sourcePort, destinationPort] =
      line.split(' ');
    if (sourcePort === undefined) return;
    const ports = { sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) };
    heard.push({ id: Number(id), where: name, device, source, destination, ...ports });
  });
  await Promise.race([once(lines, 'line'), child.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
  return {
    name,
    say(line) {
      child.stdin.write(`${line}\n`);
    },
    async drain(quiet) {
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      child.stdin.write(`drain ${String(quiet)}\n`);
      await Promise.race([
        finished,
        child.then(({ stderr }) => Promise.reject(new Error(`${name}: ${stderr}`))),
      ]);
      const all = heard;
      heard = [];
      return all;
    },
    async dispose() {
      child.stdin.end();
      await child;
    },
  };
}
