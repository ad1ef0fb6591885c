import { equip, THEIR_LOOPBACK } from '../matrix/city.ts';
import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';
import { CLIENT, HOST } from '../lab/wire.ts';

/** What one wire leads to: the host's addresses on it, and the client's. The packets' mark leads the client to it. */
interface Uplink {
  readonly device: string;
  readonly host: { readonly ipv4: string; readonly ipv6: string };
  readonly client: { readonly ipv4: string; readonly ipv6: string };
  readonly mark: number;
}

/** The two uplinks of the host; by the first leads its default route. */
export const UPLINKS: readonly Uplink[] = [
  { device: 'eth0', host: HOST, client: CLIENT, mark: 1 },
  {
    device: 'eth1',
    host: { ipv4: '198.51.100.1', ipv6: '2001:db8:1::1' },
    client: { ipv4: '198.51.100.2', ipv6: '2001:db8:1::2' },
    mark: 2,
  },
];

/** The client's name for ::1 of the host. */
const THEIR_LOOPBACK_6 = '2001:db8:cafe::7f';

/** What the client writes on a wire, for an address that its own routing would keep: any of 127.0.0.0/8 and ::1. */
export const onTheWire = (address: string): string => {
  if (address === '::1') return THEIR_LOOPBACK_6;
  return address.startsWith('127.') ? THEIR_LOOPBACK : address;
};

const disguise = ({ device }: Uplink): string => `table netdev of_${device} {
  chain out { type filter hook egress device ${device} priority 1;
    ip daddr ${THEIR_LOOPBACK} ip daddr set 127.0.0.1; ip6 daddr ${THEIR_LOOPBACK_6} ip6 daddr set ::1; }
  chain in { type filter hook ingress device ${device} priority 1;
    ip saddr 127.0.0.1 ip saddr set ${THEIR_LOOPBACK}; ip6 saddr ::1 ip6 saddr set ${THEIR_LOOPBACK_6}; }
}
`;

/**
 * Gives the host a second uplink to the same client, and has the client ask by either of them, as a neighbour and as somebody
 * far away, also for what no well-meaning client would ask for.
 */
export async function connectOutside(engine: Engine): Promise<void> {
  const { client, exec } = engine;
  await equip(engine);
  const [, second] = UPLINKS;
  if (second === undefined) throw new Error('no second uplink');
  const pair = ['link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth1', 'netns', client.netns];
  await must(exec, 'ip', pair);
  const addresses = ({ ipv4, ipv6 }: Uplink['host'], length: number) => [
    `ip addr add ${ipv4}/${String(length)} dev eth1`,
    `ip addr add ${ipv6}/64 dev eth1 nodad`,
    'ip link set eth1 up',
  ];
  await must(exec, 'sh', ['-ec', addresses(second.host, 24).join('\n')]);
  const routes = UPLINKS.flatMap(({ device, host, mark }) =>
    [
      ['-4', host.ipv4],
      ['-6', host.ipv6],
    ].flatMap(([family = '', via = '']) => [
      `ip ${family} route add default via ${via} dev ${device} metric ${String(100 * mark)}`,
      `ip ${family} route add default via ${via} dev ${device} table ${String(200 + mark)}`,
      `ip ${family} rule add fwmark ${String(mark)} lookup ${String(200 + mark)}`,
    ]),
  );
  // Its name for 127.0.0.1 must not be a neighbour's on this wire.
  const script = [...addresses(second.client, 26), ...routes];
  await must(client.exec, 'sh', ['-ec', script.join('\n')]);
  await must(client.execInside, 'nft', ['-f', '-'], { input: UPLINKS.map(disguise).join('') });
}

/** Name of whoever answers outside. */
export const SOMEBODY = 'outside';

/** Has somebody outside answer at these addresses: 443/tcp and 53/udp, from the address asked. */
export async function answerAt(
  { client }: Engine,
  folder: string,
  addresses: readonly string[],
): Promise<void> {
  const has = await must(client.exec, 'ip', ['-o', 'addr']);
  for (const address of addresses)
    if (!has.includes(` ${address}/`)) await must(client.exec, 'ip', ['addr', 'add', address, 'dev', 'lo']);
  const ports = addresses.map((address) => `[${address}]:53/udp`).join(' ');
  const serve = `setsid perl ${folder}/agent.pl serve ${folder} ${SOMEBODY} 443/tcp ${ports} >/dev/null 2>&1 &`;
  await must(client.execInside, 'sh', ['-c', serve]);
}
