import { CLIENT, HOST } from '../lab/wire.ts';
import { BANNED, THEIR_LOOPBACK, type Place } from './city.ts';

/** One way a packet can take: who asks whom. */
export interface Pair {
  readonly name: string;
  /** `client`, `host`, or a container. */
  readonly from: string;
  /** `bulk`: tcp, with an answer of many full packets; `dns`: `sender` is the name that is asked for. */
  readonly protocol: 'tcp' | 'udp' | 'bulk' | 'dns';
  readonly address: string;
  readonly port: number;
  /** Source address, where it is not the usual one. */
  readonly sender?: string;
  /** The containers whose rules decide about it. */
  readonly about: readonly string[];
}

type Places = ReadonlyMap<string, Place>;

const pair = (
  from: string,
  target: string,
  about: readonly string[],
  name: string,
  sender?: string,
): Pair => {
  const [, address = '', port = '', protocol = ''] = /^(.+):(\d+)\/(tcp|udp)$/.exec(target) ?? [];
  return {
    name: `${from} → ${name}`,
    from,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    address,
    port: Number(port),
    about,
    ...(sender === undefined ? {} : { sender }),
  };
};

/** Ports of the host, asked for by the client and on 127.0.0.1. */
const PUBLISHED: readonly (readonly [string, string])[] = [
  ['8080/tcp', 'web'],
  ['5353/udp', 'web'],
  ['8081/tcp', 'shop'],
  ['5355/udp', 'desk'],
  ['9000/tcp', 'api'],
  ['5454/udp', 'api'],
  ['8082/tcp', 'hermit'],
  ['8101/tcp', 'left'],
  ['8102/tcp', 'right'],
  ['8103/tcp', 'ghost'],
  ['8104/tcp', 'guest'],
  ['5456/udp', 'guest'],
  ['8105/tcp', 'late'],
  ['5457/udp', 'late'],
];

const fromOutside = (): readonly Pair[] => [
  ...PUBLISHED.map(([port, name]) =>
    pair('client', `${HOST.ipv4}:${port}`, [name], `port ${port} (${name})`),
  ),
  ...PUBLISHED.filter(([port]) => /^(8080|5454|8102)/.test(port)).map(([port, name]) =>
    pair('client', `${HOST.second}:${port}`, [name], `second address, port ${port} (${name})`),
  ),
  pair('client', `${HOST.second}:9443/tcp`, ['shop'], 'second address, port 9443/tcp (shop, there only)'),
  pair('client', `${HOST.ipv4}:9443/tcp`, ['shop'], 'port 9443/tcp (shop, on the second address only)'),
  pair('client', `${HOST.ipv6}:9000/tcp`, ['api'], 'port 9000/tcp (api) over IPv6'),
  pair('client', `${HOST.ipv6}:5454/udp`, ['api'], 'port 5454/udp (api) over IPv6'),
  pair('client', `${HOST.ipv4}:9001/tcp`, ['api'], 'port 9001/tcp (api, on 127.0.0.1 only)'),
  pair('client', `${THEIR_LOOPBACK}:9001/tcp`, ['api'], '127.0.0.1:9001/tcp (api), sent over the wire'),
  pair('client', `${HOST.ipv4}:8080/tcp`, ['web'], 'port 8080/tcp (web), banned sender', BANNED),
  pair('client', `${HOST.ipv4}:9000/tcp`, ['api'], 'port 9000/tcp (api), banned sender', BANNED),
];

const fromHost = (): readonly Pair[] => [
  ...PUBLISHED.map(([port, name]) =>
    pair('host', `127.0.0.1:${port}`, [name], `127.0.0.1, port ${port} (${name})`),
  ),
  pair('host', '127.0.0.1:9001/tcp', ['api'], '127.0.0.1, port 9001/tcp (api)'),
  pair('host', '::1:9000/tcp', ['api'], '::1, port 9000/tcp (api)'),
  pair('host', `${HOST.ipv4}:8080/tcp`, ['web'], 'own address, port 8080/tcp (web)'),
  pair('host', `${HOST.ipv4}:8102/tcp`, ['right'], 'own address, port 8102/tcp (right)'),
];

/** Straight to a container's address: its published port, one that is not, and udp. */
function direct(places: Places): readonly Pair[] {
  const ports = ['80/tcp', '81/tcp', '5353/udp'];
  return [...places].flatMap(([name, { ipv4, ipv6 }]) => [
    ...ports.map((port) => pair('client', `${ipv4}:${port}`, [name], `${name} itself, ${port}`)),
    ...(ipv6 === ''
      ? []
      : ports.map((port) => pair('client', `${ipv6}:${port}`, [name], `${name} itself, ${port} over IPv6`))),
  ]);
}

const outbound = (places: Places): readonly Pair[] =>
  [...places].flatMap(([name, { ipv6 }]) => [
    pair(name, `${CLIENT.ipv4}:80/tcp`, [name], 'client'),
    pair(name, `${CLIENT.ipv4}:5353/udp`, [name], 'client, udp'),
    ...(ipv6 === '' ? [] : [pair(name, `${CLIENT.ipv6}:80/tcp`, [name], 'client over IPv6')]),
  ]);

/** On one network, on two, with icc off, on an internal one. */
const BETWEEN: readonly (readonly [string, string, string])[] = [
  ['mate', 'web', '80/tcp'],
  ['mate', 'web', '81/tcp'],
  ['desk', 'shop', '81/tcp'],
  ['hermit', 'monk', '80/tcp'],
  ['monk', 'hermit', '80/tcp'],
  ['vault', 'safe', '80/tcp'],
  ['left', 'right', '81/tcp'],
  ['mate', 'shop', '80/tcp'],
  ['mate', 'shop', '81/tcp'],
  ['shop', 'web', '80/tcp'],
  ['shop', 'web', '81/tcp'],
  ['api', 'web', '80/tcp'],
  ['api', 'hermit', '80/tcp'],
  ['web', 'vault', '80/tcp'],
  ['vault', 'web', '80/tcp'],
  ['right', 'desk', '5353/udp'],
  ['guest', 'shop', '81/tcp'],
  ['guest', 'web', '80/tcp'],
  ['late', 'shop', '81/tcp'],
  ['late', 'web', '80/tcp'],
];

/** By the host's address: to a neighbour's port, to the own one (hairpin), from an internal network. */
const BY_HOST: readonly (readonly [string, string, string])[] = [
  ['mate', '8081/tcp', 'shop'],
  ['shop', '8081/tcp', 'shop'],
  ['desk', '8081/tcp', 'shop'],
  ['api', '5353/udp', 'web'],
  ['vault', '8080/tcp', 'web'],
];

function amongContainers(places: Places): readonly Pair[] {
  const between = BETWEEN.flatMap(([from, to, port]) => {
    const { ipv4 } = places.get(to) ?? {};
    return ipv4 === undefined ? [] : [pair(from, `${ipv4}:${port}`, [from, to], `${to}, ${port}`)];
  });
  const byHost = BY_HOST.map(([from, port, to]) =>
    pair(from, `${HOST.ipv4}:${port}`, [from, to], `host's port ${port} (${to})`),
  );
  return [...between, ...byHost].filter(({ from }) => places.has(from));
}

/** Every pair of a city, those included that must not reach each other. */
export function pairsOf(places: Places): readonly Pair[] {
  return [
    ...fromOutside(),
    ...fromHost(),
    ...direct(places),
    ...outbound(places),
    ...amongContainers(places),
  ];
}

/** What any Engine must let pass and stop where all is well: a city that is broken from the start proves nothing. */
export const SOUND: Readonly<Record<string, string>> = {
  'client → port 8080/tcp (web)': `web saw ${CLIENT.ipv4}`,
  'client → port 5353/udp (web)': `web saw ${CLIENT.ipv4}`,
  'client → port 8082/tcp (hermit)': `hermit saw ${CLIENT.ipv4}`,
  'client → port 9000/tcp (api) over IPv6': `api saw ${CLIENT.ipv6}`,
  'client → port 8101/tcp (left)': `left saw ${CLIENT.ipv4}`,
  'client → port 8102/tcp (right)': `right saw ${CLIENT.ipv4}`,
  'client → port 8080/tcp (web), banned sender': 'silence',
  'client → port 9001/tcp (api, on 127.0.0.1 only)': 'refused',
  'client → web itself, 81/tcp': 'silence',
  'host → 127.0.0.1, port 9001/tcp (api)': 'api saw 172.28.2.1',
  'web → client': HOST.ipv4,
  'api → client over IPv6': HOST.ipv6,
  'vault → client': 'silence',
  'vault → safe, 80/tcp': 'safe saw 172.28.4.11',
  'desk → shop, 81/tcp': 'shop saw 172.28.1.12',
  'hermit → monk, 80/tcp': 'silence',
  'shop → web, 81/tcp': 'silence',
  'web → vault, 80/tcp': 'silence',
};
