import { Fault } from '../../fault.ts';
import { isEmptyPlan, type Plan } from '../../firewall/iptables/plan/plan.ts';
import { hiddenIn } from '../../firewall/iptables/text/hidden.ts';
import { EMPTY_RULESET, type Variant } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import type { Finding } from '../../reconcile/finding.ts';
import { observationOf, type Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { planFor } from '../../reconcile/repair-plan.ts';
import { coveringOf } from '../accept/acceptances.ts';
import type { AcceptedReader, Clock, Host, Journal } from '../ports.ts';
import { digestOfReply } from '../observe/digests.ts';
import { ownedLive, Proof, provable, stepsOf } from '../restore/proof.ts';
import { repair, type RepairOptions } from '../restore/repair.ts';
import type { WatchRepair } from './ports.ts';
import type { ResidentEngine } from './resident-engine.ts';
import type { ResidentRules } from './resident-rules.ts';

/** How watch repairs: no policy is set back, and each rule was tried before. */
export const WATCH_REPAIR: RepairOptions = { policies: 'leave', assumeUnchanged: false, rehearse: true };

/** What is at hand while all is well. */
interface Ready {
  readonly reference: Reference;
  /** As `digestOfReply`: what the Engine said when all was well. */
  readonly engine: string;
  readonly variant: Variant;
  /** Every step that brings a rule of Docker's back, rehearsed. */
  readonly rehearsed: ReadonlySet<string>;
}

/** A repair that was made before a look. */
export interface FastRepair extends Omit<WatchRepair, 'leftThen'> {
  /** What was seen before it, and what it left. */
  readonly before: Observation;
  readonly after: Observation;
  readonly reference: Reference;
  /** When the loss was seen, and when the last rule was written; on the clock of watch. */
  readonly found: number;
  readonly repaired: number;
}

/** Repairs what is certainly lost, from what was made ready while all was well. */
export interface FastPath {
  /** A look found all well: makes ready, beside whatever else happens. */
  readonly well: (observation: Observation, reference: Reference) => void;
  /** Steps that were rehearsed: any other repair need not try them again. */
  readonly rehearsed: () => ReadonlySet<string>;
  /**
   * Repairs, if rules of Docker's are lost that a restore would bring back, nothing is accepted or held, and the Engine and the baseline are those
   * of the last look.
   *
   * @returns undefined where there is any doubt: nothing was done then that a look would not find
   */
  readonly repair: () => Promise<FastRepair | undefined>;
}

const WARM = 20;

/** What it uses beside the host. */
export interface FastPathParts {
  readonly rules: ResidentRules;
  readonly engine: Pick<ResidentEngine, 'ask' | 'forget'>;
  readonly accepted: AcceptedReader & Pick<Clock, 'now'>;
  /** What keeps watch from writing. */
  readonly held: () => Promise<string | undefined>;
  readonly now: () => number;
  /** Has at hand what a repair starts. */
  readonly arm: (variant: Variant) => void;
}

/** @param host - reads and writes as a restore does */
export function fastPath(host: Host, { rules, engine, accepted, held, now, arm }: FastPathParts): FastPath {
  let ready: Ready | undefined;
  let rehearsed: ReadonlySet<string> = new Set();
  let isPreparing = false;
  let warmth = 0;

  async function prepare(observation: Observation, reference: Reference): Promise<void> {
    const { live, engine: reply } = observation;
    if (!reply.answered || !isReadBySaves(observation) || !isEmptyPlan(planFor(observation, WATCH_REPAIR))) {
      ready = undefined;
      return;
    }
    const gone = observationOf(
      reference,
      { ...live, rules: { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET } },
      reply,
    );
    const proof = new Proof(host, true, rehearsed);
    const unloadable = new Map<string, string>();
    const planned = () => planFor(gone, WATCH_REPAIR, { unloadable });
    const plan = await provable(planned(), unloadable, planned, (one) => proof.prove(one, ownedLive(gone)));
    rehearsed = new Set(stepsOf(plan));
    await warmUp(() => planFor(observationOf(reference, gone.live, reply), WATCH_REPAIR));
    ready = { reference, engine: digestOfReply(reply), variant: live.variant, rehearsed };
    arm(live.variant);
  }

  /** What is called for the first time takes ten times as long as the tenth time. */
  async function warmUp(plan: () => Plan): Promise<void> {
    for (; warmth < WARM; warmth++) {
      plan();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function repairBy({ reference, variant, ...was }: Ready): Promise<FastRepair | undefined> {
    const reading = rules.read(variant);
    const asides = Promise.all([
      held(),
      host.baselines.list(),
      host.baselines.readDeclared(),
      coveringOf(accepted, () => undefined),
      engine.ask(),
    ]);
    // Where the lock cannot be had they are not asked for.
    for (const one of [reading, asides]) one.catch(() => undefined);
    return host.withLock(async () => {
      // While the rules are read there is time for it.
      const journal = readAhead(host.journal);
      const [live, [why, baselines, declared, acceptances, reply]] = await Promise.all([reading, asides]);
      if (why !== undefined || acceptances.size > 0) return undefined;
      if (JSON.stringify(declared) !== JSON.stringify(reference.declared)) return undefined;
      if (baselines.at(-1) !== reference.stored?.id || digestOfReply(reply) !== was.engine) return undefined;
      const before = observationOf(reference, live, reply);
      if (!before.findings.some(isCertainlyLost) || !onlyAdds(planFor(before, WATCH_REPAIR)))
        return undefined;
      const found = now();
      let written: number | undefined;
      const entries: string[] = [];
      const resident: Host = {
        ...host,
        journal: {
          ...journal,
          begin: async (entry) => {
            const noted = await journal.begin(entry);
            if (noted.id !== undefined) entries.push(noted.id);
            return noted;
          },
        },
        // What was written is looked at with care, and the Engine may have begun something of which it has not told yet.
        readVariant: (of) => (written === undefined ? rules.read(of) : host.readVariant(of)),
        askEngine: engine.ask,
        writeRules: async (...what) => {
          const refused = await host.writeRules(...what);
          written = now();
          engine.forget();
          return refused;
        },
      };
      const options = { ...WATCH_REPAIR, rehearsed: was.rehearsed };
      const ended = await repair(resident, reference, before, options).catch((error: unknown) => {
        // Where rules were written by then, that is told: what it left is for the look to say.
        if (!(error instanceof Fault) || written === undefined) throw error;
        return { after: before, left: [{ reason: error.message }], journal: entries, unjournaled: undefined };
      });
      if (written === undefined) return undefined;
      const { after, journal: noted, unjournaled, left } = ended;
      return {
        ...{ before, after, reference, found, repaired: written, journal: noted, unjournaled },
        left: [...new Set(left.map(({ reason }) => reason))],
      };
    });
  }

  return {
    rehearsed: () => rehearsed,
    well: (observation, reference) => {
      if (isPreparing) return;
      isPreparing = true;
      void prepare(observation, reference)
        // Not ready, so repairs take longer; what hinders this hinders the next look or repair, which says so.
        .catch(() => undefined)
        .finally(() => {
          isPreparing = false;
        });
    },
    repair: async () => {
      if (ready === undefined) return undefined;
      const { variant } = ready;
      try {
        return await repairBy(ready);
      } catch (error) {
        if (error instanceof Fault) return undefined;
        throw error;
      } finally {
        arm(variant);
      }
    },
  };
}

/** A journal whose newest entry, which says whether an earlier repair is unfinished, is being read already. */
function readAhead(journal: Journal): Journal {
  const listing = journal.list();
  const newest = listing.then((ids) => {
    const id = ids.at(-1);
    const entry = id === undefined ? undefined : journal.read(id);
    entry?.catch(() => undefined);
    return { id, entry };
  });
  newest.catch(() => undefined);
  return {
    ...journal,
    list: () => listing,
    read: async (id) => {
      const { id: known, entry } = await newest;
      return id === known && entry !== undefined ? entry : journal.read(id);
    },
  };
}

/** Whether saves alone show all there is: rules of iptables, each of which is printed in full. */
const isReadBySaves = ({ live, tables }: Observation): boolean =>
  tables === undefined &&
  live.unverified === undefined &&
  FAMILIES.every((family) => [...hiddenIn(live.rules[family])].length === 0);

/** Whether a plan takes nothing out: what a save prints only in part may look like a rule of Docker's. */
const onlyAdds = ({ families }: Plan): boolean =>
  FAMILIES.every((family) =>
    families[family].tables.every(({ steps }) => steps.every(({ op }) => op !== 'delete' && op !== 'remove')),
  );

/** Whoever fills DOCKER-USER anew empties it first. */
const isCertainlyLost = ({ kind, severity, chain }: Finding): boolean =>
  (kind === 'missing' || kind === 'chain-missing') && severity !== 'notice' && chain !== 'DOCKER-USER';
