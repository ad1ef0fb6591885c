import { ownHost, type OwnedHost } from '../../docker/ownership.ts';
import { isUntold, type Drift, type Facts, type Untold } from '../../doctor/facts.ts';
import { countDockers } from '../../guard/desired.ts';
import { isEmptyPlan, planRepair } from '../../guard/plan.ts';
import { simulatePlan } from '../../guard/simulate-plan.ts';
import { FAMILIES, type Backend } from '../../iptables/model.ts';
import type { Bank } from '../../trace/terrain.ts';
import type { Answer } from '../engine.ts';
import { KEEPS_NONE } from '../engine-faults.ts';
import { liveOf, usualBackend, type Backends, type Live } from '../kernel.ts';
import { lookAt, lookTwice, type Look, type Measure } from '../look.ts';
import { orUntold, untoldBy } from './untold.ts';

/** The rules that stand, and how Docker's among them are doing. */
export interface Standing {
  readonly drift: Drift | Untold;
  readonly mended?: Facts['mended'];
  readonly owned: OwnedHost | undefined;
  readonly backend: Backend | undefined;
  /** Every backend that holds rules. */
  readonly banks: readonly Bank[];
}

/**
 * Compares Docker's rules with what should be there, as `check` does.
 *
 * @param reading - both backends, on their way
 * @param asking - the Engine's word, on its way
 */
export async function lookAtRules(
  measure: Measure,
  reading: Promise<Backends | Untold>,
  asking: Promise<Answer>,
): Promise<Standing> {
  const backends = await reading;
  if (isUntold(backends)) return { drift: backends, owned: undefined, backend: undefined, banks: [] };
  const word = await asking;
  // An Engine that writes no rules calls for none: whatever stands is not to be measured.
  const seen =
    !word.answered && KEEPS_NONE.has(word.fault.code)
      ? untoldBy(word.fault)
      : await orUntold(lookTwice(measure, (recorded) => liveOf(backends, recorded), asking));
  if (!isUntold(seen))
    return {
      drift: driftOf(measure, seen),
      mended: mendedBy(measure, seen),
      owned: seen.sides.liveOwned,
      backend: seen.live.backend,
      banks: banksOf(backends, seen.live),
    };
  const live = await usedOf(backends);
  const { inventory } = word;
  const known = inventory === undefined ? {} : { networks: inventory.networks, settled: true };
  return {
    drift: seen,
    owned: ownHost(live.rules, known),
    backend: live.backend,
    banks: banksOf(backends, undefined),
  };
}

const driftOf = ({ stored }: Measure, { findings, sides }: Look): Drift => ({
  findings,
  rules: countDockers(sides.base),
  baseline: stored?.id,
});

/** What `rulesguard restore` would make of the rules, without options. */
function mendedBy(measure: Measure, seen: Look): Facts['mended'] {
  const { drift, sides, live, word } = seen;
  const plan = planRepair(drift, sides, { policies: 'leave', vouching: word.answered ? 'given' : 'none' });
  if (isEmptyPlan(plan)) return undefined;
  const { rules } = simulatePlan(plan, live.rules);
  return { rules, owned: lookAt(measure, { ...live, rules }, word).sides.liveOwned };
}

/** The backend Docker's rules are in; where they are in both, the one that plain `iptables` writes to. */
async function usedOf(backends: Backends): Promise<Live> {
  const live = await orUntold(liveOf(backends));
  if (!isUntold(live)) return live;
  const usual = await orUntold(usualBackend().then((backend) => ({ backend })));
  return !isUntold(usual) && usual.backend === 'legacy' ? (backends.legacy ?? backends.nft) : backends.nft;
}

function banksOf({ nft, legacy }: Backends, newest: Live | undefined): readonly Bank[] {
  return [nft, ...(legacy === undefined ? [] : [legacy])]
    .map((read) => (newest?.backend === read.backend ? newest : read))
    .filter(({ rules }) => FAMILIES.some((family) => rules[family].tables.size > 0))
    .map(({ backend, rules }) => ({ backend, rules }));
}
