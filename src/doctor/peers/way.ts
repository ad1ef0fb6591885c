import type { Check, Diagnosis } from '../diagnosis.ts';
import type { Followed } from '../paths/follow.ts';
import type { PeerCause, PeerHost, PeerLeg, PeerTarget } from './peer.ts';
import type { Crossing } from './wire.ts';

/** The way of a question and its answer, each part as far as it was followed. */
export interface PeerWay {
  readonly out: Followed | undefined;
  readonly there: Crossing | undefined;
  /** Into the other host, and the answer out of it. */
  readonly into: readonly Followed[];
  readonly back: Crossing | undefined;
  readonly home: Followed | undefined;
}

/** Both hosts. */
export interface BothHosts {
  readonly asking: PeerHost;
  readonly asked: PeerHost;
}

/** What is asked of two hosts. */
export interface PeersQuestion {
  /** A container, a service or a network of the asking host, or `host`, as typed. */
  readonly asker: string;
  readonly target: PeerTarget;
}

/** What was found out about one way, by whatever kind of network it leads. */
export interface FoundWay {
  readonly causes: readonly PeerCause[];
  readonly legs: readonly PeerLeg[];
  readonly diagnoses: { readonly asking: Diagnosis; readonly asked: Diagnosis };
  /** Whether a part of it was not followed at all. */
  readonly isCut: boolean;
  /** What is not seen of this kind of way. */
  readonly notes: readonly Check[];
}
