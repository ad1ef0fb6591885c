import type { Listener } from '../events.ts';
import type { Baselines, Observer } from '../ports.ts';
import { type Observation, observationOf } from '../../reconcile/observation.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import { Fault } from '../../fault.ts';
import type { Declaration } from '../../firewall/iptables/desired/declared.ts';
import { mapChains } from '../../firewall/iptables/desired/map-chains.ts';
import { ownHost, type OwnedHost, type OwnedTables } from '../../firewall/iptables/ownership/ownership.ts';
import { acceptedIn, unexplainedIn } from '../../firewall/iptables/compare/accepted.ts';
import type { RuleName } from '../../firewall/iptables/text/model.ts';
import { isBroken, isDamage, isIdle, type Finding } from '../../reconcile/finding.ts';
import type { RefusalReason } from '../../report/snapshot-text.ts';
import type { Notice } from '../../reconcile/notices.ts';
import { unsoundness } from '../../reconcile/soundness.ts';
import { place, printable } from '../../report/text.ts';
import type { EngineReply, NoReply } from '../../docker/engine-reply.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { recordTables } from '../../firewall/nftables/desired/recorded-tables.ts';
import { goesByRecordedTables, missingIn, recordedOf } from '../../reconcile/tables/recorded.ts';
import type { TablesSide } from '../../reconcile/tables/side.ts';
import type { TablesBaseline } from '../../reconcile/tables/tables-baseline.ts';
import { disownedSince, lossesSince } from './losses-since.ts';
import { readLeft, tablesAlone, tablesUnread } from '../observe/docker-tables.ts';
import { observeSettled, observeUntilStable } from '../observe/observe.ts';
import { readSettled } from '../observe/settled.ts';

/** The present state, and what speaks against recording it. */
export interface PresentState {
  readonly live: Live;
  readonly engine: EngineReply;
  readonly owned: OwnedHost;
  /** What the Engine requires beside what is there; undefined where none answered, or it is not known. */
  readonly observation?: Observation;
  readonly reasons: readonly RefusalReason[];
  /** What `--force` takes for meant. */
  readonly missing: readonly RuleName[];
  readonly unexplained: readonly RuleName[];
  /** Docker's own tables, where it writes with nftables, as they are recorded, with what `--force` takes for meant. */
  readonly tables?: TablesBaseline;
}

/**
 * Reads the present state and judges it: by what the Engine requires, and by the newest baseline as `check` does, because a
 * loss that was recorded is never reported again. Without an Engine's answer contradictions among the rules count too.
 *
 * @param known - the newest baseline that can be used
 * @param declared - where what is declared is to count too
 * @throws Fault RG_UNSETTLED, or of what could not be read
 */
export async function readPresentState(
  observer: Observer,
  known: StoredBaseline | undefined,
  declared?: Declaration,
): Promise<PresentState> {
  const engine = await observer.askEngine();
  const seen = engine.answered ? await observeSettled(observer).catch(unknownEra) : undefined;
  if (seen !== undefined) {
    const meant = new Set(known?.baseline.accepted?.map(nameOf));
    const required = seen.findings.filter((found) => isDamage(found) && !meant.has(nameOf(found)));
    if (seen.tables !== undefined) return tablesState(known, seen, seen.tables);
    return {
      live: seen.live,
      engine: seen.engine,
      observation: seen,
      owned: withoutOrphans(seen),
      reasons: reasonsOf(
        ifBroken([...required, ...lossesSince({ known, declared }, seen.live, seen.engine)]),
      ),
      missing: acceptedIn(seen.drift).filter((name) => !isIdle({ ...name, kind: 'missing' })),
      unexplained: unexplainedIn(seen.drift),
    };
  }
  if (known?.own === true && goesByRecordedTables(known, engine)) return tablesSince(observer, known);
  const live = await readSettled(observer);
  if (!engine.answered) await refuseTables(observer, engine, known);
  const networks = engine.answered ? engine.inventory.networks : undefined;
  const owned = ownHost(live.rules, { networks, settled: engine.answered });
  // What looked damaged when it was recorded was recorded with --force.
  const meant = new Set(known === undefined ? [] : unsoundness(known.owned, networks));
  return {
    live,
    engine,
    owned,
    reasons: [
      ...reasonsOf(ifBroken(lossesSince({ known, declared: known && declared }, live, engine))),
      ...[
        ...unsoundness(owned, networks, known?.owned).filter((reason) => !meant.has(reason)),
        ...disownedSince(known, live, owned),
      ].map((text) => ({ severity: undefined, text })),
    ],
    // Only an Engine can say that these no longer count.
    missing: known?.baseline.accepted ?? [],
    unexplained: known?.baseline.unexplained ?? [],
  };
}

/** The state of a host whose Engine writes with nftables: what was accepted before is not asked for again. */
function tablesState(
  known: StoredBaseline | undefined,
  seen: Observation,
  { live, expected, drifts }: TablesSide,
): PresentState {
  const again =
    known === undefined ? seen : observationOf({ source: 'both', stored: known }, seen.live, seen.engine);
  const accepted = missingIn(drifts);
  return {
    ...{ live: seen.live, engine: seen.engine, observation: seen, owned: seen.sides.liveOwned },
    ...{ missing: [], unexplained: [] },
    reasons: reasonsOf(ifBroken(again.findings.filter(isDamage))),
    // Leftovers are not recorded: they must not come back when they are gone at last.
    tables: {
      tables: recordTables(recordedOf(expected, live)),
      ...(accepted.length === 0 ? {} : { accepted }),
    },
  };
}

/** The state of Docker's own tables while no Engine answers, judged by a baseline alone. */
async function tablesSince(
  observer: Observer,
  known: StoredBaseline & { readonly tables: readonly NftTable[] },
): Promise<PresentState> {
  const reading = () => readSettled(observer);
  const { live, engine, sides, findings, tables } = await observeUntilStable(
    observer,
    { source: 'both', stored: known },
    { reading },
  );
  // Only an Engine can say that what was accepted no longer counts, and whether what is new is its own.
  const accepted = [...(known.baseline.nftables?.accepted ?? []), ...missingIn(tables?.drifts ?? [])];
  return {
    ...{ live, engine, owned: sides.liveOwned, missing: [], unexplained: [] },
    reasons: reasonsOf(ifBroken(findings.filter(isDamage))),
    tables: {
      tables: recordTables(recordedOf(known.tables, tables?.live ?? [])),
      ...(accepted.length === 0 ? {} : { accepted }),
    },
  };
}

/**
 * Without an Engine and a baseline of them nobody can tell whether Docker's own tables are whole: they hold no second word on each
 * other as iptables' do.
 */
async function refuseTables(
  observer: Pick<Observer, 'readTables'>,
  engine: NoReply,
  known: StoredBaseline | undefined,
): Promise<void> {
  const { leftTables: tables = [], leftUnread } = await readLeft(observer);
  if (leftUnread !== undefined) throw tablesUnread(engine.fault, leftUnread);
  if (tables.length > 0 || known?.tables !== undefined) throw tablesAlone(engine, tables);
}

const nameOf = ({ family, table, chain, rule = '' }: RuleName): string =>
  `${family} ${table} ${chain} ${rule}`;

/** All of them where check says DAMAGED; none for the loss alone of a rule without which no packet fares otherwise. */
const ifBroken = (damage: readonly Finding[]): readonly Finding[] => (damage.some(isBroken) ? damage : []);

/** Each once: a rule may be lost by the Engine's account and by the baseline's. */
function reasonsOf(findings: readonly Finding[]): readonly RefusalReason[] {
  const severities = new Map(
    findings.map(({ rule, kind, consequence, severity, ...where }) => [
      `${place(where)}: ${kind}: ${printable(rule ?? consequence)}`,
      severity,
    ]),
  );
  return [...severities].map(([text, severity]) => ({ severity, text }));
}

function unknownEra(error: unknown): undefined {
  if (error instanceof Fault && error.code === 'RG_ENGINE_UNKNOWN') return undefined;
  throw error;
}

/** Leftover rules are not recorded: they must not come back when they are gone at last. */
function withoutOrphans({ sides, drift }: Observation): OwnedHost {
  const { families, undecided } = sides.liveOwned;
  const orphans = new Set(
    drift.extras.flatMap(({ owned, orphaned }) => (orphaned === undefined ? [] : [owned])),
  );
  if (orphans.size === 0) return sides.liveOwned;
  const without = (tables: OwnedTables): OwnedTables =>
    mapChains(tables, (chain) => ({ ...chain, rules: chain.rules.filter((owned) => !orphans.has(owned)) }));
  return { families: { ipv4: without(families.ipv4), ipv6: without(families.ipv6) }, undecided };
}

/** The newest baseline, undefined when there is none or it cannot be used; and the newest that can be. */
export interface KnownBaselines {
  readonly last: StoredBaseline | undefined;
  /** What was lost since then is lost all the same. */
  readonly known: StoredBaseline | undefined;
  /** Nothing was ever recorded here, not even what cannot be used. */
  readonly isFirst: boolean;
}

/** A baseline in the state folder cannot be used. */
export type UnusableEvent = Extract<Notice, { kind: 'baseline-unusable' }>;

/** Opens the newest baseline that can be used, and reports those that cannot. */
export async function openKnown(
  { list, open }: Pick<Baselines, 'list' | 'open'>,
  on: Listener<UnusableEvent>,
): Promise<KnownBaselines> {
  const ids = (await list()).toReversed();
  for (const id of ids) {
    try {
      const known = await open(id);
      return { last: id === ids[0] ? known : undefined, known, isFirst: false };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      on({ kind: 'baseline-unusable', why: error.message });
    }
  }
  return { last: undefined, known: undefined, isFirst: ids.length === 0 };
}
