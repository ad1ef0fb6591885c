import type { Check, Diagnosis } from '../../doctor/diagnosis.ts';
import type { Facts } from '../../doctor/facts/facts.ts';
import { leftOutOf, resultOf } from '../../doctor/probe/observed.ts';
import { planProbes } from '../../doctor/probe/probe-plan.ts';
import { judgeProbe } from '../../doctor/probe/proof.ts';
import type { Prober } from './ports.ts';

/**
 * Sends a few real packets along traced paths, and judges how far they came.
 *
 * @param diagnosis - its paths; at most twelve are probed
 * @param facts - as the paths were traced by
 * @returns one check for each path probed, and one that counts those left out; none where nothing can be sent
 */
export async function probePaths(
  { pickSourcePort, sendProbes }: Prober,
  { paths }: Pick<Diagnosis, 'paths'>,
  facts: Facts,
): Promise<readonly Check[]> {
  const plan = planProbes(paths, facts, pickSourcePort());
  if (plan.probes.length === 0) return [];
  const variants = facts.netState.rulesets.map(({ variant }) => variant);
  const observed = await sendProbes(plan.probes, variants);
  return [
    ...plan.probes.map((probe, i) => judgeProbe(probe.path, resultOf(probe, observed, i === 0))),
    ...leftOutOf(plan),
  ];
}
