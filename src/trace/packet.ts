import type { Family } from '../net/family.ts';
import { PORT_PROTOCOLS } from '../net/protocol.ts';

export const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'] as const;
/** What conntrack makes of a packet, in the words of `-m conntrack --ctstate`. */
export type ConnState = (typeof STATES)[number];

/** A packet as the rules see it, at one point of its path. */
export interface Packet {
  readonly family: Family;
  /** Interface it came in by; '' for one that was made on this machine. */
  readonly inInterface: string;
  /** Interface it leaves by; '' before it is routed, and for one that ends here. */
  readonly outInterface: string;
  /** Port of a bridge it came in by; '' for none. */
  readonly inPort: string;
  readonly source: string;
  readonly destination: string;
  /** In the words of `-p`: `tcp`, `udp`, `icmp`, `ipv6-icmp`, `sctp`, or a number. */
  readonly protocol: string;
  /** 0 where the protocol has none. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Only of ICMP. */
  readonly icmp?: { readonly type: number; readonly code: number };
  /** Only where it is known: of neighbour discovery. */
  readonly hopLimit?: number;
  /** Only of neighbour discovery: packets like it come so seldom that they use up no rate of one or more a second. */
  readonly isSeldom?: true;
  /** Only of TCP: the flags that are set, in the words of `--tcp-flags`. */
  readonly tcpFlags?: readonly string[];
  readonly state: ConnState;
  readonly mark: number;
  readonly connmark: number;
  /** What NAT did to the connection so far, in the words of `--ctstate`. */
  readonly translated: { readonly source: boolean; readonly destination: boolean };
  /** The connection's first destination and port, before DNAT. */
  readonly original: {
    readonly source: string;
    readonly destination: string;
    readonly destinationPort: number;
  };
  /** What was changed to a value that is not known here (a range, `--random`); the field then holds what it was before. */
  readonly vague?: readonly Vague[];
}

/** A field of a packet whose value may be unknown. */
export type Vague = 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'mark' | 'connmark';

/** Whether one of some fields of a packet is not known. */
export const isVague = ({ vague = [] }: Pick<Packet, 'vague'>, ...fields: readonly Vague[]): boolean =>
  fields.some((field) => vague.includes(field));

const ECHO = { ipv4: { type: 8, code: 0 }, ipv6: { type: 128, code: 0 } } as const;

/**
 * A packet of which only what matters is said: else the first one of a TCP connection to port 80, made on this machine,
 * unmarked and not translated. ICMP without a type is an echo request.
 *
 * @param fields - what is to be different
 */
export function makePacket(
  fields: Partial<Packet> & Pick<Packet, 'family' | 'source' | 'destination'>,
): Packet {
  const { protocol = 'tcp', state = 'NEW', source, destination } = fields;
  const ports = PORT_PROTOCOLS.has(protocol);
  const { sourcePort = ports ? 40_000 : 0, destinationPort = ports ? 80 : 0 } = fields;
  return {
    inInterface: '',
    outInterface: '',
    inPort: '',
    mark: 0,
    connmark: 0,
    translated: { source: false, destination: false },
    original: { source, destination, destinationPort },
    ...(protocol.includes('icmp') && { icmp: ECHO[fields.family] }),
    ...(protocol === 'tcp' && { tcpFlags: state === 'NEW' ? ['SYN'] : ['ACK'] }),
    ...fields,
    protocol,
    state,
    sourcePort,
    destinationPort,
  };
}
