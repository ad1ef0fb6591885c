import type { EngineReply } from '../../docker/engine-reply.ts';
import {
  isUnavailable,
  type DriftSummary,
  type Facts,
  type RestoreOption,
  type Unavailable,
} from '../../doctor/facts/facts.ts';
import type { HostIntent } from '../../docker/intent/values.ts';
import { orUnavailable, unavailableBy } from '../../doctor/facts/unavailable.ts';
import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import { ownHost, type OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import { isEmptyPlan, planRepair } from '../../firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { decidesAnything, EMPTY_RULESET, type Variant } from '../../firewall/iptables/text/model.ts';
import { KEEPS_NONE } from '../../docker/engine-reply.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import { chooseVariant } from '../../firewall/iptables/ownership/choose-variant.ts';
import type { Variants } from '../../host/xtables/kernel.ts';
import { publishedUdpPorts, translatedUdpPorts, type UdpPort } from '../../reconcile/flows.ts';
import { type Observation, observationOf } from '../../reconcile/observation.ts';
import { judgingBasis, leftTablesOf, stoodIn } from '../../reconcile/judging.ts';
import { policyUnknown } from '../../reconcile/notices.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { foreignIn, repairedNatives } from '../../reconcile/tables/repaired-natives.ts';
import { countTableRules } from '../../reconcile/tables/side.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import { NOT_INSTALLED, observeUntilStable, orNotInstalled } from '../observe/observe.ts';
import type { Observer } from '../ports.ts';
import type { DiagnosisHost } from './ports.ts';

/** The live rules, and the state of Docker's among them. */
export interface RulesState {
  readonly drift: DriftSummary | Unavailable;
  readonly afterRestore?: Facts['afterRestore'];
  readonly afterRestoreWith?: Facts['afterRestoreWith'];
  readonly judging?: Facts['judging'];
  /** What Docker's own tables of nftables were compared by; undefined where its firewall backend is iptables. */
  readonly meant?: HostIntent | undefined;
  readonly policyUnknown?: Facts['policyUnknown'];
  readonly owned: OwnedHost | undefined;
  /** Published UDP ports that are translated; absent where no rule could be read. */
  readonly udpPorts?: readonly UdpPort[];
  readonly tables?: Facts['tables'];
  readonly leftTables?: Facts['leftTables'];
  readonly variant: Variant | undefined;
  /** Every variant that holds rules. */
  readonly rulesets: readonly VariantRules[];
}

/**
 * Compares Docker's rules with what should be there, as `check` does.
 *
 * @param readingVariants - both variants, on their way
 * @param asking - the Engine's reply, on its way
 */
export async function readRulesState(
  host: Observer & Pick<DiagnosisHost, 'usualVariant'>,
  reference: Reference,
  readingVariants: Promise<Variants | Unavailable>,
  asking: Promise<EngineReply>,
): Promise<RulesState> {
  const variants = await readingVariants;
  if (isUnavailable(variants)) return { drift: variants, owned: undefined, variant: undefined, rulesets: [] };
  const engine = await asking;
  const { inventory } = engine;
  // An Engine that writes no rules requires none: there is nothing to compare.
  const observation =
    !engine.answered && KEEPS_NONE.has(engine.fault.code)
      ? unavailableBy(engine.fault)
      : await orUnavailable(
          observeUntilStable(host, reference, {
            reading: (recorded) =>
              inventory !== undefined && writesNftables(inventory)
                ? usualOf(host, variants)
                : liveOf(host, variants, recorded),
            asking,
          }),
        );
  if (!isUnavailable(observation)) {
    const rulesets = rulesetsIn(variants, observation.live);
    return {
      drift: driftOf(reference, observation),
      afterRestore: afterRestore(reference, observation),
      afterRestoreWith: afterRestoreWith(reference, observation),
      policyUnknown: policyUnknown(observation),
      ...(observation.tables === undefined
        ? {}
        : { meant: observation.intent, tables: { isForeign: foreignIn(observation.tables) } }),
      leftTables: leftTablesOf(observation),
      judging: judgingBasis(observation, rulesets, stoodIn(reference)),
      owned: observation.sides.liveOwned,
      udpPorts: publishedUdpPorts(observation),
      variant: observation.live.variant,
      rulesets,
    };
  }
  const live = await usedOf(host, variants);
  const known = inventory === undefined ? {} : { networks: inventory.networks, settled: true };
  const owned = ownHost(live.rules, known);
  return {
    drift: observation,
    owned,
    udpPorts: translatedUdpPorts(owned),
    variant: live.variant,
    rulesets: rulesetsIn(variants),
    // Which of their rules are somebody else's, nobody can tell.
    ...(inventory !== undefined && writesNftables(inventory) ? { tables: { isForeign: () => false } } : {}),
  };
}

/**
 * Both variants of iptables; none of them where iptables is not installed and Docker writes with nftables.
 *
 * @param asking - the Engine's reply, on its way
 */
export const readVariantsOf = (
  { readVariants }: Pick<DiagnosisHost, 'readVariants'>,
  reference: Reference,
  asking: Promise<EngineReply>,
): Promise<Variants | Unavailable> =>
  orUnavailable(orNotInstalled(readVariants(), { nft: NOT_INSTALLED, legacy: undefined }, reference, asking));

const driftOf = ({ stored }: Reference, { findings, sides, tables }: Observation): DriftSummary => ({
  findings,
  rules: tables === undefined ? countDockers(sides.desired) : countTableRules(tables.expected),
  baseline: tables === undefined || stored?.tables !== undefined ? stored?.id : undefined,
});

/**
 * What `rulesguard restore` would make of Docker's rules; undefined where it would change nothing.
 *
 * @param option - typed with it
 */
function afterRestore(
  reference: Reference,
  observation: Observation,
  option?: RestoreOption,
): Facts['afterRestore'] {
  const { drift, sides, live, engine, content, tables } = observation;
  if (tables !== undefined) {
    const natives = repairedNatives(tables, { assumeUnchanged: option === '--assume-unchanged' });
    return natives && { natives };
  }
  const plan = planRepair(drift, sides, {
    ...{ policies: option === '--policies' ? 'restore' : 'leave', content },
    liveness: engine.answered || option === '--assume-unchanged' ? 'known' : 'unknown',
  });
  if (isEmptyPlan(plan)) return undefined;
  const { rules } = simulatePlan(plan, live.rules);
  return { rules, owned: observationOf(reference, { ...live, rules }, engine).sides.liveOwned };
}

/** With the options that may repair more here: policies that differ, rules of containers that no Engine vouches for. */
function afterRestoreWith(reference: Reference, observation: Observation): Facts['afterRestoreWith'] {
  const options: readonly RestoreOption[] = [
    ...(observation.drift.policies.every(({ declared }) => declared === true)
      ? []
      : (['--policies'] as const)),
    ...(observation.engine.answered ? [] : (['--assume-unchanged'] as const)),
  ];
  const found = options.flatMap((option) => {
    const left = afterRestore(reference, observation, option);
    return left === undefined ? [] : [[option, left] as const];
  });
  return Object.fromEntries(found);
}

/** The reading of the legacy variant where it holds no table. */
const NOTHING: Live = {
  variant: 'legacy',
  version: undefined,
  rules: { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
};

/**
 * The rules of the variant Docker uses.
 *
 * @param recorded - the variant of the baseline, for when no rule of Docker's is left
 * @throws Fault RG_VARIANTS_SPLIT when Docker's rules are in both variants, or not in the one recorded
 */
async function liveOf(
  { usualVariant }: Pick<DiagnosisHost, 'usualVariant'>,
  { nft, legacy }: Variants,
  recorded?: Variant,
): Promise<Live> {
  if (legacy === undefined && recorded !== 'legacy') return nft;
  return chooseVariant(nft, legacy ?? NOTHING, recorded, recorded ?? (await usualVariant()));
}

/** The variant Docker's rules are in; where they are in both, the one that plain `iptables` writes to. */
async function usedOf(host: Pick<DiagnosisHost, 'usualVariant'>, variants: Variants): Promise<Live> {
  const live = await orUnavailable(liveOf(host, variants));
  return isUnavailable(live) ? usualOf(host, variants) : live;
}

/** The rules of the variant that plain `iptables` writes to; where Docker writes with nftables no other is of interest. */
async function usualOf(host: Pick<DiagnosisHost, 'usualVariant'>, variants: Variants): Promise<Live> {
  const usual = await orUnavailable(host.usualVariant().then((variant) => ({ variant })));
  return !isUnavailable(usual) && usual.variant === 'legacy'
    ? (variants.legacy ?? variants.nft)
    : variants.nft;
}

/**
 * The variants whose rules decide about packets, and the one Docker uses.
 *
 * @param newest - a later reading of one of them, which counts instead
 */
function rulesetsIn({ nft, legacy }: Variants, newest?: Live): readonly VariantRules[] {
  return [nft, ...(legacy === undefined ? [] : [legacy])]
    .map((read) => (newest?.variant === read.variant ? newest : read))
    .filter(({ variant, rules }) => decidesAnything(rules) || variant === newest?.variant)
    .map(({ variant, rules }) => ({ variant, rules }));
}
