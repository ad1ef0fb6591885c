import { blockOf } from '../../net/address.ts';
import type { Span } from '../../firewall/nftables/text/model.ts';
import type { MatchResult } from '../match-result.ts';
import { hasPorts, isIcmp, protocolNumber } from '../match/protocols.ts';
import { isVague, type Packet } from '../packet.ts';

/** Some bits of a header, from the first at `at`: what they hold, or that this is not known. */
interface HeaderPart {
  readonly at: number;
  readonly length: number;
  /** Undefined where NAT made it something that is not known here. */
  readonly value: bigint | undefined;
}

const RAW = /^@(nh|th),(\d+),(\d+)$/;

/** Whether a field is bits of a header, as nft names those that have no name: `@th,96,24`. */
export const isRaw = (field: string): boolean => RAW.test(field);

/**
 * Whether those bits of a packet have one of the values of a span. What is known of a packet are its addresses, ports and protocol, what
 * kind of ICMP it is and which flags of TCP it has; bits between, and what it carries, are not known. A packet that is followed has neither
 * options nor extension headers. Of other bits than whole bytes nft 1.1.7 lists some that it was not given: they are not followed.
 *
 * @param mask - the bits that are compared
 */
export function rawIn(field: string, { first, last }: Span, packet: Packet, mask?: string): MatchResult {
  const [, base, at, length] = RAW.exec(field) ?? [];
  const [low, high, bits] = [first, last, mask ?? 'all'].map(numberOf);
  const width = Number(length);
  const isWhole = Number(at) % BYTE === 0 && width % BYTE === 0 && width > 0 && width <= MOST;
  if (low === undefined || high === undefined || !isWhole) return `nft: ${field}`;
  const whole = (1n << BigInt(width)) - 1n;
  const asked = mask === undefined ? whole : bits;
  if (asked === undefined) return `nft: ${field}`;
  const { value, known } = bitsOf(base === 'nh' ? networkHeader(packet) : transportHeader(packet), {
    at: Number(at),
    length: width,
  });
  if ((known & asked) === asked) {
    const own = value & asked;
    return low <= own && own <= high;
  }
  // One bit that is another is enough, where one value is asked for.
  return low === high && ((value ^ low) & known & asked) !== 0n ? false : `nft: ${field}`;
}

const BYTE = 8;
/** As long as the longest value nft compares. */
const MOST = 128;

const numberOf = (text: string): bigint | undefined =>
  /^(?:0x[\da-f]+|\d+)$/i.test(text) ? BigInt(text) : undefined;

/** The bits asked for, and which of them are known. */
function bitsOf(
  parts: readonly HeaderPart[],
  { at, length }: Omit<HeaderPart, 'value'>,
): { readonly value: bigint; readonly known: bigint } {
  let [value, known] = [0n, 0n];
  for (let bit = 0; bit < length; bit++) {
    const part = parts.find((one) => one.at <= at + bit && at + bit < one.at + one.length);
    value <<= 1n;
    known <<= 1n;
    if (part?.value === undefined) continue;
    value |= (part.value >> BigInt(part.at + part.length - 1 - at - bit)) & 1n;
    known |= 1n;
  }
  return { value, known };
}

const part = (at: number, length: number, value: number | bigint | undefined): HeaderPart => ({
  at,
  length,
  value: value === undefined ? undefined : BigInt(value),
});

function networkHeader(packet: Packet): readonly HeaderPart[] {
  const { family, protocol } = packet;
  const address = (side: 'source' | 'destination'): bigint | undefined =>
    isVague(packet, side) ? undefined : blockOf(packet[side])?.base;
  const carries = protocolNumber(protocol);
  return family === 'ipv4'
    ? [
        part(0, 8, 0x45),
        part(72, 8, carries),
        part(96, 32, address('source')),
        part(128, 32, address('destination')),
      ]
    : [
        part(0, 4, 6),
        part(48, 8, carries),
        part(64, 128, address('source')),
        part(192, 128, address('destination')),
      ];
}

/** The flags in their byte, the highest first. */
const FLAGS = ['CWR', 'ECE', 'URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'];

function transportHeader(packet: Packet): readonly HeaderPart[] {
  const { protocol, icmp, tcpFlags } = packet;
  if (isIcmp(protocol)) return icmp === undefined ? [] : [part(0, 8, icmp.type), part(8, 8, icmp.code)];
  if (!hasPorts(protocol)) return [];
  const port = (side: 'sourcePort' | 'destinationPort') => (isVague(packet, side) ? undefined : packet[side]);
  return [
    part(0, 16, port('sourcePort')),
    part(16, 16, port('destinationPort')),
    ...(tcpFlags === undefined
      ? []
      : [
          part(
            104,
            8,
            FLAGS.reduce((byte, flag) => byte * 2 + Number(tcpFlags.includes(flag)), 0),
          ),
        ]),
  ];
}
