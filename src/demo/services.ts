import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { SocketProtocol } from '../net/protocol.ts';
import type { SocketAddress } from './tasks.ts';

/** Told about every token that reaches a server, with the address it came from. */
type OnArrival = (token: string, from: string) => void;

async function bound(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '0.0.0.0');
  await once(socket, 'listening');
  return socket;
}

/**
 * Serves HTTP, or one datagram for each datagram; every answer is what was asked.
 *
 * @param onArrival - called with each request's token and source address
 */
export async function serve(protocol: SocketProtocol, port: number, onArrival: OnArrival): Promise<void> {
  if (protocol === 'udp') {
    const socket = await bound(port);
    socket.on('message', (message, from) => {
      onArrival(message.toString('latin1'), from.address);
      socket.send(message, from.port, from.address);
    });
    return;
  }
  const server = createHttpServer((request, response) => {
    const token = (request.url ?? '/').slice(1);
    onArrival(token, request.socket.remoteAddress ?? '');
    response.end(token);
  });
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
}

/** As docker-proxy does beside IPv4, where the kernel has IPv6. Nobody asks there in the demo. */
async function listenByIpv6(port: number, protocol: SocketProtocol = 'tcp'): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      resolve();
    };
    if (protocol === 'tcp')
      createServer((near) => near.destroy())
        .on('error', done)
        .listen({ port, host: '::', ipv6Only: true }, done);
    else createSocket({ type: 'udp6', ipv6Only: true }).on('error', done).bind(port, '::', done);
  });
}

/** How long docker-proxy's part remembers a datagram's sender; longer than any probe waits. */
const UDP_MEMORY = 5_000;

/**
 * What docker-proxy does for a published port: listens on all of the host's addresses and passes on to the container.
 * The kernel's DNAT rule is first to see packets from outside, so this one answers only when that rule is gone.
 */
export async function proxy(protocol: SocketProtocol, port: number, to: SocketAddress): Promise<void> {
  if (protocol === 'tcp') {
    const server = createServer((near) => {
      const far = connect(to.port, to.host);
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    server.listen(port, '0.0.0.0');
    await once(server, 'listening');
    await listenByIpv6(port);
    return;
  }
  await listenByIpv6(port, 'udp');
  const near = await bound(port);
  near.on('message', (message, from) => {
    const far = createSocket('udp4');
    const timer = setTimeout(() => far.close(), UDP_MEMORY);
    far.on('error', () => undefined);
    far.once('message', (answer) => {
      near.send(answer, from.port, from.address);
      clearTimeout(timer);
      far.close();
    });
    far.send(message, to.port, to.host);
  });
}
