import { Fault } from '../../../fault.ts';
import type { Variant } from '../../../firewall/iptables/text/model.ts';
import type { Finding } from '../../../reconcile/finding.ts';
import { observationOf, type Observation } from '../../../reconcile/observation.ts';
import type { Reference } from '../../../reconcile/reference.ts';
import { coveringOf } from '../../accept/acceptances.ts';
import type { AcceptedReader, Clock, Host, Journal } from '../../ports.ts';
import { digestOfReply } from '../../observe/digests.ts';
import { beginHeld } from '../../observe/observe.ts';
import { restoreHeld, type HeldRestored } from '../../restore/held/restore-held.ts';
import type { FastBackend, FastDone } from './fast-backend.ts';
import { fastIptables } from './fast-iptables.ts';
import { fastTables } from './fast-tables.ts';
import type { ResidentEngine } from '../resident-engine.ts';
import type { ResidentRules } from '../resident-rules.ts';

/** What is at hand while all is well. */
interface Ready {
  readonly reference: Reference;
  /** As `digestOfReply`: what the Engine said when all was well. */
  readonly engine: string;
  readonly variant: Variant;
  /** Every step that brings a rule of Docker's back, rehearsed. */
  readonly rehearsed: ReadonlySet<string>;
  readonly backend: FastBackend;
}

/** A repair that was made before a look. */
export interface FastRepair extends FastDone {
  /** What was seen before it. */
  readonly before: Observation;
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
  /** Does something ahead of other processes. */
  readonly ahead: <T>(work: () => Promise<T>) => Promise<T>;
}

/** @param host - reads and writes as a restore does */
export function fastPath(
  host: Host,
  { rules, engine, accepted, held, now, arm, ahead }: FastPathParts,
): FastPath {
  let ready: Ready | undefined;
  let rehearsed: ReadonlySet<string> = new Set();
  let isPreparing = false;
  let warmth = 0;

  async function prepare(observation: Observation, reference: Reference): Promise<void> {
    const { live, engine: reply } = observation;
    const backend = fastBackendOf(observation);
    // Who changed legacy rules is not told, so that Docker's own hand cannot be known from another.
    const isUnnamed = backend === fastIptables && live.variant === 'legacy';
    if (!reply.answered || isUnnamed || !backend.isWhole(observation)) {
      ready = undefined;
      return;
    }
    rehearsed = await backend.rehearse(host, reference, observation, rehearsed);
    for (; warmth < WARM; warmth++) {
      backend.warmUp(reference, observation);
      await new Promise((resolve) => setImmediate(resolve));
    }
    ready = { reference, engine: digestOfReply(reply), variant: live.variant, rehearsed, backend };
    arm(live.variant);
  }

  async function repairBy({ reference, variant, backend, ...was }: Ready): Promise<FastRepair | undefined> {
    return host.withLock(async () => {
      // Whoever had the lock may have repaired, recorded or paused: what was read before it was free says nothing of what is there now.
      rules.forget();
      const asking = engine.ask();
      const reading = backend.read(rules, variant, reference, asking);
      // While the rules are read there is time for it.
      const journal = readAhead(host.journal);
      const [live, tables, why, baselines, declared, acceptances, reply] = await Promise.all([
        reading,
        beginHeld(host, reference),
        held(),
        host.baselines.list(),
        host.baselines.readDeclared(),
        coveringOf(accepted, () => undefined),
        asking,
      ]);
      if (why !== undefined || acceptances.size > 0) return undefined;
      if (JSON.stringify(declared) !== JSON.stringify(reference.declared)) return undefined;
      if (baselines.at(-1) !== reference.stored?.id || digestOfReply(reply) !== was.engine) return undefined;
      const before = observationOf(reference, { ...live, ...tables }, reply);
      if (fastBackendOf(before) !== backend) return undefined;
      if (!before.findings.some(isCertainlyLost) || !backend.onlyAdds(before, was.rehearsed))
        return undefined;
      const found = now();
      let written: number | undefined;
      const entries: string[] = [];
      const hasWritten = <T>(outcome: T): T => {
        written = now();
        engine.forget();
        return outcome;
      };
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
        readTables: () => (written === undefined ? backend.tables(rules) : host.readTables()),
        askEngine: engine.ask,
        writeRules: async (...what) => hasWritten(await host.writeRules(...what)),
        writeTables: async (text) => hasWritten(await host.writeTables(text)),
      };
      // What the operator closed is closed again before a rule of Docker's opens a port.
      const restored = await restoreHeld({ ...host, journal: resident.journal }, reference, before);
      const closed = restored.applies > 0 ? now() : undefined;
      const done = await backend
        .repair(resident, reference, restored.seen, { rehearsed: was.rehearsed, continues: restored.journal })
        .catch((error: unknown): FastDone => {
          // Where rules were written by then, that is told: what it left is for the look to say.
          if (!(error instanceof Fault) || (written ?? closed) === undefined) throw error;
          return { after: before, left: [error.message], journal: entries, unjournaled: undefined };
        });
      const repaired = written ?? closed;
      return repaired === undefined
        ? undefined
        : { ...withHeld(done, restored), before, reference, found, repaired };
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
      const was = ready;
      try {
        return await ahead(() => repairBy(was));
      } catch (error) {
        if (error instanceof Fault) return undefined;
        throw error;
      } finally {
        arm(was.variant);
      }
    },
  };
}

/** What was done, with what was done about declared tables before. */
const withHeld = (done: FastDone, { journal, unjournaled, left }: HeldRestored): FastDone => ({
  ...done,
  journal: [...new Set([...(journal === undefined ? [] : [journal]), ...done.journal])],
  left: [...new Set([...left.map(({ reason }) => reason), ...done.left])],
  unjournaled: done.unjournaled ?? unjournaled,
});

const fastBackendOf = ({ tables }: Observation): FastBackend =>
  tables === undefined ? fastIptables : fastTables;

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

/** Whoever fills DOCKER-USER anew empties it first. */
const isCertainlyLost = ({ kind, severity, chain }: Finding): boolean =>
  (kind === 'missing' || kind === 'chain-missing') && severity !== 'notice' && chain !== 'DOCKER-USER';
