import type { EngineReply } from '../docker/engine-reply.ts';
import type { Inventory } from '../docker/inventory/inventory.ts';
import type { HostIntent } from '../docker/intent/values.ts';
import { inferIntent, type InferredIntent } from '../firewall/iptables/expected/infer-intent.ts';
import { ownLive } from '../firewall/iptables/compare/compare.ts';
import { desiredOf, type Desired } from '../firewall/iptables/desired/desired.ts';
import { withDeclared } from '../firewall/iptables/desired/declared.ts';
import { Liveness } from '../firewall/iptables/desired/liveness.ts';
import { outdatedBy } from '../firewall/iptables/desired/outdated.ts';
import type { StoredBaseline } from './stored-baseline.ts';
import { expectedRules } from '../firewall/iptables/expected/expected.ts';
import type { Live } from '../firewall/iptables/text/live.ts';
import { ownHost, type OwnedHost } from '../firewall/iptables/ownership/ownership.ts';
import { onlyUsersOwn, withholdBeside, withholdStrange } from '../firewall/iptables/plan/withhold.ts';
import { Fault } from '../fault.ts';
import { isOwnBaseline, type Reference } from './reference.ts';

/** The rules that should be there, and what they were derived from. */
export interface DesiredRules {
  readonly desired: Desired;
  readonly liveness: Liveness | undefined;
  /** What the Engine means to happen to packets; undefined without one, and for one before 18.03.1. */
  readonly intent: HostIntent | undefined;
}

/**
 * The rules that should be there: those of the reference that the running Engine does not contradict, and those it
 * requires. Without an Engine the reference's alone.
 *
 * @param live - also shows settings of dockerd that the Engine's API does not show
 * @throws Fault of the Engine when there is neither a baseline nor an answer, RG_ENGINE_UNKNOWN when there is no baseline
 *   and what this Engine writes is not known
 */
export function desiredBy(reference: Reference, live: Live, engine: EngineReply): DesiredRules {
  const { declared, source } = reference;
  if (source === 'declared')
    return { desired: { owned: withDeclared(NOTHING, declared), stale: [], withheld: NONE }, ...UNASKED };
  const { desired, ...rest } = undeclaredBy(reference, live, engine);
  return { ...rest, desired: { ...desired, owned: withDeclared(desired.owned, declared) } };
}

const NONE = new Map<never, string>();
const NOTHING: OwnedHost = { families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] };
const UNASKED = { liveness: undefined, intent: undefined };

/** As {@link desiredBy}, without what is declared. */
function undeclaredBy(reference: Reference, live: Live, engine: EngineReply): DesiredRules {
  const { source, stored, noBaseline } = reference;
  const isOwn = isOwnBaseline(reference);
  if (!engine.answered) {
    if (stored === undefined) throw withoutEither(engine.fault, noBaseline);
    const { owned } = stored;
    const desired = isOwn
      ? { owned, stale: [], withheld: NONE }
      : desiredOf({ baseline: owned, withhold: withholdStrange });
    return { desired, ...UNASKED };
  }
  const { inventory, interfaces } = engine;
  const recordedEngine = stored?.baseline.engine;
  const liveness = new Liveness(inventory, {
    networks: recordedEngine?.networks ?? [],
    containers: recordedEngine?.containers ?? [],
  });
  // A baseline from another host does not decide what this Engine requires.
  const recorded = isOwn ? stored?.owned : undefined;
  const inferred = inferredFrom(engine, live, recorded);
  const required = inferred && expectedBy(inferred, inventory);
  const expected = source === 'baseline' && isOwn ? undefined : required;
  if (expected === undefined && stored === undefined)
    throw new Fault(
      'RG_ENGINE_UNKNOWN',
      3,
      `Engine ${inventory.version} is older than 18.03.1: which rules it requires is not known here`,
      { hint: 'Record them while all is well: rulesguard snapshot' },
    );
  const outdated =
    expected === undefined
      ? undefined
      : outdatedBy(recordedEngine?.version, inventory.version, believedIn(stored));
  const isStrange = stored !== undefined && !isOwn && expected !== undefined;
  return {
    desired: desiredOf({
      baseline: isStrange ? onlyUsersOwn(stored.owned) : stored?.owned,
      expected,
      liveness,
      accepted: isOwn ? (stored?.baseline.accepted ?? []) : [],
      ...(outdated === undefined ? {} : { outdated }),
      withhold: isOwn ? withholdBeside({ required, interfaces }) : withholdStrange,
    }),
    liveness,
    intent: inferred?.intent,
  };
}

const believedIn = (stored: StoredBaseline | undefined): ReadonlySet<string> =>
  new Set(stored?.baseline.unexplained?.map(({ rule = '' }) => rule));

/** Without a baseline and without an Engine nothing is known: the Engine's fault, with the note that nothing was recorded. */
function withoutEither(fault: Fault, noBaseline: Fault | undefined): Fault {
  if (noBaseline === undefined) return fault;
  // The fault of an Engine that is there has its own remedy; without an Engine, the baseline's fault says how to get the rules back.
  const hint = fault.code === 'RG_ENGINE_ABSENT' ? noBaseline.hint : (fault.hint ?? noBaseline.hint);
  return new Fault(noBaseline.code, 3, `${noBaseline.message}; and ${fault.message}`, {
    details: [...noBaseline.details, ...fault.details],
    cause: fault,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What the Engine means, by the daemon's own process and by the rules it wrote; undefined before 18.03.1, of which that is not known. */
function inferredFrom(
  { inventory, daemons }: Extract<EngineReply, { answered: true }>,
  live: Live,
  recorded: OwnedHost | undefined,
): InferredIntent | undefined {
  const { networks } = inventory;
  let owned: OwnedHost | undefined;
  // Up to four settings are looked for in rules: owning all of them is most of an observation's work.
  const ownedLive = (): OwnedHost =>
    (owned ??=
      recorded === undefined
        ? ownHost(live.rules, { networks, settled: true })
        : ownLive(recorded, live.rules, { networks, settled: true }));
  const written = (): readonly OwnedHost[] => [ownedLive(), ...(recorded === undefined ? [] : [recorded])];
  return inferIntent({ inventory, facts: daemons.facts, written });
}

const expectedBy = (
  { intent, era, settings: { overlayByBpf } }: InferredIntent,
  { networks }: Inventory,
): OwnedHost =>
  ownHost(expectedRules(intent, { era: era.writing, overlayByBpf }), { networks, settled: true });
