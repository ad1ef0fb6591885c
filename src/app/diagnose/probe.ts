import type { Check, Diagnosis, NamedPath } from '../../doctor/diagnosis.ts';
import type { Facts } from '../../doctor/facts/facts.ts';
import { leftOutOf, resultOf } from '../../doctor/probe/observed.ts';
import { planProbes } from '../../doctor/probe/probe-plan.ts';
import { judgeProbe } from '../../doctor/probe/proof.ts';
import { decidesAnything } from '../../firewall/iptables/text/model.ts';
import { RESTORE } from '../../doctor/remedies/iptables.ts';
import { harmless } from '../../doctor/remedies/offer.ts';
import { advise, proposal } from '../../doctor/remedies/proposal.ts';
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
  const { rulesets } = facts.netState;
  // Where Docker writes with nftables iptables may hold no rule, or not be installed.
  const read = facts.tables === undefined ? rulesets : rulesets.filter(({ rules }) => decidesAnything(rules));
  const variants = read.map(({ variant }) => variant);
  // What other tables hold decides beside Docker's; with iptables its own rules show what is to be proven.
  const tables =
    facts.tables === undefined ? undefined : (facts.netState.natives ?? []).map(({ table }) => table);
  const observed = await sendProbes(plan.probes, variants, tables);
  const restoring = harmless(
    [proposal("restore the translation, and whatever else of Docker's rules is lost", RESTORE)],
    facts,
    advise("see what of Docker's rules is lost, and whether it can be restored: rulesguard check"),
  );
  return [
    ...plan.probes.map((probe, i) =>
      judgeProbe(asMeant(probe.path), resultOf(probe, observed, i === 0), restoring),
    ),
    ...leftOutOf(plan),
  ];
}

/** What the operator closed, or accepted, need not get through. */
const asMeant = (path: NamedPath): NamedPath =>
  path.verdict === 'warn' ? { ...path, shouldPass: false } : path;
