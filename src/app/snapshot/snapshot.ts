import { engineFactsOf } from '../../docker/inventory/networks.ts';
import { BASELINE_VERSION, sameRecord, type Baseline } from '../../reconcile/baseline.ts';
import { readRecordedTables } from '../../firewall/nftables/desired/recorded-tables.ts';
import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import type { Undecided } from '../../firewall/iptables/ownership/ownership.ts';
import { Fault } from '../../fault.ts';
import type { RestoreResult } from '../../reconcile/repair-result.ts';
import { KEPT_BASELINES, readBaseline } from '../../reconcile/stored-baseline.ts';
import { countTableRules } from '../../reconcile/tables/side.ts';
import { refusalLines, type RecordedText } from '../../report/snapshot-text.ts';
import type { Listener } from '../events.ts';
import type { Host } from '../ports.ts';
import { restoreLocked, type RestoreEvent } from '../restore/restore.ts';
import type { TerrainReader } from '../reach/ports.ts';
import { stoodNow, type StoodEvent } from './stood.ts';
import { keptOf, type UnrecordedEvent } from './kept.ts';
import {
  openKnown,
  readPresentState,
  type KnownBaselines,
  type PresentState,
  type UnusableEvent,
} from './present-state.ts';

export interface SnapshotRequest {
  /** Record even a state that looks damaged. */
  readonly force?: boolean | undefined;
  /** Repair what is damaged, then record. */
  readonly repairFirst?: boolean | undefined;
  /** Write nothing when the newest baseline says the same. */
  readonly ifChanged?: boolean | undefined;
  /** Name every reason for a refusal, however many. */
  readonly all?: boolean | undefined;
  /** How many baselines to keep. */
  readonly keep?: number;
}

/** All that a snapshot touches of a host. */
export interface SnapshotHost extends Host {
  /** What decides about packets beside the rules; absent where what others decide is not asked. */
  readonly terrain?: TerrainReader;
}

/** What happens while a snapshot is taken. */
export type SnapshotEvent =
  | StoodEvent
  | RestoreEvent
  | UnrecordedEvent
  | UnusableEvent
  /** No Engine answers: the state is judged by what was recorded, if anything, and by the rules among themselves. */
  | { readonly kind: 'no-engine'; readonly why: string; readonly baseline: string | undefined }
  | { readonly kind: 'undecided'; readonly rule: Undecided }
  | { readonly kind: 'repaired'; readonly result: RestoreResult };

/** What became of a snapshot: the baseline it wrote, or the newest one, which says the same. */
export type Taken =
  { readonly verdict: 'unchanged'; readonly id: string } | ({ readonly verdict: 'recorded' } & RecordedText);

/**
 * Records Docker's rules as they are now, under the lock.
 *
 * @throws Fault RG_DAMAGED (exit 1) when they look damaged, RG_NO_DOCKER_RULES when there are none, RG_UNSETTLED; RG_DECLARED or RG_UNSAFE_FILE
 *   of a declaration, where it is to repair first
 */
export function snapshot(
  host: SnapshotHost,
  request: SnapshotRequest,
  on: Listener<SnapshotEvent>,
): Promise<Taken> {
  return host.withLock(() => snapshotLocked(host, request, on));
}

async function snapshotLocked(
  host: SnapshotHost,
  request: SnapshotRequest,
  on: Listener<SnapshotEvent>,
  isRepaired = false,
): Promise<Taken> {
  const baselines = await openKnown(host.baselines, on);
  const { last, known } = baselines;
  on({ kind: 'step', step: 'settling' });
  // What is declared no baseline masks, so that only a repair asks for it.
  const declared = request.repairFirst === true ? await host.baselines.readDeclared() : undefined;
  const state = await readPresentState(host, known, declared);
  const { engine, owned, reasons } = state;
  if (!engine.answered) on({ kind: 'no-engine', why: engine.fault.message, baseline: known?.id });
  for (const rule of owned.undecided) on({ kind: 'undecided', rule });
  if (reasons.length > 0 && request.repairFirst === true && !isRepaired) {
    const options = { policies: 'leave', assumeUnchanged: false, rehearse: true } as const;
    const result = await restoreLocked(host, { source: 'both', stored: last, declared }, options, on);
    on({ kind: 'repaired', result });
    return snapshotLocked(host, request, on, true);
  }
  // A repair has told it.
  const { setAside = [] } = engine.answered && !isRepaired ? engine.inventory : {};
  for (const { what, why } of setAside) on({ kind: 'notice', notice: { kind: 'set-aside', what, why } });
  if (countRecorded(state) === 0 && reasons.length === 0) {
    throw new Fault('RG_NO_DOCKER_RULES', 3, "there are no rules of Docker's to record", {
      hint: 'Is Docker running here (docker info), with iptables on, in this network namespace? If its rules were flushed: systemctl restart docker',
    });
  }
  if (reasons.length > 0 && request.force !== true) throw damaged(state, request);
  const taken = await record(host, request, state, baselines, on);
  if (taken.verdict === 'unchanged' || known === undefined || reasons.length > 0) return taken;
  return state.missing.length === 0
    ? taken
    : { ...taken, asIn: { id: known.id, missing: state.missing.length } };
}

/** The version of iptables; where Docker writes with nftables it need not be installed. */
async function versionOf(
  host: Pick<Host, 'toolVersion'>,
  { live, tables }: Pick<PresentState, 'live' | 'tables'>,
): Promise<string> {
  if (live.version !== undefined) return live.version;
  const asking = host.toolVersion(live.variant);
  return tables === undefined ? asking : asking.catch(() => '');
}

/** How many rules of Docker's there are to record. */
const countRecorded = ({ owned, tables }: PresentState): number =>
  countDockers(owned) +
  (tables === undefined ? 0 : countTableRules(readRecordedTables(tables.tables).tables));

function damaged({ engine, reasons }: PresentState, { all }: SnapshotRequest): Fault {
  const limits = engine.answered
    ? []
    : ['(The Engine did not answer; it could say what is switched off on purpose.)'];
  return new Fault(
    'RG_DAMAGED',
    1,
    "not recorded: Docker's rules look damaged, and a damaged baseline would mask the damage",
    {
      details: [...refusalLines(reasons, 'all'), ...limits],
      summary: [...refusalLines(reasons, all === true ? 'all' : 'some'), ...limits],
      hint: 'Repair them and record in one go: rulesguard snapshot --repair-first (a policy: rulesguard check says how). Or record them as they are: rulesguard snapshot --force',
    },
  );
}

async function record(
  host: SnapshotHost,
  { keep = KEPT_BASELINES, ifChanged }: SnapshotRequest,
  state: PresentState,
  { last, known, isFirst }: KnownBaselines,
  on: Listener<SnapshotEvent>,
): Promise<Taken> {
  const { live, engine, owned, reasons, missing, unexplained, tables } = state;
  const stood = await stoodNow(
    host.terrain,
    state.observation,
    { known, keep: ifChanged === true && !isFirst },
    on,
  );
  const baseline: Baseline = {
    version: BASELINE_VERSION,
    created: new Date(host.now()).toISOString(),
    ...host.host(),
    iptables: await versionOf(host, state),
    variant: live.variant,
    engine: engine.answered ? engineFactsOf(engine.inventory) : null,
    // A chain of digests shows a baseline that is missing or was inserted.
    previous: last?.digest ?? null,
    ...(missing.length === 0 ? {} : { accepted: missing }),
    ...(unexplained.length === 0 ? {} : { unexplained }),
    ...(stood.length === 0 ? {} : { stood }),
    ...(tables === undefined ? {} : { nftables: tables }),
    ...keptOf(owned, live, last, on),
  };
  if (ifChanged === true && last?.own === true && sameRecord(baseline, last.baseline))
    return { verdict: 'unchanged', id: last.id };
  const { objections } = readBaseline(baseline);
  if (objections.length > 0) {
    throw new Fault('RG_INTERNAL', 2, 'the baseline would not be read back as it was recorded', {
      details: objections,
      hint: 'Please report this with the output of iptables-save.',
    });
  }
  const stored = await host.baselines.write(baseline);
  await host.baselines.prune(keep);
  return {
    verdict: 'recorded',
    id: stored.id,
    rules: countRecorded(state),
    heldBy: tables === undefined ? { variant: live.variant, iptables: baseline.iptables } : 'nftables',
    engine: engine.answered ? engine.inventory.version : undefined,
    although: reasons,
  };
}
