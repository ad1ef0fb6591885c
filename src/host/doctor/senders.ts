import { execa } from 'execa';
import type { ProbeAnswer, ProbeReply } from '../../doctor/probe/result.ts';
import type { ProbePacket } from '../../doctor/probe/probe-plan.ts';
import { timeCommand } from '../command/command-log.ts';
import { COMMAND_ENV } from '../command/command.ts';

/** Milliseconds a sender may live, whatever happens in it. */
const LIFE = 3000;

/**
 * Sends the packets of one namespace, all at once, and reports what came back. A string, not a module: it runs in a process of
 * its own, inside the namespace, by Node alone, so that no container image has to bring a tool. It ends when its
 * standard input does, which is when we end. A datagram is one byte, because docker-proxy passes no empty one on; to port
 * 53 it is the question for the root's name servers, which a name server owes an answer.
 */
const SENDER = `
'use strict';
const net = require('node:net');
const dgram = require('node:dgram');
const { execFile } = require('node:child_process');
setTimeout(() => process.exit(124), 2900);
let text = '';
process.stdin.setEncoding('latin1');
process.stdin.on('end', () => process.exit(4));
process.stdin.on('data', (part) => {
  text += part;
  if (!text.endsWith('\\n')) return;
  const { packets, not } = JSON.parse(text);
  if (require('node:fs').readlinkSync('/proc/self/ns/net') === not) return finish(packets.map(() => ['unsent', 'its network namespace is gone']));
  Promise.all(packets.map((packet) => send(packet).catch((error) => ['unsent', error.code || error.message]))).then(finish);
});
const finish = (outcomes) => process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
const judge = ({ code }) =>
  code === 'ECONNREFUSED' || code === 'ECONNRESET' ? ['refused', ''] :
  code === 'ETIMEDOUT' ? ['silent', ''] :
  ['EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPERM'].includes(code) ? ['unreachable', code] : ['unsent', code];
const send = (packet) => new Promise((resolve) => {
  const within = setTimeout(() => end(['silent', '']), 1000);
  let close = () => {};
  const end = (outcome) => { clearTimeout(within); close(); resolve(outcome); };
  if (packet.protocol === 'icmp') {
    execFile('ping', [packet.family === 'ipv6' ? '-6' : '-4', '-n', '-c1', '-W1', packet.destination], { timeout: 1500 }, (error, out) =>
      end(error === null ? ['answered', ''] :
        error.code === 'ENOENT' ? ['unsent', 'ping is not installed'] :
        /unreachable|filtered|prohibited/i.test(out) ? ['unreachable', /From \\S+ .*?([A-Z].*)/.exec(out)?.[1] ?? ''] :
        error.code === 1 || error.killed ? ['silent', ''] : ['unreachable', String(error.message).trim().split('\\n').pop()]));
    clearTimeout(within);
    return;
  }
  if (packet.protocol === 'tcp') {
    const socket = net.connect({ host: packet.destination, port: packet.port, localPort: packet.sourcePort });
    close = () => socket.destroy();
    socket.on('connect', () => end(['answered', '']));
    socket.on('error', (error) => end(judge(error)));
    return;
  }
  const socket = dgram.createSocket(packet.family === 'ipv6' ? 'udp6' : 'udp4');
  let isOpen = true;
  close = () => { if (isOpen) { isOpen = false; socket.close(); } };
  socket.on('error', (error) => end(judge(error)));
  socket.on('message', () => end(['answered', '']));
  socket.bind(packet.sourcePort, () => socket.connect(packet.port, packet.destination, (error) => {
    if (error) return end(judge(error));
    const question = packet.port === 53 ? Buffer.from('0001000000010000000000000000020001', 'hex') : Buffer.from('\\n');
    socket.send(question, (failure) => { if (failure) end(judge(failure)); });
  }));
});
`;

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
  const node = [process.execPath, '-e', SENDER];
  const [file = '', ...args] = netns === '' ? node : ['nsenter', `--net=${netns}`, ...node];
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
