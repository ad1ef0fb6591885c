import { isEmptyPlan, type Plan } from '../../../firewall/iptables/plan/plan.ts';
import { hiddenIn } from '../../../firewall/iptables/text/hidden.ts';
import { EMPTY_RULESET } from '../../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../../net/family.ts';
import { observationOf, type Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { planFor } from '../../../reconcile/repair-plan.ts';
import { ownedLive, Proof, provable, stepsOf } from '../../restore/proof.ts';
import { repair } from '../../restore/repair.ts';
import type { FastBackend } from './fast-backend.ts';
import { WATCH_REPAIR } from '../watch-repair.ts';

/** The fast path where Docker writes with iptables-nft. */
export const fastIptables: FastBackend = {
  isWhole: (observation) => isReadBySaves(observation) && isEmptyPlan(planFor(observation, WATCH_REPAIR)),
  rehearse: async (host, reference, whole, known) => {
    const gone = withoutRules(reference, whole);
    const proof = new Proof(host, true, known);
    const unloadable = new Map<string, string>();
    const planned = (): Plan => planFor(gone, WATCH_REPAIR, { unloadable });
    return new Set(
      stepsOf(await provable(planned(), unloadable, planned, (one) => proof.prove(one, ownedLive(gone)))),
    );
  },
  warmUp: (reference, whole) => {
    planFor(withoutRules(reference, whole), WATCH_REPAIR);
  },
  read: (rules, variant) => rules.read(variant),
  // Those that Docker left are told by a look, and to list them takes as long as all else.
  tables: () => Promise.resolve([]),
  // Steps that were not tried the repair tries itself.
  onlyAdds: (before) => onlyAdds(planFor(before, WATCH_REPAIR)),
  repair: async (host, reference, before, more) => {
    const options = { ...WATCH_REPAIR, ...more };
    const { after, journal, unjournaled, left } = await repair(host, reference, before, options);
    return { after, journal, unjournaled, left: [...new Set(left.map(({ reason }) => reason))] };
  },
};

const withoutRules = (reference: Reference, { live, engine }: Observation): Observation =>
  observationOf(reference, { ...live, rules: { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET } }, engine);

/** Whether saves alone show all there is: rules of iptables, each of which is printed in full. */
const isReadBySaves = ({ live }: Observation): boolean =>
  live.unverified === undefined && FAMILIES.every((family) => [...hiddenIn(live.rules[family])].length === 0);

/** Whether a plan takes nothing out: what a save prints only in part may look like a rule of Docker's. */
const onlyAdds = ({ families }: Plan): boolean =>
  FAMILIES.every((family) =>
    families[family].tables.every(({ steps }) => steps.every(({ op }) => op !== 'delete' && op !== 'remove')),
  );
