import type { Variant, Rule } from '../firewall/iptables/text/model.ts';
import type { MatchContext } from './match-context.ts';
import type { Packet } from './packet.ts';
import type { ChainWay, Hook, Path, PathEnd, PathStep } from './path.ts';
import type { NetworkState } from './network-state.ts';
import type { Side } from './translate.ts';

/** Something that is not known here, and on which the path may depend. */
export interface Doubt {
  readonly why: string;
  readonly table?: string;
  readonly chain?: string;
  readonly rule?: Rule;
}

/** Where routing leads a packet out. */
export interface Outway {
  readonly dev: string;
  /** '' for the destination itself. */
  readonly via: string;
}

/** One run along one branch of a path: which answers it assumes where something is not known, and how far it came. */
export interface Walk {
  readonly netState: NetworkState;
  /** Answers to the first doubts, as the caller chose them; further doubts take the usual one. */
  readonly chosen: readonly boolean[];
  /** Every doubt so far with the answer that was taken. */
  readonly doubts: { readonly doubt: Doubt; readonly taken: boolean }[];
  readonly steps: PathStep[];
  /** The path of the connection's first packet, where this one answers it. */
  readonly answers: Path | undefined;
  /** The path of the connection's first packet, where this one comes after it from the same end. */
  readonly follows: Path | undefined;
  packet: Packet;
  tracked: boolean;
  bridged: boolean;
  /** Where it is sent next, once it is routed out. */
  nextHop: string;
  changedSets: ReadonlySet<string>;
  /** By which interface a packet made here leaves, and to whom. */
  way: Outway | undefined;
  /** Routes a packet made here again, for what was changed of it; absent where none is to be. */
  reroute: (() => PathEnd | undefined) | undefined;
  /** Which ends of the connection are settled, by a translation or by none: each is settled once. */
  settled: ReadonlySet<Side>;
}

/** Begins a run at the start of the path. */
export function startWalk(
  packet: Packet,
  netState: NetworkState,
  chosen: readonly boolean[],
  { answers, follows }: Partial<Pick<Walk, 'answers' | 'follows'>> = {},
): Walk {
  return {
    ...{ netState, chosen, doubts: [], steps: [], answers, follows, packet, tracked: false, bridged: false },
    ...{ nextHop: '', changedSets: new Set<string>(), settled: new Set<Side>() },
    ...{ way: undefined, reroute: undefined },
  };
}

/** Takes one branch where something is not known: the chosen one, else `usual`. */
export function decide(walk: Walk, doubt: Doubt, usual: boolean): boolean {
  const taken = walk.chosen[walk.doubts.length] ?? usual;
  walk.doubts.push({ doubt, taken });
  return taken;
}

/** What the rules of a hook may ask. */
export function factsAt(walk: Walk, hook: Hook): MatchContext {
  const { packet, netState, tracked, bridged, changedSets, answers, follows } = walk;
  const isOriginal = packet.state === 'NEW' || follows !== undefined;
  const direction = answers !== undefined ? 'reply' : isOriginal ? 'original' : undefined;
  return { packet, netState, hook, tracked, bridged, changedSets, direction };
}

/** Notes what was decided without a rule. */
export function note(walk: Walk, hook: Hook, stage: string, what: string): void {
  walk.steps.push({ hook, stage, what });
}

/** The end of a path on which something is not known. */
export const unknownEnd = (doubt: Doubt): PathEnd => ({ at: 'unknown', ...doubt });

/** Where a chain is being run. */
export interface TablePlace {
  readonly hook: Hook;
  readonly variant: Variant;
  readonly table: string;
  /** Absent in the hook's own chain. */
  readonly led?: ChainWay;
}
