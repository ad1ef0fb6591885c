import type { SocketProtocol } from '../../net/protocol.ts';
import type { Path } from '../../trace/path.ts';
import type { Check, CheckVerdict, Diagnosis } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import type { ReadingAbout } from '../recorded/readings.ts';

/** One of two hosts. */
export interface PeerHost {
  readonly about: ReadingAbout;
  readonly facts: Facts;
  /** Seconds since it was read; negative where its clock is ahead. */
  readonly age: number;
}

/** Which of both hosts, or the wire between them. */
export type PeerPlace = 'asking' | 'asked' | 'between';

/** Somebody's address and port. */
export interface PeerTarget {
  readonly address: string;
  readonly port: number;
  readonly proto: SocketProtocol;
}

/** A packet on the wire: it has left one host and is on its way to the other. */
export interface WirePacket extends PeerTarget {
  /** Its source, after NAT. */
  readonly source: string;
  /** The interface it left by. */
  readonly dev: string;
  /** '' for its destination itself. */
  readonly nextHop: string;
  /** Whether it really leaves so; else it is as it would be once its own host lets it out. */
  readonly isSeen: boolean;
}

/** One part of the way there and back. */
export interface PeerLeg {
  readonly place: PeerPlace;
  /** `out`, `there` and `in` of the question; `answer`, `back` and `home` of its answer. */
  readonly part: 'out' | 'there' | 'in' | 'answer' | 'back' | 'home';
  readonly verdict: CheckVerdict;
  /** What becomes of the packet, in one line. */
  readonly what: string;
  /** Through a host, rule by rule; absent between the hosts. */
  readonly path?: Path;
  /** Between the hosts; absent on one. */
  readonly wire?: WireEnds;
}

/** What both hosts show of one direction over the wire. */
export interface WireEnds {
  readonly packet: WirePacket;
  readonly from: WireEnd;
  readonly to: WireEnd;
  /** Whether nobody routes between both interfaces. */
  readonly isDirect: boolean;
}

/** One end of the wire. */
export interface WireEnd {
  readonly host: string;
  /** '' where nothing says which. */
  readonly dev: string;
  /** Bytes of the largest packet that it takes; undefined where that is not known. */
  readonly mtu: number | undefined;
}

/** A cause, and where it is: there the commands of its remedies are to be typed. */
export interface PeerCause {
  readonly place: PeerPlace;
  /** The host to type at; of what is between, the one whose setting helps, or '' for none. */
  readonly host: string;
  readonly check: Check;
}

/** What one of both hosts shows. */
export interface PeerDiagnosis {
  readonly about: ReadingAbout;
  readonly diagnosis: Diagnosis;
}

/** What was found out about the way from somebody on one host to somebody on another. */
export interface PeersDiagnosis {
  /** Who asks, as requested. */
  readonly asker: string;
  readonly target: PeerTarget;
  /** `fail` with a cause; else `unknown` if anything on the way is; else `ok`. */
  readonly verdict: Diagnosis['verdict'];
  /** In the order a packet meets them; the first is the answer. */
  readonly causes: readonly PeerCause[];
  readonly legs: readonly PeerLeg[];
  readonly asking: PeerDiagnosis;
  readonly asked: PeerDiagnosis;
  /** What is judged of the wire and of the facts themselves. */
  readonly between: readonly Check[];
}
