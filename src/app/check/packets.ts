import type { Unseen } from '../../doctor/facts/facts.ts';
import type { RuleName } from '../../firewall/iptables/text/model.ts';
import type { StoodRule } from '../../reach/judge/foreign.ts';
import { FAMILIES } from '../../net/family.ts';
import { tooManyAlone } from '../../reach/alike/alone.ts';
import { withNewDoubts } from '../../reach/judge/doubts.ts';
import { judgedTable, type JudgingBasis } from '../../reach/judge/judge.ts';
import type { Terrain } from '../../reach/terrain.ts';
import type { Observation } from '../../reconcile/observation.ts';
import { judgingBasis, leftToText, stoodIn } from '../../reconcile/judging.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { PacketsSeen } from '../../reconcile/verdict/verdict.ts';
import type { TerrainReader } from '../reach/ports.ts';
import {
  readAround,
  setAsideParts,
  terrainOf,
  unreadParts,
  type TerrainSurroundings,
} from '../reach/read-terrain.ts';

/** What packets do on an observed host, and what that was judged by: for whatever else is asked about the same host. */
export interface FollowedHost {
  readonly packets: PacketsSeen;
  /** Undefined where no packet was followed. */
  readonly by: { readonly terrain: Terrain; readonly judging: JudgingBasis } | undefined;
}

/** What packets are followed by. */
interface FollowedBy {
  readonly observation: Observation;
  /** What is the operator's own, see `stoodIn`. */
  readonly stood: readonly StoodRule[];
  /** Rules of DOCKER-USER that could not be read when the baseline was recorded. */
  readonly knownUnread?: readonly RuleName[] | undefined;
  /** Why packets say nothing about the comparison, see `leftToText`; undefined where they do. */
  readonly leftToText?: string | undefined;
}

/** What packets of an observation are followed by, compared with a reference. */
export const followedBy = (observation: Observation, reference: Reference): FollowedBy => ({
  observation,
  stood: stoodIn(reference),
  knownUnread: reference.stored?.baseline.unread,
  // A baseline says nothing about Docker's own tables.
  leftToText: observation.tables === undefined ? leftToText(reference) : undefined,
});

/**
 * Follows packets through an observed host, and judges what becomes of them.
 *
 * @param surroundings - read beside the observation
 */
export async function followPackets(
  host: Pick<TerrainReader, 'readOther' | 'readSets'>,
  { observation, stood, knownUnread = [], leftToText }: FollowedBy,
  surroundings: TerrainSurroundings,
): Promise<FollowedHost> {
  const { engine, intent, live } = observation;
  const aside = engine.answered ? setAsideParts(engine.inventory) : [];
  const unfollowed = (why: string, unseen: readonly Unseen[] = []): FollowedHost => ({
    packets: { judged: false, why, unread: [...aside, ...unreadParts(unseen)] },
    by: undefined,
  });
  if (leftToText !== undefined) return unfollowed(leftToText);
  if (!engine.answered) return unfollowed('no Engine says what is meant to be reached');
  const { inventory } = engine;
  if (intent === undefined)
    return unfollowed(`what Engine ${inventory.version} means to be reached is not known here`);
  const around = await readAround(host, live);
  const { terrain, unseen } = terrainOf({ intent, inventory, surroundings, ...around });
  if (terrain.netState.unread !== undefined) return unfollowed('not all that decides could be read', unseen);
  const [tooMany] = FAMILIES.flatMap((family) => tooManyAlone(terrain, family) ?? []);
  if (tooMany !== undefined) return unfollowed(tooMany, unseen);
  const judging = judgingBasis(observation, around.rulesets, stood);
  const table = withNewDoubts(judgedTable(terrain, judging), knownUnread);
  // What no packet depends on need not be read.
  const unread = [...aside, ...(table.counts.unknown > 0 ? unreadParts(unseen) : [])];
  return { packets: { judged: true, table, unread }, by: { terrain, judging } };
}
