import { execa } from 'execa';
import type { ProbeAnswer, ProbeReply } from '../../doctor/probe/result.ts';
import type { ProbePacket } from '../../doctor/probe/probe-plan.ts';
import { timeCommand } from '../command/command-log.ts';
import { COMMAND_ENV } from '../command/command.ts';
import { isOneFile } from '../command/this-program.ts';
import { SEND, SENDER } from './send.ts';

/** Milliseconds a sender may live, whatever happens in it. */
const LIFE = 3000;

/**
 * Sends every packet from the namespace it belongs to, one process for each namespace, all at once.
 *
 * @param ownNetns - this namespace, as `/proc/self/ns/net` has it: what was to be sent from a container must not be sent from here
 */
export async function sendAll(
  packets: readonly ProbePacket[],
  ownNetns: string,
): Promise<ReadonlyMap<ProbePacket, ProbeReply>> {
  const places = [...new Set(packets.map(({ netns }) => netns))];
  const sent = await Promise.all(
    places.map(async (netns) => {
      const theirs = packets.filter((packet) => packet.netns === netns);
      const outcomes = await sendFrom(netns, theirs, netns === '' ? '' : ownNetns);
      return theirs.map((packet, i) => [packet, outcomes[i] ?? UNKNOWN] as const);
    }),
  );
  return new Map(sent.flat());
}

const UNKNOWN: ProbeReply = { answer: 'unsent', detail: 'the sender reported nothing' };

async function sendFrom(
  netns: string,
  packets: readonly ProbePacket[],
  not: string,
): Promise<readonly ProbeReply[]> {
  // The one-file program evaluates nothing that it is given: it is told to be a sender.
  const sender = isOneFile() ? [process.execPath, SEND] : [process.execPath, '-e', SENDER];
  const [file = '', ...args] = netns === '' ? sender : ['nsenter', `--net=${netns}`, ...sender];
  const logged = timeCommand([file, ...args]);
  const child = execa(file, args, {
    // What Node's own environment may add to us (a loader, an inspector) is not for a sender.
    env: { ...COMMAND_ENV, NODE_OPTIONS: '' },
    reject: false,
    stdin: 'pipe',
    timeout: LIFE,
    killSignal: 'SIGKILL',
  });
  // The pipe stays open until it is through: its end stops the sender once we are gone.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify({ packets, not })}\n`);
  const result = await child;
  logged(result);
  const { stdout, stderr, exitCode, timedOut } = result;
  const outcomes = outcomesIn(stdout);
  if (outcomes !== undefined) return outcomes;
  const detail = whyNot(file, stderr, timedOut ? OVERDUE : exitCode);
  return packets.map(() => ({ answer: 'unsent', detail }));
}

/** What a sender exits with when its time is up, as timeout(1) does. */
const OVERDUE = 124;

function whyNot(file: string, stderr: string, exitCode: number | undefined): string {
  if (exitCode === OVERDUE) return `not done within ${String(LIFE / 1000)} s: this machine is too busy`;
  const reason = stderr.split('\n').find((line) => /^nsenter: |Error: /.test(line));
  return reason ?? (exitCode === undefined ? `${file} could not be run` : UNKNOWN.detail);
}

function outcomesIn(text: string): readonly ProbeReply[] | undefined {
  try {
    const printed: unknown = JSON.parse(text);
    if (!Array.isArray(printed)) return undefined;
    return printed.map((one: unknown) => (Array.isArray(one) ? outcomeFrom(one[0], one[1]) : UNKNOWN));
  } catch {
    return undefined;
  }
}

const KNOWN: readonly unknown[] = [
  'answered',
  'refused',
  'silent',
  'unreachable',
  'unsent',
] satisfies ProbeAnswer[];

const outcomeFrom = (answer: unknown, detail: unknown): ProbeReply =>
  KNOWN.includes(answer)
    ? { answer: answer as ProbeAnswer, detail: typeof detail === 'string' ? detail : '' }
    : UNKNOWN;
