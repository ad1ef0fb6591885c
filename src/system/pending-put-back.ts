import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import { firstDifference, outlived, withEmptied } from '../guard/put-back.ts';
import { isEmptyPlan } from '../guard/plan.ts';
import { planRepair } from '../guard/plan.ts';
import { simulatePlan } from '../guard/simulate-plan.ts';
import { ownHost, type HostRules } from '../docker/ownership.ts';
import { FAMILIES, type Backend } from '../iptables/model.ts';
import { printRuleset } from '../iptables/print.ts';
import type { Answer } from './engine.ts';
import { holdsDockers } from './choose-backend.ts';
import { hasLegacyTables, readBackend, restoreWhole, usualBackend, type Live } from './kernel.ts';
import { withLock } from './lock.ts';
import { lookAt } from './look.ts';
import { putBackNative, putBackSets } from './pending-native.ts';
import { liveOf, type Record } from './pending-record.ts';
import {
  newestPending,
  readPending,
  refuseElsewhere,
  secondsLeft,
  writePending,
  type Pending,
  type PendingOptions,
} from './pending.ts';
import { run } from './command.ts';
import { openBaseline, type StoredBaseline } from './store.ts';
import { askWord, digestOfWord } from './word.ts';

const MAX_TRIES = 10;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 10_000;
/** How often the file of a change is looked at, in milliseconds. */
const GLANCE = 500;

/** What `--put-back` came to. `nothing`: the change was confirmed, or had been put back already. */
export type PutBack = {
  readonly outcome: 'nothing' | 'put-back' | 'failed';
  readonly pending: Pending | undefined;
};

/** Waits until a change's time is over, or it was confirmed. Its deadline may be put off meanwhile. */
export async function awaitDeadline(id: string, { stateDir }: PendingOptions): Promise<void> {
  for (;;) {
    const pending = await readPending(stateDir, id);
    if (pending?.change.outcome !== 'waiting') return;
    const left = secondsLeft(pending) * 1000;
    if (left <= 0) return;
    await sleep(Math.min(left, GLANCE));
  }
}

/**
 * Puts back every family and table as it was before a change, Docker's part as the Engine calls for now. Harmless when it
 * was confirmed or put back already. Tries ten times, with growing pauses, each time under the lock.
 *
 * @param id - of the change; `now`: the newest, also one whose putting back failed
 * @param again - also when it was put back: the command went on after its time was over
 */
export async function putBack(id: string, options: PendingOptions, again = false): Promise<PutBack> {
  for (let tries = 1; ; tries++) {
    try {
      return await withLock(options.runDir, options.waitSeconds, () => putBackOnce(id, options, again));
    } catch (error) {
      if (error instanceof Fault && (error.code === 'RG_UNSAFE_FILE' || error.code === 'RG_PENDING'))
        throw error;
      if (tries === MAX_TRIES) return giveUp(id, error, options);
      await sleep(Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)));
    }
  }
}

const find = (id: string, stateDir: string): Promise<Pending | undefined> =>
  id === 'now' ? newestPending(stateDir) : readPending(stateDir, id);

async function putBackOnce(
  id: string,
  { stateDir, waitSeconds }: PendingOptions,
  again: boolean,
): Promise<PutBack> {
  const pending = await find(id, stateDir);
  if (pending === undefined || (pending.change.outcome === 'put-back' && !again))
    return { outcome: 'nothing', pending };
  await refuseElsewhere(pending);
  const { record } = pending.change;
  await putBackSets(record.sets);
  const word = await askWord().catch(silent);
  const stored = await openBaseline(stateDir).catch(() => undefined);
  for (const wanted of await wantedNow(record, word, stored)) await load(wanted, waitSeconds);
  await putBackNative(record.native);
  const later = word.answered ? await askWord().catch(silent) : word;
  if (digestOfWord(later) !== digestOfWord(word))
    throw new Error('containers were started or stopped meanwhile');
  return end(
    pending,
    'put-back',
    word.answered ? "Docker's part as the Engine calls for" : `as recorded: ${word.fault.message}`,
    stateDir,
  );
}

/** An Engine that is of no help, whatever the reason: what was recorded was in force. */
function silent(error: unknown): Extract<Answer, { answered: false }> {
  if (error instanceof Fault) return { answered: false, fault: error };
  throw error;
}

/** What each backend should hold: those recorded, and the legacy one emptied if it came to hold anything. */
async function wantedNow(
  record: Record,
  word: Answer,
  stored: StoredBaseline | undefined,
): Promise<readonly Live[]> {
  const saved = record.backends.map(liveOf);
  const dockers = await dockersBackend(saved, stored);
  const wanted = saved.map((live) => (live.backend === dockers ? mendedIn(live, word, stored) : live));
  const isNew = !saved.some(({ backend }) => backend === 'legacy') && (await hasLegacyTables());
  const none: HostRules = { ipv4: { tables: new Map() }, ipv6: { tables: new Map() } };
  return isNew ? [...wanted, { backend: 'legacy', version: undefined, rules: none }] : wanted;
}

/** The backend Docker's rules were recorded in; none when they stood in both. */
async function dockersBackend(
  saved: readonly Live[],
  stored: StoredBaseline | undefined,
): Promise<Backend | undefined> {
  const holders = saved.filter(({ rules }) => holdsDockers(ownHost(rules)));
  if (holders.length > 1) return undefined;
  return holders[0]?.backend ?? stored?.baseline.backend ?? (await usualBackend());
}

/** Recorded rules with Docker's part as the Engine calls for; as recorded where it does not answer. */
function mendedIn(saved: Live, word: Answer, stored: StoredBaseline | undefined): Live {
  if (!word.answered) return saved;
  const usable = stored?.baseline.backend === saved.backend ? stored : undefined;
  const { drift, sides } = lookAt(
    { source: usable === undefined ? 'engine' : 'both', stored: usable },
    saved,
    word,
  );
  const plan = planRepair(drift, sides, { policies: 'leave', vouching: 'given', withdraw: outlived(drift) });
  if (isEmptyPlan(plan)) return saved;
  const { rules, refusals } = simulatePlan(plan, saved.rules);
  return refusals.length > 0 ? saved : { ...saved, rules };
}

/** Loads both families of a backend whole, and reads them back. @throws Error when they are not as wanted */
async function load({ backend, rules }: Live, waitSeconds: number): Promise<void> {
  const now = await readBackend(backend);
  for (const family of FAMILIES) {
    const text = printRuleset(withEmptied(rules[family], now.rules[family]), 'counters');
    if (text === '') continue;
    const outcome = await restoreWhole(family, backend, text, waitSeconds);
    if (!outcome.applied) throw new Error(`${family}, ${backend}: ${outcome.message}`);
  }
  const difference = firstDifference(rules, (await readBackend(backend)).rules);
  if (difference !== undefined) throw new Error(`read back, it differs: ${difference}`);
}

async function end(
  pending: Pending,
  outcome: 'put-back' | 'failed',
  says: string,
  stateDir: string,
): Promise<PutBack> {
  const ended: Pending = {
    id: pending.id,
    change: { ...pending.change, outcome, ended: new Date().toISOString(), says },
  };
  await writePending(stateDir, ended);
  const text =
    outcome === 'failed'
      ? 'FAILED to put back an unconfirmed firewall change'
      : 'put back an unconfirmed firewall change';
  // Nobody may be left to read what this process prints.
  await run(
    [
      'logger',
      '-t',
      'rulesguard',
      '-p',
      outcome === 'failed' ? 'daemon.err' : 'daemon.warning',
      '--',
      `${text}: ${pending.change.what} (${says})`,
    ],
    { timeout: 5_000 },
  ).catch(() => undefined);
  return { outcome, pending: ended };
}

async function giveUp(id: string, error: unknown, { stateDir }: PendingOptions): Promise<PutBack> {
  const pending = await find(id, stateDir);
  if (pending === undefined || pending.change.outcome === 'put-back') return { outcome: 'nothing', pending };
  return end(pending, 'failed', error instanceof Error ? error.message : String(error), stateDir);
}
