import { makePacket, type Packet } from '../../../src/trace/packet.ts';
import type { Dice } from './dice.ts';
import { ADDRESSES, PORTS, type Scene } from './rulesets.ts';
import type { PlaceName } from './town.ts';

/** A packet with who sends it. */
export interface Shot {
  readonly id: number;
  readonly from: PlaceName;
  /** Interface it is sent by; '-' for whichever its route says. */
  readonly device: string;
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

/** What a place does not send to over its wire: itself, and neighbours it has none of. */
const UNREACHABLE: Partial<Readonly<Record<PlaceName, RegExp>>> = {
  client: /^(?:192\.0\.2|198\.51\.100)\.[23]$/,
  c1: /^172\.17\.0\.(?:2|[5-9])$/,
  c2: /^172\.17\.0\.[3-9]$/,
  c3: /^172\.18\.0\.[2-9]$/,
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
export function throwShot(dice: Dice, id: number, { destinations, ports }: Scene): Shot {
  const from = dice.pick(['client', 'client', 'client', 'c1', 'c1', 'c2', 'c3', 'host', 'host'] as const);
  const device = from === 'client' ? dice.pick(['eth0', 'eth0', 'eth0', 'eth1']) : '-';
  const source = dice.pick(OWN[from]);
  const all = [...ADDRESSES, ...destinations, '172.17.0.1', '192.0.2.1'];
  const usable = (
    dice.chance(5) ? ['203.0.113.130', '203.0.113.200', '10.99.0.1', '172.18.0.7'] : all
  ).filter((address) => UNREACHABLE[from]?.test(address) !== true);
  const protocol = dice.pick(['tcp', 'tcp', 'udp', 'udp', 'icmp']);
  const port = dice.pick([...PORTS, ...ports]);
  // A number of its own for each, so that each is the first of its connection, and NAT may keep it.
  const number = 20_000 + (id % 40_000);
  const fields = {
    family: 'ipv4',
    source,
    destination: dice.pick(usable),
    protocol,
    ...entryOf(from, device),
  } as const;
  const ends = protocol === 'icmp' ? {} : { sourcePort: number, destinationPort: port };
  return { id, from, device, packet: makePacket({ ...fields, ...ends }) };
}

/** What agent.pl is told. */
export function orderOf({ id, device, packet }: Shot): string {
  const { protocol, source, destination, sourcePort, destinationPort, tcpFlags = [], icmp } = packet;
  const detail = icmp?.type ?? tcpFlags.reduce((sum, flag) => sum | (FLAGS[flag] ?? 0), 0);
  const number = protocol === 'icmp' ? 20_000 + (id % 40_000) : sourcePort;
  return ['send', id, protocol, source, destination, number, destinationPort, detail, device].join(' ');
}
