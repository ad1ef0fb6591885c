import { observationOf, type Observation } from '../../reconcile/observation.ts';
import type { Family } from '../../net/family.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { digestOfLive, digestOfReply } from '../observe/digests.ts';
import { observeAgain, readAgain } from '../observe/observe.ts';
import { awaitRules } from '../observe/quiescence.ts';
import type { Applier } from './apply.ts';
import { RepairAttempts } from './attempts.ts';

/**
 * How far a repair is, between two rounds: a value, so that a round can be played again from it.
 *
 * `Applied` is what a firewall backend knows of one apply, `Memory` what it remembers beside: what was rehearsed, what the tool does not take.
 */
export interface RepairProgress<Applied, Memory> {
  /** The rules and the Engine's reply, looked at after everybody named in the last apply had come to an end. */
  readonly seen: Observation;
  readonly done: readonly Applied[];
  readonly attempts: RepairAttempts;
  readonly memory: Memory;
}

/** What became of one round. */
export interface Round<Applied, Memory> {
  readonly at: RepairProgress<Applied, Memory>;
  readonly isEnd: boolean;
}

/** What a round needs of a firewall backend. `Plan` is its edits. */
export interface Backend<Plan, Applied, Memory> {
  /** What repairs what was seen, without what is left by now. */
  readonly plan: (at: RepairProgress<Applied, Memory>) => Plan;
  readonly isEmpty: (plan: Plan) => boolean;
  /** Proves a plan; returns it without what the tool does not take. @throws Fault RG_PLAN or RG_REHEARSAL */
  readonly prove: (
    plan: Plan,
    at: RepairProgress<Applied, Memory>,
  ) => Promise<{ readonly plan: Plan; readonly memory: Memory }>;
  /** What of a plan that was made anew since has been proven already. @throws Fault RG_PLAN */
  readonly certain: (plan: Plan, at: RepairProgress<Applied, Memory>) => Plan;
  /** As `keyOf`: all that a plan writes or takes out. */
  readonly keysOf: (plan: Plan) => readonly string[];
  /** Texts of rules: whoever has an address in them is waited for. */
  readonly textsOf: (plan: Plan) => readonly string[];
  /** Whether something is taken out because nothing requires it. */
  readonly takesLeftovers: (plan: Plan) => boolean;
  readonly apply: (plan: Plan, at: RepairProgress<Applied, Memory>) => Promise<Outcome<Applied>>;
  /** How long to wait for what no lock can be asked for, once a plan is applied; in milliseconds. */
  readonly settlesIn: (plan: Plan, seen: Observation) => number;
}

/**
 * Milliseconds. Of a network that goes: dockerd lists it until its rules are gone, and up to 20 ms more (run: 29.7, beside a busy machine). While it
 * takes them out one goes within that time, and is seen to be missing.
 */
export const UNTIL_NOT_LISTED = 200;

/** How one apply went. */
export interface Outcome<Applied> {
  readonly applied: Applied;
  /** As `keyOf`: what was written for certain. */
  readonly written: readonly string[];
  /** Each table that was tried, and why it was refused; undefined where it was taken. */
  readonly tables: readonly {
    readonly family: Family;
    readonly table: string;
    readonly refused: string | undefined;
  }[];
}

/** Before the first round. @param first - what was observed before it */
export const beginning = <Applied, Memory>(
  host: Pick<Applier, 'now'>,
  first: Observation,
  memory: Memory,
): RepairProgress<Applied, Memory> => ({
  seen: first,
  done: [],
  attempts: RepairAttempts.from(host.now()),
  memory,
});

/**
 * One round of a repair: it plans, proves, reads and asks once more, applies what is certain in the state at hand, waits for the containers it
 * wrote of, and looks again. What others changed meanwhile is the next round's; what was written stays written.
 *
 * It writes at most once. Before it takes out what nothing requires, and before it writes anything a second time round, the containers in question are
 * waited for: dockerd lists one as running only after its rules are written, and until they are gone.
 *
 * The caller holds the lock.
 *
 * @param tell - is told of an apply as soon as it was made
 * @returns how far it is now, and whether that is the end: nothing is left that it may do
 * @throws Fault of what could not be read, proved or written; what was written stays
 */
export async function round<Plan, Applied, Memory>(
  host: Applier,
  reference: Reference,
  backend: Backend<Plan, Applied, Memory>,
  at: RepairProgress<Applied, Memory>,
  tell: (applied: Applied) => void = () => undefined,
): Promise<Round<Applied, Memory>> {
  const attempts = at.attempts.next(host.now());
  if (attempts === undefined) return { at, isEnd: true };
  const begun = { ...at, attempts };
  const first = backend.plan(begun);
  if (backend.isEmpty(first)) return { at: begun, isEnd: true };
  const pause = attempts.pauseBefore(backend.keysOf(first));
  if (pause > 0) await host.sleep(pause);
  const proved = await backend.prove(first, begun);
  if (backend.isEmpty(proved.plan)) return { at: { ...begun, memory: proved.memory }, isEnd: false };
  const waits = !attempts.isFirst || backend.takesLeftovers(proved.plan);
  if (waits) await awaitRules(host, backend.textsOf(proved.plan), at.seen.engine);
  const [live, engine] = await readAgain(host, reference, at.seen);
  const isChanged =
    digestOfLive(live) !== digestOfLive(at.seen.live) ||
    digestOfReply(engine) !== digestOfReply(at.seen.engine);
  // Beside a busy dockerd something always has changed; it may even have written itself what was missing.
  const seen = isChanged ? observationOf(reference, live, engine) : at.seen;
  const now = { ...begun, seen, memory: proved.memory };
  const certain = backend.certain(isChanged ? backend.plan(now) : proved.plan, now);
  if (backend.isEmpty(certain) || (!waits && backend.takesLeftovers(certain)))
    return { at: now, isEnd: false };
  const { applied, written, tables } = await backend.apply(certain, now);
  tell(applied);
  const counted = tables.reduce(
    (sum, { family, table, refused }) => sum.answered(family, table, refused),
    attempts.wrote(written),
  );
  await awaitRules(host, backend.textsOf(certain), engine);
  const settles = backend.settlesIn(certain, seen);
  if (settles > 0) await host.sleep(settles);
  const after = { ...now, done: [...at.done, applied], attempts: counted };
  return { at: { ...after, seen: await observeAgain(host, reference, now.seen) }, isEnd: false };
}

/** Rounds until nothing is left that one may do. @param tell - is told of each apply as soon as it was made. @throws Fault as {@link round} */
export async function allRounds<Plan, Applied, Memory>(
  host: Applier,
  reference: Reference,
  backend: Backend<Plan, Applied, Memory>,
  from: RepairProgress<Applied, Memory>,
  tell: (applied: Applied) => void,
): Promise<RepairProgress<Applied, Memory>> {
  for (let at = from; ;) {
    const next = await round(host, reference, backend, at, tell);
    if (next.isEnd) return next.at;
    ({ at } = next);
  }
}
