import type { Backend, Rule } from '../iptables/model.ts';
import type { Facts } from './facts.ts';
import type { Packet } from './packet.ts';
import type { Hook, Path, PathEnd, PathStep } from './path.ts';
import type { Terrain } from './terrain.ts';
import type { Side } from './translate.ts';

/** Something that is not known here, and on which the path may depend. */
export interface Doubt {
  readonly why: string;
  readonly table?: string;
  readonly chain?: string;
  readonly rule?: Rule;
}

/** One run along a path. What is not known it takes as it is told: the first answers are given, the others are its own. */
export interface Walk {
  readonly terrain: Terrain;
  readonly told: readonly boolean[];
  /** Every doubt so far with the answer that was taken. */
  readonly doubts: { readonly doubt: Doubt; readonly taken: boolean }[];
  readonly steps: PathStep[];
  /** The path of the connection's first packet, where this one answers it. */
  readonly answers: Path | undefined;
  packet: Packet;
  tracked: boolean;
  bridged: boolean;
  /** Where it is sent next, once it is routed out. */
  nextHop: string;
  changedSets: ReadonlySet<string>;
  /** How far nftables' own chains of the present hook were passed: those of a lower priority. */
  nativesPassed: { readonly hook: Hook; readonly before: number };
  /** Which ends of the connection are settled, by a translation or by none: each is settled once. */
  settled: ReadonlySet<Side>;
}

/** Sets out. */
export function startWalk(
  packet: Packet,
  terrain: Terrain,
  told: readonly boolean[],
  answers: Path | undefined,
): Walk {
  return {
    ...{ terrain, told, doubts: [], steps: [], answers, packet, tracked: false, bridged: false },
    ...{ nextHop: '', changedSets: new Set<string>(), settled: new Set<Side>() },
    nativesPassed: { hook: 'PREROUTING', before: -Infinity },
  };
}

/** Takes one branch where a doubt parts the way: the one it is told, else `usual`. */
export function decide(walk: Walk, doubt: Doubt, usual: boolean): boolean {
  const taken = walk.told[walk.doubts.length] ?? usual;
  walk.doubts.push({ doubt, taken });
  return taken;
}

/** What the rules of a hook may ask. */
export function factsAt(walk: Walk, hook: Hook): Facts {
  const { packet, terrain, tracked, bridged, changedSets, answers } = walk;
  const direction = answers !== undefined ? 'reply' : packet.state === 'NEW' ? 'original' : undefined;
  return { packet, terrain, hook, tracked, bridged, changedSets, direction };
}

/** Notes what was decided without a rule. */
export function note(walk: Walk, hook: Hook, stage: string, what: string): void {
  walk.steps.push({ hook, stage, what });
}

/** The end of a path on which something is not known. */
export const unknownEnd = (doubt: Doubt): PathEnd => ({ at: 'unknown', ...doubt });

/** Where a chain is being run. */
export interface Place {
  readonly hook: Hook;
  readonly backend: Backend;
  readonly table: string;
}
