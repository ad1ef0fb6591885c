import { planRepair, type LeaveAsIs, type Plan } from '../firewall/iptables/plan/plan.ts';
import type { Observation } from './observation.ts';
import { opensPolicies } from './reference.ts';

/** What a repair may do. */
export interface Planning {
  /** Whether FORWARD policies are set back too. */
  readonly policies: 'restore' | 'leave';
  /** Whether containers' rules may come back without an Engine that confirms them. */
  readonly assumeUnchanged: boolean;
}

/** What is known only after a plan was tried. */
export interface Tried {
  /** Rules this repair itself wrote (as `withdrawKey`), to be deleted again if they have become stale. */
  readonly withdraw?: ReadonlySet<string>;
  /** Rules the tool does not take (as `withdrawKey`), and why. */
  readonly unloadable?: ReadonlyMap<string, string>;
  /** What is left as it is by now, and why. */
  readonly leave?: LeaveAsIs;
}

/** The plan that repairs what was observed. No policy is opened beside an Engine: none requires that. */
export function planFor(
  { drift, sides, engine, own, content, lost }: Observation,
  { policies, assumeUnchanged }: Planning,
  tried: Tried = {},
): Plan {
  const liveness = engine.answered || assumeUnchanged ? 'known' : 'unknown';
  const closing = policies === 'restore' && !opensPolicies(engine, own) ? 'close' : policies;
  const plan = planRepair(drift, sides, { policies: closing, liveness, content, ...tried });
  const reason = 'it could not be recorded: load it again from the file or program that it comes from';
  return { ...plan, leftOut: [...plan.leftOut, ...lost.map((name) => ({ ...name, reason }))] };
}
