import { formatBlock, blockOf } from '../net/address.ts';
import { sameAddress } from './routing/addresses.ts';
import { linkOf } from './routing/local.ts';
import { portRange } from './match/ports.ts';
import type { Packet, Vague } from './packet.ts';
import { hasPorts, isIcmp } from './match/protocols.ts';
import { addressFor } from './routing/route.ts';
import type { RuleOption } from '../firewall/iptables/text/view.ts';
import type { Extension } from './match/rule-parts.ts';
import type { NetworkState } from './network-state.ts';

/** Which end of a connection a hook translates: the destination where it comes in, the source where it leaves. */
export type Side = 'source' | 'destination';

const PORTS = { source: 'sourcePort', destination: 'destinationPort' } as const;

/** What a translation makes of a packet; a text says why that is not known; 'drop' when the kernel drops it. */
export type TranslationResult = Packet | 'drop' | { readonly unknown: string };

interface Wanted {
  /** '' to keep it. */
  readonly address: string;
  /** '' to keep it. */
  readonly ports: string;
  readonly random: boolean;
}

const value = (options: readonly RuleOption[], name: string): string =>
  options.find((option) => option.name === name)?.values[0] ?? '';

const isRandom = (options: readonly RuleOption[]): boolean =>
  options.some(({ name }) => name === '--random' || name === '--random-fully');

/** `10.0.0.1:80`, `[fd00::1]:80`, `:80`, `10.0.0.1-10.0.0.9`, `fd00::1`. */
function wantedOf(text: string): Omit<Wanted, 'random'> {
  const bracket = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracket !== null) return { address: bracket[1] ?? '', ports: bracket[2] ?? '' };
  const colon = text.indexOf(':');
  if (colon === -1 || text.indexOf(':', colon + 1) !== -1) return { address: text, ports: '' };
  return { address: text.slice(0, colon), ports: text.slice(colon + 1) };
}

function put(packet: Packet, side: Side, { address, ports, random }: Wanted): TranslationResult {
  const vague = new Set<Vague>(packet.vague ?? []);
  const [first = '', last = first] = address.split('-');
  const own = packet[side];
  if (address !== '') {
    if (sameAddress(first, last)) vague.delete(side);
    else vague.add(side);
  }
  const portField = PORTS[side];
  let port = packet[portField];
  if (ports !== '' && hasPorts(packet.protocol)) {
    const range = portRange(ports.replace('-', ':'));
    if (range === undefined) vague.add(portField);
    else if (range[0] === range[1]) {
      [port] = range;
      vague.delete(portField);
      // A port of the range is kept where it can be (nf_nat_core.c, get_unique_tuple).
    } else if (port < range[0] || port > range[1]) vague.add(portField);
  }
  // ICMP's id is changed at random like a port, and answers must carry it.
  const numbered = hasPorts(packet.protocol) || isIcmp(packet.protocol);
  const [low, high] = portRange(ports.replace('-', ':')) ?? [];
  if (random && numbered && (low === undefined || low !== high)) vague.add(portField);
  const target = address === '' || vague.has(side) ? own : first;
  const changed = !sameAddress(target, own) || port !== packet[portField];
  const { vague: _, ...rest } = packet;
  return {
    ...rest,
    [side]: target,
    [portField]: port,
    translated: { ...packet.translated, [side]: packet.translated[side] || changed },
    ...(vague.size > 0 && { vague: [...vague] }),
  };
}

function mapped(packet: Packet, side: Side, network: string): TranslationResult {
  const to = blockOf(network);
  const from = blockOf(packet[side]);
  if (to === undefined || from === undefined || packet.vague?.includes(side)) return { unknown: 'NETMAP' };
  const hostMask = (1n << BigInt(from.length - to.length)) - 1n;
  const base = to.base | (from.base & hostMask);
  const address = formatBlock({ ...from, base }).split('/')[0] ?? '';
  return put(packet, side, { address, ports: '', random: false });
}

/** Where REDIRECT sends: a packet made here to loopback, another to the first address of the interface it came in by. */
function redirectTarget(netState: NetworkState, { family, inInterface }: Packet): string | undefined {
  if (inInterface === '') return family === 'ipv4' ? '127.0.0.1' : '::1';
  const own = (linkOf(netState, inInterface)?.addresses ?? []).filter((address) => address.family === family);
  if (family === 'ipv4') return own[0]?.address ?? '';
  const global = own.filter(({ scope }) => scope === 'global');
  return global.length === 1 ? global[0]?.address : undefined;
}

/** The targets that translate. */
export const NAT_TARGETS: ReadonlySet<string> = new Set(['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP']);

/**
 * What a target of the table `nat` makes of the first packet of a connection. A source port is taken as kept, as the
 * kernel keeps one that is free.
 *
 * @param nextHop - where the packet is sent next: MASQUERADE picks the address by it
 */
export function translate(
  { name, options }: Extension,
  packet: Packet,
  side: Side,
  netState: NetworkState,
  nextHop: string,
): TranslationResult {
  const random = isRandom(options);
  switch (name) {
    case 'DNAT':
    case 'SNAT': {
      const targets = options.filter(
        (option) => option.name === '--to-destination' || option.name === '--to-source',
      );
      if (targets.length !== 1) return { unknown: `${name} to several addresses` };
      return put(packet, side, { ...wantedOf(targets[0]?.values[0] ?? ''), random });
    }
    case 'MASQUERADE': {
      const { family, destination, outInterface: dev } = packet;
      const address = addressFor(netState, { family, destination, dev, nextHop });
      if (address === '') return 'drop';
      const ports = value(options, '--to-ports');
      // Where the interface has none it is another one's, and which is not known here: such as on lo.
      const some = address ?? (family === 'ipv4' ? '0.0.0.0-255.255.255.255' : '::-ffff::');
      return put(packet, side, { address: some, ports, random });
    }
    case 'REDIRECT': {
      const address = redirectTarget(netState, packet);
      if (address === undefined)
        return { unknown: `the address of ${packet.inInterface} that REDIRECT takes` };
      return address === ''
        ? 'drop'
        : put(packet, side, { address, ports: value(options, '--to-ports'), random });
    }
    default:
      return mapped(packet, side, value(options, '--to'));
  }
}
