import { dayOf } from '../accept/acceptances.ts';
import { isBroken, isDamage } from '../../reconcile/finding.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { verdictOf, type HostVerdict } from '../../reconcile/verdict/verdict.ts';
import { askAgain, MAX_OBSERVATIONS, observe, PAUSE, sawTheSame, type Begun } from '../observe/observe.ts';
import { awaitNamed } from '../observe/quiescence.ts';
import { readSurroundings, type TerrainSurroundings } from '../reach/read-terrain.ts';
import { followedBy, followPackets, type FollowedHost } from './packets.ts';
import type { CheckHost } from './ports.ts';

/** One look at a host: its rules, and what packets do there. */
export interface Look {
  readonly observation: Observation;
  readonly followed: FollowedHost;
  /** Without regard to what was accepted. */
  readonly verdict: HostVerdict;
}

/** What has been begun already. */
export interface BegunLook extends Begun {
  readonly surroundings: Promise<TerrainSurroundings>;
}

/**
 * Looks until the same is found wrong twice, or nothing: dockerd writes a container's rules one by one, and takes its jumps out and puts them
 * in again whenever a network is made (Engines up to 27). A look in between must not raise an alarm.
 */
export async function lookUntilStable(
  host: CheckHost,
  reference: Reference,
  begun: BegunLook,
): Promise<Look> {
  return lookAgainUntilStable(host, reference, await look(host, reference, begun));
}

/** As {@link lookUntilStable}, after a first look. */
export async function lookAgainUntilStable(
  host: CheckHost,
  reference: Reference,
  first: Look,
): Promise<Look> {
  let seen = first;
  for (let times = 1; times < MAX_OBSERVATIONS && isAlarming(seen); times++) {
    const { findings, engine } = seen.observation;
    const damaged = findings.filter(isDamage).map(({ rule }) => rule ?? '');
    await Promise.all([host.sleep(PAUSE), awaitNamed(host, damaged, engine)]);
    const again = await look(host, reference, {
      surroundings: readSurroundings(host),
      asking: askAgain(host, engine),
    });
    if (sawTheSame(again.observation, seen.observation) && idsOf(again) === idsOf(seen)) return again;
    seen = again;
  }
  return seen;
}

const isAlarming = ({ observation, verdict }: Look): boolean =>
  observation.findings.some(isBroken) || verdict.exit !== 0;

const idsOf = ({ verdict }: Look): string => verdict.effects.map(({ id }) => id).join(' ');

/** Looks once. */
export async function look(
  host: CheckHost,
  reference: Reference,
  { surroundings, ...begun }: BegunLook,
): Promise<Look> {
  const [observation, around] = await Promise.all([observe(host, reference, begun), surroundings]);
  return lookAt(host, observation, reference, around);
}

/** What packets do on a host as it was observed. @param around - what decides about them beside its rules */
export async function lookAt(
  host: CheckHost,
  observation: Observation,
  reference: Reference,
  around: TerrainSurroundings,
): Promise<Look> {
  const followed = await followPackets(host, followedBy(observation, reference), around);
  const { findings } = observation;
  const { packets } = followed;
  return {
    observation,
    followed,
    verdict: verdictOf({ findings, packets, acceptances: [], today: dayOf(host.now()) }),
  };
}
