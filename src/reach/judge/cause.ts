import type { Effect } from '../cell.ts';
import { actors, deciderKey, endingOf, ledAway, type Decider } from './decider.ts';
import type { FollowedCell } from '../follow.ts';

/**
 * Why a cell is not as Docker means it.
 *
 * - `lost`: rules of Docker's are lost, or left over: a restore repairs the cell.
 * - `operator`: what decides is the operator's own: see {@link Whose}.
 * - `overridden`: somebody else's rule, policy or table decides before Docker's.
 * - `docker`: a rule of Docker's decides though Docker's rules are whole.
 * - `host`: a route, a setting of the kernel's, an interface.
 */
export type Cause = 'lost' | 'operator' | 'overridden' | 'docker' | 'host';

/** A decider that somebody wrote. */
export type WrittenDecider = Exclude<Decider, { by: 'kernel' }>;

/**
 * Whose a decider is: Docker's; the operator's own (DOCKER-USER, a recognised firewall manager's chains, the host's own INPUT and
 * OUTPUT, what stood in the newest baseline and decided about the same kind of way); or any other. `whoseBy` makes one.
 *
 * @param way - the kind of way that it decides about, as `wayOf` names it
 */
export type Whose = (decider: WrittenDecider, way: string) => 'docker' | 'operator' | 'other';

/** Why a cell differs, and by what. */
export interface Judgement {
  readonly cause: Cause;
  readonly decider: Decider;
}

/**
 * Finds what decides about a cell that is not as Docker means it: whatever the cell would fare otherwise without.
 *
 * @param is - effect of the cell as it is, and the kind of way it is, as `wayOf` names it
 * @param without - follows the cell's packets once more without some deciders, and says the effect
 */
export function judge(
  followed: FollowedCell,
  is: { readonly effect: Effect; readonly way: string },
  whoseOn: Whose,
  without: (gone: readonly Decider[]) => Effect,
): Judgement {
  const { effect, way } = is;
  const whose = (decider: WrittenDecider) => whoseOn(decider, way);
  const end = endingOf(followed);
  const acting = actors(followed).filter((one): one is WrittenDecider => one.by !== 'kernel');
  const others = acting.filter((one) => whose(one) === 'other');
  const own = acting.filter((one) => whose(one) === 'operator');
  if (effect === 'unknown') {
    const [decider] = [...others, ...own];
    if (decider !== undefined) return { cause: others.length > 0 ? 'overridden' : 'operator', decider };
    return byEnd(end, whose);
  }
  const changes = (gone: readonly Decider[]): boolean => gone.length > 0 && without(gone) !== effect;
  const isIn = (all: readonly Decider[]): boolean => all.some((one) => deciderKey(one) === deciderKey(end));
  const pick = (all: readonly Decider[]): Decider => {
    if (isIn(all)) return end;
    const alone = all.length > 1 ? all.find((one) => changes([one])) : undefined;
    return alone ?? all[0] ?? end;
  };
  if ((own.length === 0 && isIn(others)) || changes(others))
    return { cause: 'overridden', decider: pick(others) };
  if (isIn(own) || changes([...others, ...own])) return { cause: 'operator', decider: pick(own) };
  const judgement = byEnd(end, whose);
  // Docker's rules are right to stop what is led out by another interface than its own.
  const led = judgement.cause === 'docker' ? ledAway(followed) : undefined;
  return led !== undefined && changes([led]) ? { cause: 'host', decider: led } : judgement;
}

function byEnd(end: Decider, whose: (decider: WrittenDecider) => ReturnType<Whose>): Judgement {
  if (end.by === 'kernel') return { cause: 'host', decider: end };
  const owner = whose(end);
  return { cause: owner === 'other' ? 'overridden' : owner, decider: end };
}
