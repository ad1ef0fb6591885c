import type { Followed } from '../paths/follow.ts';
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
