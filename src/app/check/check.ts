import { firewallBackendOf } from '../../docker/firewall-backend.ts';
import { countDockers } from '../../firewall/iptables/desired/desired.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Rule } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { isEmptyPlan } from '../../firewall/iptables/plan/plan.ts';
import { isDamage } from '../../reconcile/finding.ts';
import { planFor } from '../../reconcile/repair-plan.ts';
import { noticesOf, policyUnknown } from '../../reconcile/notices.ts';
import type { Observation } from '../../reconcile/observation.ts';
import { leftTablesOf } from '../../reconcile/judging.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { CheckHead } from '../../report/check-text.ts';
import type { CheckReport } from '../../report/check/report.ts';
import { irreparableTables } from '../../reconcile/tables/irreparable.ts';
import { countTableRules } from '../../reconcile/tables/side.ts';
import { verdictOf, type HostVerdict } from '../../reconcile/verdict/verdict.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { openReference, type ReferenceArgs } from '../observe/open-reference.ts';
import type { Baselines, Clock } from '../ports.ts';
import { readSurroundings } from '../reach/read-terrain.ts';
import { acceptancesOf, dayOf } from '../accept/acceptances.ts';
import { lookUntilStable, type Look } from './look.ts';
import type { CheckHost } from './ports.ts';

/** What a check found. */
export interface Checked {
  readonly reference: Reference;
  readonly observation: Observation;
  readonly head: CheckHead;
  readonly verdict: HostVerdict;
  /** Commands that repair an effect, tried in memory, by its id. */
  readonly removals: ReadonlyMap<string, string>;
  /** See {@link CheckReport}. */
  readonly irreparable: CheckReport['irreparable'];
}

/**
 * Says which packets do not get where Docker means them to, or get where they must not, and why: rules of Docker's are lost, or something
 * decides before them. Changes nothing, and takes no lock.
 *
 * @throws Fault of the Engine when there is nothing but the Engine to go by, or of what could not be read
 */
export async function check(
  host: CheckHost,
  baselines: Pick<Baselines, 'open' | 'readDeclared'>,
  args: ReferenceArgs,
  on: Listener<StepEvent | NoticeEvent>,
): Promise<Checked> {
  const reading = host.beginReading();
  const surroundings = readSurroundings(host);
  // A fault is thrown when they are asked for; where the baseline is unusable they never are.
  surroundings.catch(() => undefined);
  const reference = await openReference(args, baselines);
  on({ kind: 'step', step: 'reading' });
  const look = await lookUntilStable(host, reference, { reading, surroundings });
  // What could not be read is in the verdict, and a policy that nobody knows in the report, once.
  const told = new Set([
    'policy-unknown',
    'set-aside',
    ...(look.verdict.unread.length > 0 ? ['unverified'] : []),
  ]);
  for (const notice of noticesOf(reference, look.observation))
    if (!told.has(notice.kind)) on({ kind: 'notice', notice });
  return judgedLook(look, reference, host, on);
}

/** What a look found, once what was accepted is left out. */
export async function judgedLook(
  look: Look,
  reference: Reference,
  host: Pick<CheckHost, 'readAccepted' | 'now'>,
  on: Listener<NoticeEvent>,
): Promise<Checked> {
  const { observation } = look;
  const verdict = await judged(look, host, on);
  return {
    reference,
    observation,
    head: headOf(reference, observation, host),
    verdict,
    removals: await removalsOf(verdict, look),
    irreparable: irreparableIn(verdict, observation),
  };
}

/** What its text is made of. */
export const reportOf = ({ verdict, observation, head, removals, irreparable }: Checked): CheckReport => ({
  ...{ verdict, head, removals, irreparable },
  findings: observation.findings,
});

/** The verdict, once what was accepted is left out; that is read only where there is something to accept. */
async function judged(
  { observation, followed, verdict }: Look,
  host: Pick<CheckHost, 'readAccepted' | 'now'>,
  on: Listener<NoticeEvent>,
): Promise<HostVerdict> {
  if (verdict.exit === 0) return verdict;
  const acceptances = await acceptancesOf(host, on);
  return acceptances.length === 0
    ? verdict
    : verdictOf({
        findings: observation.findings,
        packets: followed.packets,
        acceptances,
        today: dayOf(host.now()),
      });
}

/** Why a restore would change nothing though rules are lost. */
function irreparableIn({ effects }: HostVerdict, observation: Observation): CheckReport['irreparable'] {
  if (!effects.some(({ cause }) => cause === 'lost')) return undefined;
  if (observation.tables !== undefined) return irreparableTables(observation.tables);
  const plan = planFor(observation, { policies: 'restore', assumeUnchanged: false });
  if (!isEmptyPlan(plan)) return undefined;
  const unsaid = observation.findings.filter((one) => isDamage(one) && one.remedy === undefined);
  const lost = new Set(unsaid.map(({ rule }) => rule));
  return [...new Set(plan.leftOut.filter(({ rule }) => lost.has(rule)).map(({ reason }) => reason))];
}

/** Loaded only where something else decides before Docker's rules. */
async function removalsOf({ effects }: HostVerdict, { followed, observation }: Look) {
  if (!effects.some(({ cause }) => cause === 'overridden')) return new Map<string, string>();
  const { removalsFor } = await import('./removals.ts');
  const { live, sides } = observation;
  return removalsFor(effects, followed, live.variant, {
    isDockers: dockersIn(sides.liveOwned),
    left: leftTablesOf(observation),
  });
}

function dockersIn({ families }: OwnedHost): (rule: Rule) => boolean {
  const rules = new Set(
    FAMILIES.flatMap((family) =>
      [...families[family].values()].flatMap((chains) =>
        [...chains.values()].flatMap((chain) =>
          chain.rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule] : [])),
        ),
      ),
    ),
  );
  return (rule) => rules.has(rule);
}

/** What the first line of a verdict is made of. */
function headOf({ stored }: Reference, observation: Observation, { now }: Pick<Clock, 'now'>): CheckHead {
  const { live, engine, sides, tables } = observation;
  return {
    baseline: stored && {
      id: stored.id,
      ageSeconds: (now() - Date.parse(stored.baseline.created)) / 1000,
    },
    engine: engine.answered ? engine.inventory.version : undefined,
    firewallBackend: engine.answered ? firewallBackendOf(engine.inventory) : undefined,
    variant: live.variant,
    rules: tables === undefined ? countDockers(sides.desired) : countTableRules(tables.expected),
    policyUnknown: policyUnknown(observation),
  };
}
