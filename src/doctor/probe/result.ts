import type { Family } from '../../net/family.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';

/** What became of a packet, as its sender saw it. */
export type ProbeAnswer = 'answered' | 'refused' | 'silent' | 'unreachable' | 'unsent';

/** What became of one packet. */
export interface ProbeReply {
  readonly answer: ProbeAnswer;
  /** The error's name, or why nothing was sent; '' else. */
  readonly detail: string;
}

/** One packet of a probe on one interface of this host. */
export interface CapturedPacket {
  /** '' from a tcpdump too old to name it. */
  readonly link: string;
  /** On its way out of the interface; else it came in by it. */
  readonly out: boolean;
  /** On its way back to the sender. */
  readonly reply: boolean;
  readonly source: string;
  readonly destination: string;
}

/** A rule, or a policy, and what it had counted before and after. */
export interface RuleCount {
  readonly family: Family;
  /** Of iptables; absent for one of nftables' own tables. */
  readonly variant?: Variant;
  readonly table: string;
  readonly chain: string;
  /** The rule's text; `policy DROP` for a policy. */
  readonly text: string;
  /** Packets, in decimal. */
  readonly before: string;
  readonly after: string;
  /** DROP or REJECT. */
  readonly ends: boolean;
}

/** A packet that was sent besides, from elsewhere or to another address of this host. */
export interface OtherPacket {
  readonly from: string;
  readonly to: string;
  readonly answer: ProbeAnswer;
  readonly detail: string;
}

/** Everything that was observed of one probe. */
export interface ProbeResult {
  /** Whose packets these were: `this host`, or a container. */
  readonly from: string;
  /** `192.0.2.1:8080/tcp` */
  readonly to: string;
  /** Sent from this host in place of an outsider: they passed OUTPUT, where the traced packet passes PREROUTING and FORWARD. */
  readonly standsIn: boolean;
  /** The container they are for; '' for what leaves this host, or ends on it. */
  readonly target: string;
  /** What the target would see in place of a client behind docker-proxy: the bridge's address; '' where it is not known. */
  readonly gateway: string;
  readonly answer: ProbeAnswer;
  /** The error's name, or why nothing was sent. */
  readonly detail: string;
  /** Rules of the path, and those that end packets like these and have counted meanwhile; undefined where they could not be read. */
  readonly ruleCounts: readonly RuleCount[] | undefined;
  /** In the order they were seen; undefined where tcpdump did not watch. */
  readonly captured: readonly CapturedPacket[] | undefined;
  /** Interfaces that lead to nobody but the receiver: seen going out there, a packet has arrived as far as this host goes. */
  readonly doors: readonly string[];
  /** A docker-proxy process serves this port. */
  readonly proxy: boolean;
  /** What the DNAT rule of the published port did; `none` where nothing is to be translated. */
  readonly translation: 'counted' | 'still' | 'missing' | 'none' | 'unknown';
  readonly others: readonly OtherPacket[];
  /** What limits the observation, for people. */
  readonly notes: readonly string[];
}

/** Whether a rule has counted anything. */
export const hasCounted = ({ before, after }: RuleCount): boolean => BigInt(after) > BigInt(before);
