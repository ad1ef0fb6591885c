import type { EngineReply } from '../../docker/engine-reply.ts';
import { Fault } from '../../fault.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { digestOfReply } from '../observe/digests.ts';
import type { NativeTableText } from '../../host/nft/sets-native.ts';
import type { Within } from '../../host/nft/within.ts';
import type { Pending } from '../../host/pending/read.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { Clock, Observer } from '../ports.ts';
import type { PendingRecords } from './ports.ts';
import { wantedNative, wantedRules, type TablesHost, type VariantsHost } from './wanted-rules.ts';

/** What rolling a change back touches. */
export interface RollbackHost
  extends VariantsHost, TablesHost, PendingRecords, Pick<Clock, 'sleep'>, Pick<Observer, 'askEngine'> {
  /** The newest baseline. @throws Fault when there is none to use */
  readonly openBaseline: () => Promise<StoredBaseline>;
  /** Runs work under the lock, with signals held until it is done. @throws Fault RG_BUSY */
  readonly withLock: <T>(work: () => Promise<T>) => Promise<T>;
  /** Each of these three loads what differs and @throws Error when it is refused. */
  readonly loadSets: (recorded: string | null) => Promise<void>;
  readonly loadRules: (wanted: Live, within: readonly Within[]) => Promise<void>;
  readonly loadNative: (recorded: readonly NativeTableText[] | null) => Promise<void>;
  /** Writes to the system log. */
  readonly log: (priority: 'err' | 'warning', text: string) => Promise<void>;
}

const MAX_TRIES = 10;
/** Milliseconds. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 10_000;

/** What rolling back came to. `nothing`: the change was settled already, one way or the other. */
export type RolledBack = {
  readonly outcome: 'nothing' | 'rolled-back' | 'failed';
  readonly pending: Pending | undefined;
};

/** How hard to try. */
export interface Trying {
  /** Also when it was rolled back already: the command went on after its time was over. */
  readonly again?: boolean;
  readonly tries?: number;
}

/**
 * Rolls every family and table back to what it was before a change, Docker's part to what the Engine requires now. Harmless
 * when it was settled already. Tries again with growing pauses, each time under the lock; a signal that arrives meanwhile
 * ends the process afterwards. From the first try on nothing can confirm the change, even if this process is killed.
 *
 * @throws Fault RG_UNSAFE_FILE or RG_PENDING when its record is not to be trusted, or is of another network namespace
 */
export async function rollBack(
  id: string,
  host: RollbackHost,
  { again = false, tries: most = MAX_TRIES }: Trying = {},
): Promise<RolledBack> {
  for (let tries = 1; ; tries++) {
    try {
      return await host.withLock(() => rollBackOnce(id, host, again));
    } catch (error) {
      if (error instanceof Fault && (error.code === 'RG_UNSAFE_FILE' || error.code === 'RG_PENDING'))
        throw error;
      if (tries >= most) return giveUp(id, error, host);
      await host.sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)));
    }
  }
}

async function rollBackOnce(id: string, host: RollbackHost, again: boolean): Promise<RolledBack> {
  const pending = await host.readPending(id);
  if (pending === undefined || !isOwed(pending, again) || !(await host.isOfThisBoot(pending)))
    return { outcome: 'nothing', pending };
  if (!(await host.isHere(pending))) throw elsewhere(pending);
  const begun = await begin(pending, host);
  if (begun === undefined) return { outcome: 'nothing', pending };
  const { record } = pending.change;
  await host.loadSets(record.sets);
  const engine = await host.askEngine().catch(unavailable);
  const stored = await host.openBaseline().catch(() => undefined);
  for (const wanted of await wantedRules(record, engine, stored, host))
    await host.loadRules(wanted, wanted.variant === 'nft' ? (record.within ?? []) : []);
  const wanted = await wantedNative(record, engine, host).catch(withoutNamespace);
  await host.loadNative(wanted instanceof Fault ? record.native : wanted);
  const later = engine.answered ? await host.askEngine().catch(unavailable) : engine;
  if (digestOfReply(later) !== digestOfReply(engine))
    throw new Error('containers were started or stopped meanwhile');
  return end(begun, 'rolled-back', basisOf(wanted instanceof Fault ? wanted : engine), host);
}

/** What was recorded was in force, and is better than what an unconfirmed change left. */
function withoutNamespace(error: unknown): Fault {
  if (error instanceof Fault && error.code === 'RG_REHEARSAL') return error;
  throw error;
}

function basisOf(by: EngineReply | Fault): string {
  if (by instanceof Fault) return `as recorded: ${by.message}`;
  return by.answered ? "Docker's part is as the Engine requires now" : `as recorded: ${by.fault.message}`;
}

const isOwed = ({ state }: Pending, again: boolean): boolean =>
  state === 'waiting' || state === 'rolling-back' || state === 'failed' || (state === 'rolled-back' && again);

/** Nobody may confirm from here on; undefined when somebody just did. */
async function begin(pending: Pending, host: RollbackHost): Promise<Pending | undefined> {
  if (pending.state !== 'waiting') return pending;
  try {
    if (!(await host.moveTo(pending, 'rolling-back'))) return undefined;
  } catch {
    // Neither the state folder nor that of the lock can be written: nobody can confirm there either.
    return pending;
  }
  return host.readPending(pending.id);
}

function elsewhere({ id }: Pending): Fault {
  return new Fault('RG_PENDING', 1, 'the pending change was made in another network namespace', {
    hint: `Run this there: nsenter --net=… rulesguard rollback ${id}`,
  });
}

/** An Engine that is of no help, whatever the reason: what was recorded was in force. */
function unavailable(error: unknown): Extract<EngineReply, { answered: false }> {
  if (error instanceof Fault) return { answered: false, fault: error };
  throw error;
}

async function end(
  pending: Pending,
  state: 'rolled-back' | 'failed',
  says: string,
  host: RollbackHost,
): Promise<RolledBack> {
  if (pending.state !== state) await host.moveTo(pending, state).catch(() => undefined);
  const settled = { ...((await host.readPending(pending.id)) ?? pending), state };
  const ended: Pending = { ...settled, change: { ...settled.change, says } };
  // For people, and worth no failure: the disk may be full.
  await host.writePending(ended).catch(() => undefined);
  const [priority, text] =
    state === 'failed'
      ? (['err', 'FAILED to roll back an unconfirmed firewall change'] as const)
      : (['warning', 'rolled back an unconfirmed firewall change'] as const);
  // Nobody may be left to read what this process prints.
  await host.log(priority, `${text}: ${pending.change.what} (${says})`).catch(() => undefined);
  return { outcome: state, pending: ended };
}

async function giveUp(id: string, error: unknown, host: RollbackHost): Promise<RolledBack> {
  const pending = await host.readPending(id);
  if (pending === undefined || !isOwed(pending, false)) return { outcome: 'nothing', pending };
  return end(pending, 'failed', error instanceof Error ? error.message : String(error), host);
}
