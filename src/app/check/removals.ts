import type { Rule, Variant } from '../../firewall/iptables/text/model.ts';
import { reachChange } from '../../reach/change/compare.ts';
import { deciderKey, type Decider } from '../../reach/judge/decider.ts';
import { isOpen, judgedTable } from '../../reach/judge/judge.ts';
import { stateWithout } from '../../reach/judge/without.ts';
import { coverOfCell, placeOfCell } from '../../reconcile/accept/covers.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import { removalOf } from '../../doctor/remedies/removal.ts';
import type { FollowedHost } from './packets.ts';

/** What is beyond these is doctor's to explain. */
const MOST = 3;

/**
 * The commands that take out what decides before Docker's rules, by the effect's id. Each was tried in memory: it is there only if every
 * way of its effect is as it should be without it, and none opens that should be closed.
 *
 * @param used - the variant that plain `iptables` writes to
 * @param isDockers - whether a rule is Docker's own
 */
export function removalsFor(
  effects: readonly CheckEffect[],
  { packets, by }: FollowedHost,
  used: Variant,
  isDockers: (rule: Rule) => boolean,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (by === undefined || !packets.judged) return found;
  const { cells } = packets.table;
  const tried = new Map<string, Trial>();
  for (const { id, effect, cause, deciders, covers } of effects) {
    const [decider, ...others] = deciders;
    if (cause !== 'overridden' || effect === 'unknown' || decider === undefined || others.length > 0)
      continue;
    const command = removalOf(decider, used);
    const key = deciderKey(decider);
    if (command === undefined || (tried.size >= MOST && !tried.has(key))) continue;
    const trial = tried.get(key) ?? tryWithout(decider, by, isDockers);
    tried.set(key, trial);
    const theirs = cells.filter((cell) => covers.includes(coverOfCell(cell))).map(placeOfCell);
    if (trial.harmless && !theirs.some((place) => trial.left.has(place))) found.set(id, command);
  }
  return found;
}

interface Trial {
  /** Nothing opens without it that Docker does not mean to be reached. */
  readonly harmless: boolean;
  /** Ways that are not as meant without it either. */
  readonly left: ReadonlySet<string>;
}

function tryWithout(
  decider: Decider,
  { terrain, judging }: NonNullable<FollowedHost['by']>,
  isDockers: (rule: Rule) => boolean,
): Trial {
  const without = { ...terrain, netState: stateWithout(terrain.netState, [decider]) };
  const { worse, unknown } = reachChange(terrain, without, isDockers);
  const { cells } = judgedTable(without, judging);
  // A port that is published is meant to be reached, by whatever address.
  const opened = worse.filter(
    ({ cell: { should, asked } }) =>
      should === 'stopped' ||
      (should === 'no-promise' && asked.what !== 'own-port' && asked.what !== 'published'),
  );
  return {
    harmless: opened.length === 0 && unknown.length === 0,
    left: new Set(cells.filter(isOpen).map(placeOfCell)),
  };
}
