import type { Netns } from '../netns.ts';
import { must, type Exec } from './run.ts';

/** Addresses of the machine that runs the Engine. `second` is one more that ports can be published on. */
export const HOST = { ipv4: '192.0.2.1', second: '192.0.2.10', ipv6: '2001:db8::1' } as const;

/** Addresses of the outside client. */
export const CLIENT = { ipv4: '192.0.2.2', ipv6: '2001:db8::2' } as const;

async function setUp(exec: Exec, addresses: readonly string[], gateways: readonly string[]): Promise<void> {
  const lines = [
    'link set lo up',
    // Without duplicate address detection an IPv6 address is usable at once, not after a second.
    ...addresses.map((address) => `addr add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`),
    'link set eth0 up',
    ...gateways.map((gateway) => `${gateway.includes(':') ? '-6 ' : ''}route add default via ${gateway}`),
  ];
  for (const line of lines) await must(exec, 'ip', line.split(' '));
}

/**
 * Creates a veth pair between the engine's network namespace and the client's, `eth0` at both ends. The engine's default
 * route leads to the client: what a container sends out arrives there. The client has no route to any container.
 */
export async function connect(engine: Exec, client: Netns): Promise<void> {
  const pair = ['link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client.path];
  await must(engine, 'ip', pair);
  await setUp(client.exec, [`${CLIENT.ipv4}/24`, `${CLIENT.ipv6}/64`], []);
  const own = [`${HOST.ipv4}/24`, `${HOST.second}/24`, `${HOST.ipv6}/64`];
  await setUp(engine, own, [CLIENT.ipv4, CLIENT.ipv6]);
}
