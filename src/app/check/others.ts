import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import { verdictOf } from '../../reconcile/verdict/verdict.ts';
import { readSurroundings } from '../reach/read-terrain.ts';
import { acceptancesOf, dayOf } from '../accept/acceptances.ts';
import { followedBy, followPackets } from './packets.ts';
import type { CheckHost } from './ports.ts';

/**
 * What decides before Docker's rules on an observed host and is not Docker's loss: no restore changes it. Empty where no packet could be
 * followed, and for what was accepted.
 */
export async function othersDeciding(
  host: Omit<CheckHost, 'beginReading'>,
  reference: Reference,
  observation: Observation,
): Promise<readonly CheckEffect[]> {
  const around = await readSurroundings(host);
  const { packets } = await followPackets(host, followedBy(observation, reference), around);
  const parts = { findings: [], packets, today: dayOf(host.now()) };
  const isOthers = ({ effect, cause }: CheckEffect): boolean => effect !== 'unknown' && cause !== 'lost';
  if (!verdictOf({ ...parts, acceptances: [] }).effects.some(isOthers)) return [];
  const acceptances = await acceptancesOf(host, () => undefined);
  return verdictOf({ ...parts, acceptances }).effects.filter(isOthers);
}
