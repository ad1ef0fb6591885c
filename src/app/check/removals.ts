import type { Rule, Variant } from '../../firewall/iptables/text/model.ts';
import { reachChange } from '../../reach/change/compare.ts';
import { wayOf } from '../../reach/judge/foreign.ts';
import { judgedTable, type JudgedCell, type JudgingBasis } from '../../reach/judge/judge.ts';
import type { LeftTables } from '../../reach/judge/whose.ts';
import { coverOfCell, placeOfCell } from '../../reconcile/accept/covers.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import { isPolicyKept, removalOf, type Removal } from '../../doctor/remedies/removal.ts';
import type { FollowedHost } from './packets.ts';

/** What is beyond these is doctor's to explain. */
const MOST = 3;

/** What is Docker's on a host. */
interface DockersHere {
  /** Whether a rule is Docker's own. */
  readonly isDockers: (rule: Rule) => boolean;
  /** Tables that it left. */
  readonly left: LeftTables | undefined;
}

/**
 * The commands that take out what decides before Docker's rules, by the effect's id. Each was tried in memory: it is there only if every
 * way of its effect is as it should be without it, and none opens that should be closed.
 *
 * @param used - the variant that plain `iptables` writes to
 */
export function removalsFor(
  effects: readonly CheckEffect[],
  { packets, by }: FollowedHost,
  used: Variant,
  { isDockers, left }: DockersHere,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (by === undefined || !packets.judged) return found;
  const { cells } = packets.table;
  const tried = new Map<string, Trial>();
  for (const { id, effect, cause, deciders, covers } of effects) {
    const [decider, ...others] = deciders;
    if (cause !== 'overridden' || effect === 'unknown' || decider === undefined || others.length > 0)
      continue;
    if (decider.by === 'policy' && isPolicyKept(decider, by.terrain.netState)) continue;
    const theirs = cells.filter((cell) => covers.includes(coverOfCell(cell)));
    const removal = removalOf(decider, used, {
      bridges: [...new Set(theirs.flatMap(bridgeOf))],
      isOwn: theirs.some((cell) => isOwn(cell, by.judging)),
      left,
    });
    if (removal === undefined) continue;
    const { command } = removal;
    if (tried.size >= MOST && !tried.has(command)) continue;
    const trial = tried.get(command) ?? tryOn(removal, by, isDockers);
    tried.set(command, trial);
    if (trial.harmless && !theirs.some((cell) => trial.left.has(placeOfCell(cell)))) found.set(id, command);
  }
  return found;
}

/** The bridge by which the packets of a way come in, or leave. */
const bridgeOf = ({ asker, asked }: JudgedCell): readonly string[] =>
  asker.by === 'container' ? [asker.spot.bridge] : 'spot' in asked ? [asked.spot.bridge] : [];

/** Whether what decides is the operator's own but for answers that it ends. */
const isOwn = ({ decider, asker, asked, differs }: JudgedCell, { whose }: JudgingBasis): boolean =>
  decider !== undefined &&
  decider.by !== 'kernel' &&
  whose({ ...decider, later: undefined }, wayOf(asker, asked, differs)) === 'operator';

interface Trial {
  /** Nothing opens without it that Docker does not mean to be reached. */
  readonly harmless: boolean;
  /** Ways that are not as meant without it either. */
  readonly left: ReadonlySet<string>;
}

function tryOn(
  { after }: Removal,
  { terrain, judging }: NonNullable<FollowedHost['by']>,
  isDockers: (rule: Rule) => boolean,
): Trial {
  const without = { ...terrain, netState: after(terrain.netState) };
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
    left: new Set(cells.filter(({ differs }) => differs !== 'same').map(placeOfCell)),
  };
}
