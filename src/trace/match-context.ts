import type { MatchResult } from './match-result.ts';
import type { Packet } from './packet.ts';
import type { Hook } from './path.ts';
import type { NetworkState } from './network-state.ts';

/** What a condition of a rule may depend on. */
export interface MatchContext {
  readonly packet: Packet;
  readonly netState: NetworkState;
  readonly hook: Hook;
  /** Whether conntrack has seen the packet; it has not in the table `raw`, nor a packet it cannot make sense of. */
  readonly tracked: boolean;
  /** Which way it goes in its connection; undefined where that is not known. */
  readonly direction: 'original' | 'reply' | undefined;
  /** Whether the packet is carried from port to port of a bridge. */
  readonly bridged: boolean;
  /** Sets that a rule on the way has changed. */
  readonly changedSets: ReadonlySet<string>;
}

/** One condition of a rule, ready to be asked. */
export type Test = (facts: MatchContext) => MatchResult;
