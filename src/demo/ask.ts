import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import type { SocketProtocol } from '../net/protocol.ts';
import type { SocketAddress } from './tasks.ts';

async function overTcp(to: SocketAddress, token: string, signal: AbortSignal): Promise<string> {
  // A connection of its own: a kept one would live on under the address translation it began with.
  const request = get({ host: to.host, port: to.port, path: `/${token}`, agent: false, signal });
  const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
  return text(response);
}

async function overUdp(to: SocketAddress, token: string, signal: AbortSignal): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.connect(to.port, to.host);
    await once(socket, 'connect', { signal });
    socket.send(token);
    const [message] = (await once(socket, 'message', { signal })) as [Buffer];
    return message.toString('latin1');
  } finally {
    socket.close();
  }
}

function reasonOf(error: unknown, patience: number): string {
  const { name, code } = error as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer in ${String(patience / 1000)} s`;
  return code === 'ECONNREFUSED' ? 'refused' : (code ?? name);
}

/**
 * Sends `token` to a server and waits for it to come back.
 *
 * @param patience - milliseconds
 * @returns `yes`, or `no: ` and what was seen instead
 */
export async function ask(
  protocol: SocketProtocol,
  to: SocketAddress,
  token: string,
  patience: number,
): Promise<string> {
  const signal = AbortSignal.timeout(patience);
  try {
    const answer = await (protocol === 'tcp' ? overTcp : overUdp)(to, token, signal);
    return answer === token ? 'yes' : 'no: a strange answer';
  } catch (error) {
    return `no: ${reasonOf(error, patience)}`;
  }
}
