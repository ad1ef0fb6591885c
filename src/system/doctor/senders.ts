import { execa } from 'execa';
import type { Answer } from '../../doctor/probe-seen.ts';
import type { Shot } from '../../doctor/shots.ts';
import { COMMAND_ENV } from '../command.ts';

/** What became of one shot. */
export interface Outcome {
  readonly answer: Answer;
  readonly detail: string;
}

/** Milliseconds a sender may live, whatever happens in it. */
const LIFE = 3000;

/**
 * Sends the shots of one namespace, all at once, and tells what came back. A string, not a module: it runs in a process of
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
  const { shots, not } = JSON.parse(text);
  if (require('node:fs').readlinkSync('/proc/self/ns/net') === not) return finish(shots.map(() => ['unsent', 'its network namespace is gone']));
  Promise.all(shots.map((shot) => send(shot).catch((error) => ['unsent', error.code || error.message]))).then(finish);
});
const finish = (outcomes) => process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
const judge = ({ code }) =>
  code === 'ECONNREFUSED' || code === 'ECONNRESET' ? ['refused', ''] :
  code === 'ETIMEDOUT' ? ['silent', ''] :
  ['EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPERM'].includes(code) ? ['unreachable', code] : ['unsent', code];
const send = (shot) => new Promise((resolve) => {
  const within = setTimeout(() => end(['silent', '']), 1000);
  let close = () => {};
  const end = (outcome) => { clearTimeout(within); close(); resolve(outcome); };
  if (shot.protocol === 'icmp') {
    execFile('ping', [shot.family === 'ipv6' ? '-6' : '-4', '-n', '-c1', '-W1', shot.destination], { timeout: 1500 }, (error, out) =>
      end(error === null ? ['answered', ''] :
        error.code === 'ENOENT' ? ['unsent', 'ping is not installed'] :
        /unreachable|filtered|prohibited/i.test(out) ? ['unreachable', /From \\S+ .*?([A-Z].*)/.exec(out)?.[1] ?? ''] :
        error.code === 1 || error.killed ? ['silent', ''] : ['unreachable', String(error.message).trim().split('\\n').pop()]));
    clearTimeout(within);
    return;
  }
  if (shot.protocol === 'tcp') {
    const socket = net.connect({ host: shot.destination, port: shot.port, localPort: shot.sourcePort });
    close = () => socket.destroy();
    socket.on('connect', () => end(['answered', '']));
    socket.on('error', (error) => end(judge(error)));
    return;
  }
  const socket = dgram.createSocket(shot.family === 'ipv6' ? 'udp6' : 'udp4');
  let isOpen = true;
  close = () => { if (isOpen) { isOpen = false; socket.close(); } };
  socket.on('error', (error) => end(judge(error)));
  socket.on('message', () => end(['answered', '']));
  socket.bind(shot.sourcePort, () => socket.connect(shot.port, shot.destination, (error) => {
    if (error) return end(judge(error));
    const question = shot.port === 53 ? Buffer.from('0001000000010000000000000000020001', 'hex') : Buffer.from('\\n');
    socket.send(question, (failure) => { if (failure) end(judge(failure)); });
  }));
});
`;

/**
 * Sends every shot from the namespace it belongs to, one process for each namespace, all at once.
 *
 * @param ownNetns - this namespace, as `/proc/self/ns/net` has it: what was to be sent from a container must not be sent from here
 */
export async function sendAll(shots: readonly Shot[], ownNetns: string): Promise<ReadonlyMap<Shot, Outcome>> {
  const places = [...new Set(shots.map(({ netns }) => netns))];
  const sent = await Promise.all(
    places.map(async (netns) => {
      const theirs = shots.filter((shot) => shot.netns === netns);
      const outcomes = await sendFrom(netns, theirs, netns === '' ? '' : ownNetns);
      return theirs.map((shot, i) => [shot, outcomes[i] ?? UNKNOWN] as const);
    }),
  );
  return new Map(sent.flat());
}

const UNKNOWN: Outcome = { answer: 'unsent', detail: 'the sender said nothing' };

async function sendFrom(netns: string, shots: readonly Shot[], not: string): Promise<readonly Outcome[]> {
  const node = [process.execPath, '-e', SENDER];
  const [file = '', ...args] = netns === '' ? node : ['nsenter', `--net=${netns}`, ...node];
  const child = execa(file, args, {
    // What Node's own environment may add to us (a loader, an inspector) is not for a sender.
    env: { ...COMMAND_ENV, NODE_OPTIONS: '' },
    reject: false,
    stdin: 'pipe',
    timeout: LIFE,
    killSignal: 'SIGKILL',
  });
  // The pipe stays open until it is through: its end tells the sender that we are gone.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify({ shots, not })}\n`);
  const { stdout, stderr, exitCode, timedOut } = await child;
  const outcomes = outcomesIn(stdout);
  if (outcomes !== undefined) return outcomes;
  const detail = whyNot(file, stderr, timedOut ? OVERDUE : exitCode);
  return shots.map(() => ({ answer: 'unsent', detail }));
}

/** What a sender exits with when its time is up, as timeout(1) does. */
const OVERDUE = 124;

function whyNot(file: string, stderr: string, exitCode: number | undefined): string {
  if (exitCode === OVERDUE) return `not done within ${String(LIFE / 1000)} s: this machine is too busy`;
  const said = stderr.split('\n').find((line) => /^nsenter: |Error: /.test(line));
  return said ?? (exitCode === undefined ? `${file} could not be run` : UNKNOWN.detail);
}

function outcomesIn(text: string): readonly Outcome[] | undefined {
  try {
    const told: unknown = JSON.parse(text);
    if (!Array.isArray(told)) return undefined;
    return told.map((one: unknown) => (Array.isArray(one) ? outcomeFrom(one[0], one[1]) : UNKNOWN));
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
] satisfies Answer[];

const outcomeFrom = (answer: unknown, detail: unknown): Outcome =>
  KNOWN.includes(answer)
    ? { answer: answer as Answer, detail: typeof detail === 'string' ? detail : '' }
    : UNKNOWN;
