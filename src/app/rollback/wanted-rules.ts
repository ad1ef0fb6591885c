import type { EngineReply } from '../../docker/engine-reply.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import { isEmptyPlan, planRepair } from '../../firewall/iptables/plan/plan.ts';
import { obsoleteRules } from '../../firewall/iptables/plan/rollback.ts';
import { simulatePlan } from '../../firewall/iptables/plan/simulate-plan.ts';
import { EMPTY_RULESET, type Variant } from '../../firewall/iptables/text/model.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { planTableRollback } from '../../firewall/nftables/plan/rollback.ts';
import type { TablePlan } from '../../firewall/nftables/plan/plan.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import type { NativeTableText } from '../../host/nft/sets-native.ts';
import { compareDockerTables } from '../../reconcile/tables/side.ts';
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
  if (saved.length === 0) return undefined;
  const holders = saved.filter(({ rules }) => holdsDockers(ownHost(rules)));
  if (holders.length > 1) return undefined;
  return holders[0]?.variant ?? stored?.baseline.variant ?? (await usualVariant());
}

/** Saved rules with Docker's part as the Engine requires; as saved where it does not answer. */
function withRequired(saved: Live, engine: EngineReply, stored: StoredBaseline | undefined): Live {
  // An Engine that writes with nftables requires nothing of iptables.
  if (!engine.answered || writesNftables(engine.inventory)) return saved;
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

/** What edits recorded tables of nftables. */
export interface TablesHost {
  /** Recorded tables with Docker's own edited. @throws Fault when nft does not take them */
  readonly editTables: (
    recorded: readonly NativeTableText[],
    plansOf: (tables: readonly NftTable[]) => readonly TablePlan[],
  ) => Promise<readonly NativeTableText[]>;
}

/**
 * nftables' own tables as they should be after a rollback: those recorded before the change, Docker's as the Engine requires now.
 *
 * @throws Fault when nft does not take them
 */
export async function wantedNative(
  { native }: SavedState,
  engine: EngineReply,
  { editTables }: TablesHost,
): Promise<SavedState['native']> {
  if (native === null || !engine.answered || !writesNftables(engine.inventory)) return native;
  return editTables(native, (tables) =>
    (compareDockerTables(tables, engine)?.side.drifts ?? [])
      .map(planTableRollback)
      .filter(({ edits }) => edits.length > 0),
  );
}
