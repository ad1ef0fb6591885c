import { BANNED, THEIR_LOOPBACK, type Place } from '../matrix/city.ts';
import type { Pair } from '../matrix/pairs.ts';
import { CLIENT, HOST } from '../lab/wire.ts';

/** The containers of a site; `back` has both families. Each listens on 80/tcp, 81/tcp and 5353/udp. */
export const CONTAINERS = [
  { name: 'web', network: 'bridge', ports: ['8080:80', '5353:5353/udp'] },
  { name: 'shop', network: 'front', ports: ['8081:80'], address: '172.28.1.11' },
  { name: 'desk', network: 'front', ports: [], address: '172.28.1.12' },
  {
    name: 'api',
    network: 'back',
    ports: ['9000:80', '5454:5353/udp', '127.0.0.1:9001:81'],
    address: '172.28.2.11',
  },
] as const;

export const NETWORKS: readonly (readonly string[])[] = [
  ['--subnet', '172.28.1.0/24', 'front'],
  ['--subnet', '172.28.2.0/24', '--ipv6', '--subnet', 'fd00:6::/64', 'back'],
];

/** What a user keeps in DOCKER-USER: a banned sender, in both families. */
export const DOCKER_USER = {
  ipv4: `-s ${BANNED} -i eth0 -j DROP`,
  ipv6: '-s 2001:db8:bad::/64 -i eth0 -j DROP',
} as const;

const way = (from: string, protocol: 'tcp' | 'udp', address: string, port: number, name: string): Pair => ({
  name: `${from} → ${name}`,
  from,
  protocol,
  address,
  port,
  about: [],
});

/**
 * Ways of packets that Docker's rules decide about, and no firewall manager should: in to published ports, out, between
 * containers, and those that must not pass. The host's own traffic is the manager's business.
 */
export function waysOf(places: ReadonlyMap<string, Place>): readonly Pair[] {
  const of = (name: string) => places.get(name) ?? { ipv4: '', ipv6: '' };
  return [
    way('client', 'tcp', HOST.ipv4, 8080, 'port 8080 (web)'),
    way('client', 'udp', HOST.ipv4, 5353, 'port 5353/udp (web)'),
    way('client', 'tcp', HOST.ipv4, 8081, 'port 8081 (shop)'),
    way('client', 'tcp', HOST.ipv4, 9000, 'port 9000 (api)'),
    way('client', 'udp', HOST.ipv4, 5454, 'port 5454/udp (api)'),
    way('client', 'tcp', HOST.ipv6, 9000, 'port 9000 (api) over IPv6'),
    way('client', 'udp', HOST.ipv6, 5454, 'port 5454/udp (api) over IPv6'),
    way('web', 'tcp', CLIENT.ipv4, 80, 'client'),
    way('shop', 'udp', CLIENT.ipv4, 5353, 'client, udp'),
    way('api', 'tcp', CLIENT.ipv4, 80, 'client'),
    way('api', 'tcp', CLIENT.ipv6, 80, 'client over IPv6'),
    way('desk', 'tcp', of('shop').ipv4, 81, 'shop, same network'),
    // What Docker stops.
    {
      ...way('client', 'tcp', HOST.ipv4, 8080, 'port 8080 (web), sender banned in DOCKER-USER'),
      sender: BANNED,
    },
    way('client', 'tcp', THEIR_LOOPBACK, 9001, '127.0.0.1:9001 (api), sent over the wire'),
    way('client', 'tcp', of('web').ipv4, 81, 'web itself, a port not published'),
    way('client', 'tcp', of('desk').ipv4, 80, 'desk itself, which publishes nothing'),
    way('client', 'tcp', of('api').ipv6, 81, 'api itself over IPv6, a port not published'),
    way('shop', 'tcp', of('web').ipv4, 80, 'web, another network'),
    way('web', 'tcp', of('api').ipv4, 80, 'api, another network'),
  ];
}

/** What any Engine does with them where all is well: a site that is broken from the start proves nothing. */
export const SOUND: Readonly<Record<string, string>> = {
  'client → port 8080 (web)': `web saw ${CLIENT.ipv4}`,
  'client → port 5353/udp (web)': `web saw ${CLIENT.ipv4}`,
  'client → port 8081 (shop)': `shop saw ${CLIENT.ipv4}`,
  'client → port 9000 (api)': `api saw ${CLIENT.ipv4}`,
  'client → port 5454/udp (api)': `api saw ${CLIENT.ipv4}`,
  'client → port 9000 (api) over IPv6': `api saw ${CLIENT.ipv6}`,
  'client → port 5454/udp (api) over IPv6': `api saw ${CLIENT.ipv6}`,
  'web → client': HOST.ipv4,
  'shop → client, udp': HOST.ipv4,
  'api → client': HOST.ipv4,
  'api → client over IPv6': HOST.ipv6,
  'desk → shop, same network': 'shop saw 172.28.1.12',
  'client → port 8080 (web), sender banned in DOCKER-USER': 'silence',
  'client → web itself, a port not published': 'silence',
  'client → desk itself, which publishes nothing': 'silence',
  'client → api itself over IPv6, a port not published': 'silence',
  'shop → web, another network': 'silence',
  'web → api, another network': 'silence',
};
