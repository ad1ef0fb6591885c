import { makePacket, type Packet } from '../../../src/trace/packet.ts';
import type { Path } from '../../../src/trace/path.ts';
import { isIcmp } from '../../../src/trace/match/protocols.ts';
import type { Family } from '../netns.ts';
import type { Dice } from './dice.ts';
import { inFamily, onMap, WORDS } from './families.ts';
import type { Scene } from './rulesets.ts';
import { HOMES, type PlaceName } from './town.ts';
import { ADDRESSES, PORTS } from './words-of-rules.ts';

/** A packet with who sends it. */
export interface Shot {
  readonly id: number;
  readonly from: PlaceName;
  /** Interface it is sent by; '-' for whichever its route says. */
  readonly device: string;
  /** Source port, or ICMP's id. */
  readonly number: number;
  readonly packet: Packet;
}

const FLAGS: Readonly<Record<string, number>> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 };

const OWN: Readonly<Record<PlaceName, readonly string[]>> = {
  host: ['192.0.2.1', '192.0.2.10', '172.17.0.1', '172.18.0.1', '198.51.100.1', '127.0.0.1'],
  client: [
    '192.0.2.2',
    '192.0.2.2',
    '192.0.2.2',
    '192.0.2.3',
    '198.51.100.2',
    '203.0.113.5',
    '172.17.0.2',
    '127.0.0.9',
    '192.0.2.1',
  ],
  c1: ['172.17.0.2'],
  c2: ['172.17.0.3'],
  c3: ['172.18.0.2', '172.18.0.3'],
};

/** Addresses few packets are for, or of nobody; IPv6's subnets have one that every router of them answers to. */
const ODD: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['203.0.113.130', '203.0.113.200', '10.99.0.1', '172.18.0.7'],
  ipv6: [
    '203.0.113.130',
    '203.0.113.200',
    '10.99.0.1',
    '172.18.0.7',
    '127.0.0.1',
    '172.17.0.0',
    '172.17.0.0',
  ],
};
/** The client's wires, as often as it sends by them. */
const DEVICES: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['eth0', 'eth0', 'eth0', 'eth1'],
  ipv6: ['eth0', 'eth0', 'eth0', 'eth0', 'eth0', 'eth1', 'eth1', 'eth2'],
};
/** One of the client's own, of no use beyond its wire. */
const OF_THE_LINK = 'fe80::2';

/** What a place does not send to over its wire: itself, and neighbours it has none of. */
const UNREACHABLE: Partial<Readonly<Record<PlaceName, RegExp>>> = {
  client: /^(?:192\.0\.2|198\.51\.100)\.[23]$/,
  c1: /^(?:172\.17\.0\.(?:0|2|[5-9])$|127\.)/,
  c2: /^(?:172\.17\.0\.(?:0|[3-9])$|127\.)/,
  c3: /^(?:172\.18\.0\.[2-9]$|127\.)/,
};

const ENTRY: Readonly<Record<PlaceName, Pick<Packet, 'inInterface' | 'inPort'>>> = {
  host: { inInterface: '', inPort: '' },
  client: { inInterface: 'eth0', inPort: '' },
  c1: { inInterface: 'docker0', inPort: 'v1' },
  c2: { inInterface: 'docker0', inPort: 'v2' },
  c3: { inInterface: 'br1', inPort: 'v3' },
};

/** How a packet of a place enters the host. */
export const entryOf = (from: PlaceName, device: string): Pick<Packet, 'inInterface' | 'inPort'> =>
  from === 'client' ? { inInterface: device, inPort: '' } : ENTRY[from];

/** A packet of somebody to somebody, the first of its connection. */
export function throwShot(dice: Dice, id: number, { family, destinations, ports }: Scene): Shot {
  const from = dice.pick(['client', 'client', 'client', 'c1', 'c1', 'c2', 'c3', 'host', 'host'] as const);
  const device = from === 'client' ? dice.pick(DEVICES[family]) : '-';
  const near = family === 'ipv6' && from === 'client' && dice.chance(4);
  const source = near ? OF_THE_LINK : dice.pick(OWN[from]);
  const all = [...ADDRESSES, ...destinations, '172.17.0.1', '192.0.2.1'];
  const usable = (dice.chance(5) ? ODD[family] : all).filter(
    (address) => UNREACHABLE[from]?.test(address) !== true,
  );
  const protocol = dice.pick(['tcp', 'tcp', 'udp', 'udp', WORDS[family].icmp]);
  const port = dice.pick([...PORTS, ...ports]);
  // A number of its own for each, so that each is the first of its connection, and NAT may keep it.
  const number = 20_000 + (id % 40_000);
  const fields = {
    family,
    source: inFamily(family, source),
    destination: inFamily(family, dice.pick(usable)),
    protocol,
    ...entryOf(from, device),
  } as const;
  const ends = isIcmp(protocol) ? {} : { sourcePort: number, destinationPort: port };
  return { id, from, device, number, packet: makePacket({ ...fields, ...ends }) };
}

/**
 * What the one who got a packet answers; undefined for who cannot: nobody is there, or the answer would stay at home.
 * @param path - the way of the first packet
 */
export function answerTo(path: Path, id: number, number: number): Omit<Shot, 'packet'> | undefined {
  const { end, last } = path;
  if (end.at !== 'sent' || last.vague !== undefined || last.state !== 'NEW') return undefined;
  const home = HOMES[onMap(last.destination)];
  const source = onMap(last.source);
  if (home === undefined || home.dev !== end.outInterface || source.startsWith('127.')) return undefined;
  if (source === OF_THE_LINK) return undefined;
  if (UNREACHABLE[home.place]?.test(source) === true) return undefined;
  return { id, from: home.place, device: home.place === 'client' ? home.dev : '-', number };
}

/** What agent.pl is told. */
export function orderOf({ id, device, number, packet }: Shot): string {
  const { protocol, source, destination, sourcePort, destinationPort, tcpFlags = [], icmp } = packet;
  const detail = icmp?.type ?? tcpFlags.reduce((sum, flag) => sum | (FLAGS[flag] ?? 0), 0);
  const port = isIcmp(protocol) ? number : sourcePort;
  return ['send', id, protocol, source, destination, port, destinationPort, detail, device].join(' ');
}
