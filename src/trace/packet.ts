import type { Family } from '../iptables/model.ts';

export const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'] as const;
/** What conntrack makes of a packet, in the words of `-m conntrack --ctstate`. */
export type State = (typeof STATES)[number];

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
  /** Only of TCP: the flags that are set, in the words of `--tcp-flags`. */
  readonly tcpFlags?: readonly string[];
  readonly state: State;
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
}
