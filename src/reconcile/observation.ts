import type { EngineReply } from '../docker/engine-reply.ts';
import type { HostIntent } from '../docker/intent/values.ts';
import { eraOf } from '../docker/era.ts';
import { writesNftables } from '../docker/firewall-backend.ts';
import { namedAddresses } from '../docker/inventory/inventory.ts';
import { Fault } from '../fault.ts';
import { compare, ownLive } from '../firewall/iptables/compare/compare.ts';
import type { Drift, Sides } from '../firewall/iptables/compare/drift.ts';
import { EMPTY_RULESET, type RuleName } from '../firewall/iptables/text/model.ts';
import { contentHindrance, unreadGone } from '../firewall/iptables/desired/recordable.ts';
import type { StoredBaseline } from './stored-baseline.ts';
import { ownHost, type OwnedHost } from '../firewall/iptables/ownership/ownership.ts';
import { hasUserlandProxy, localPortsIn } from './consequence.ts';
import { containerFindings } from './container-findings.ts';
import { declaredTableFindings } from './tables/declared-tables.ts';
import { desiredBy } from './desired-by.ts';
import { worstFirst, type Finding } from './finding.ts';
import { findingsOf, unreadFinding } from './findings.ts';
import type { Surroundings } from './known-names.ts';
import { isOwnBaseline, opensPolicies, type Reference } from './reference.ts';
import { leftTables } from './tables/left-tables.ts';
import type { LiveFirewall } from './tables/live-firewall.ts';
import { observeRecordedTables, observeTables, type ObservedTables } from './tables/observe-tables.ts';
import { goesByRecordedTables } from './tables/recorded.ts';
import type { TablesSide } from './tables/side.ts';

/** The live rules beside what should be there: everything that check reports and restore plans from. */
export interface Observation {
  readonly live: LiveFirewall;
  readonly engine: EngineReply;
  /** What the Engine means to happen to packets; undefined without one, and for one before 18.03.1. */
  readonly intent: HostIntent | undefined;
  /** Whether the baseline's rules count beyond what an Engine requires, see {@link isOwnBaseline}. */
  readonly own: boolean;
  /** Of iptables; all empty where Docker writes with nftables. */
  readonly sides: Sides;
  readonly drift: Drift;
  /** Docker's own tables; absent where its firewall backend is iptables. */
  readonly tables?: TablesSide | undefined;
  readonly findings: readonly Finding[];
  /** Rules of the user's own that are gone and could not be recorded. */
  readonly lost: readonly (RuleName & { readonly rule: string })[];
  /** Why the user's own rules in DOCKER-USER must not be restored; absent where they may be. */
  readonly content?: string | undefined;
}

/** What an Engine requires of iptables that writes with nftables. */
export const NO_RULES = ownHost({ ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET });

/**
 * Compares rules already read with what should be there.
 *
 * @throws Fault as {@link desiredBy}
 */
export function observationOf(reference: Reference, live: LiveFirewall, engine: EngineReply): Observation {
  const seen = dockersObservation(reference, live, engine);
  const held = declaredTableFindings(live.held ?? []);
  return held.length === 0 ? seen : { ...seen, findings: [...held, ...seen.findings].sort(worstFirst) };
}

/** As {@link observationOf}, without the operator's own tables, which are the same beside either firewall backend. */
function dockersObservation(reference: Reference, live: LiveFirewall, engine: EngineReply): Observation {
  const { tables } = live;
  if (engine.answered && writesNftables(engine.inventory)) {
    if (tables === undefined)
      throw new Fault('RG_ENGINE_NFTABLES', 3, "this Engine's rules are in nftables, where nobody looked");
    return withTables(reference, live, engine, observeTables(reference, { ...live, tables }, engine));
  }
  const { stored } = reference;
  if (tables !== undefined && goesByRecordedTables(stored, engine))
    return withTables(reference, live, engine, observeRecordedTables(stored, { ...live, tables }));
  const { desired, liveness, intent } = desiredBy(reference, live, engine);
  const networks = engine.answered ? engine.inventory.networks : reference.stored?.baseline.engine?.networks;
  const sides: Sides = {
    desired: desired.owned,
    live: live.rules,
    liveOwned: ownLive(desired.owned, live.rules, { networks, settled: engine.answered }),
    withheld: desired.withheld,
    ...(liveness === undefined || !engine.answered
      ? {}
      : {
          engine: {
            liveness,
            coTenants: { interfaces: engine.interfaces, alone: engine.daemons.count === 1 },
            stale: desired.stale,
          },
        }),
  };
  const drift = compare(sides);
  const surroundings = surroundingsOf(engine, reference.stored, desired.owned);
  const { baseline } = reference.stored ?? {};
  const lost = unreadGone(baseline, sides.liveOwned);
  const own = isOwnBaseline(reference);
  const findings = [
    ...lost.map(unreadFinding),
    ...findingsOf(drift, surroundings, opensPolicies(engine, own)),
    ...(engine.answered ? containerFindings(engine.inventory) : []),
    ...leftTables(live.leftTables ?? [], {
      since: "when Docker's firewall backend was nftables",
      isAlone: engine.answered && engine.daemons.count === 1,
    }),
  ].sort(worstFirst);
  const content = contentHindrance(baseline, live);
  return { live, engine, intent, own, sides, drift, findings, lost, content };
}

function withTables(
  reference: Reference,
  live: LiveFirewall,
  engine: EngineReply,
  { side, intent, findings }: ObservedTables,
): Observation {
  const sides: Sides = { desired: NO_RULES, live: live.rules, liveOwned: NO_RULES };
  const own = isOwnBaseline(reference);
  return { live, engine, intent, own, sides, drift: compare(sides), tables: side, findings, lost: [] };
}

/** Names for consequences: the Engine's own, else those a baseline recorded. */
export function surroundingsOf(
  engine: EngineReply,
  stored: StoredBaseline | undefined,
  owned: OwnedHost,
): Surroundings {
  const version = engine.answered ? engine.inventory.version : stored?.baseline.engine?.version;
  return {
    networks: (engine.answered ? engine.inventory.networks : stored?.baseline.engine?.networks) ?? [],
    containers: engine.answered
      ? namedAddresses(engine.inventory)
      : (stored?.baseline.engine?.containers ?? []),
    userlandProxy: hasUserlandProxy(owned),
    localPorts: localPortsIn(owned),
    rawIsolates: eraOf(version ?? '')?.policy.keepsApart === false,
  };
}
