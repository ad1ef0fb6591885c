import { compileFunction } from 'node:vm';

/** The word that makes the one-file program a sender. */
export const SEND = '--send';

/**
 * Sends the packets of one namespace, all at once, and reports what came back. A string, not a module: it runs in a process of
 * its own, inside the namespace, by Node alone, so that no container image has to bring a tool. It ends when its
 * standard input does, which is when we end. A datagram is one byte, because docker-proxy passes no empty one on; to port
 * 53 it is the question for the root's name servers, which a name server owes an answer.
 */
export const SENDER = `
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

/** What the program is after {@link SEND}. */
export function beSender(): void {
  const evaluate = compileFunction(SENDER, ['require']) as (require: (name: string) => unknown) => void;
  evaluate((name: string) => process.getBuiltinModule(name));
}
