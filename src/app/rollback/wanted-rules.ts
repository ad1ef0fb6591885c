import type { EngineReply } from '../../docker/engine-reply.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import { isEmptyPlan, planRepair } from '../../firewall/iptables/plan/plan.ts';
import { obsoleteRules } from '../../firewall/iptables/plan/rollback.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import { EMPTY_RULESET, type Variant } from '../../firewall/iptables/text/model.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { SavedState } from '../../host/pending/saved-state.ts';
import { holdsDockers } from '../../firewall/iptables/ownership/choose-variant.ts';
import { observationOf } from '../../reconcile/observation.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';

/** What decides which variant is Docker's, and whether there is a second one. */
export interface VariantsHost {
  /** The variant of plain `iptables`. */
  readonly usualVariant: () => Promise<Variant>;
  /** Whether the legacy variant holds a table. Loads no module. */
  readonly hasLegacyTables: () => Promise<boolean>;
  /** The rules of a record, a variant each. @throws Fault RG_PARSE or RG_INCOMPATIBLE */
  readonly rulesOf: (record: SavedState) => readonly Live[];
}

/**
 * The rules each variant should hold after a rollback: those saved before the change, Docker's part as the Engine requires
 * now. A legacy variant that came to hold rules since is emptied.
 *
 * @param record - what was in force before the change
 * @param stored - the newest baseline
 */
export async function wantedRules(
  record: SavedState,
  engine: EngineReply,
  stored: StoredBaseline | undefined,
  host: VariantsHost,
): Promise<readonly Live[]> {
  const saved = host.rulesOf(record);
  const dockers = await dockersVariant(saved, stored, host);
  const wanted = saved.map((live) => (live.variant === dockers ? withRequired(live, engine, stored) : live));
  const isNew = !saved.some(({ variant }) => variant === 'legacy') && (await host.hasLegacyTables());
  if (!isNew) return wanted;
  const none = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
  return [...wanted, { variant: 'legacy', version: undefined, rules: none }];
}

/** The variant that Docker's rules were saved in; undefined when they were in both. */
async function dockersVariant(
  saved: readonly Live[],
  stored: StoredBaseline | undefined,
  { usualVariant }: VariantsHost,
): Promise<Variant | undefined> {
  const holders = saved.filter(({ rules }) => holdsDockers(ownHost(rules)));
  if (holders.length > 1) return undefined;
  return holders[0]?.variant ?? stored?.baseline.variant ?? (await usualVariant());
}

/** Saved rules with Docker's part as the Engine requires; as saved where it does not answer. */
function withRequired(saved: Live, engine: EngineReply, stored: StoredBaseline | undefined): Live {
  if (!engine.answered) return saved;
  const usable = stored?.baseline.variant === saved.variant ? stored : undefined;
  const { drift, sides } = observationOf(
    { source: usable === undefined ? 'engine' : 'both', stored: usable },
    saved,
    engine,
  );
  const plan = planRepair(drift, sides, {
    policies: 'leave',
    liveness: 'known',
    withdraw: obsoleteRules(drift),
  });
  if (isEmptyPlan(plan)) return saved;
  const { rules, refusals } = simulatePlan(plan, saved.rules);
  return refusals.length > 0 ? saved : { ...saved, rules };
}
