import { Fault } from '../fault.ts';
import { factsOf } from '../docker/inventory.ts';
import { ownHost, type OwnedHost } from '../docker/ownership.ts';
import {
  acceptedIn,
  BASELINE_VERSION,
  ownBaseline,
  recordFamilies,
  sameRecord,
  unexplainedIn,
  type RuleName,
  type Baseline,
} from '../guard/baseline.ts';
import { countDockers } from '../guard/desired.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { unsoundness } from '../guard/soundness.ts';
import { count, place, printable } from '../report/text.ts';
import { toolVersion, type Live } from '../system/kernel.ts';
import { withLock } from '../system/lock.ts';
import { look, lookAt, lookSettled, type Look } from '../system/look.ts';
import { listNumbered, pruneNumbered } from '../system/numbered.ts';
import { withProgress } from '../system/progress.ts';
import { readSettled } from '../system/settled.ts';
import { baselineFolder, openBaseline, writeBaseline, type StoredBaseline } from '../system/store.ts';
import { thisHost } from '../system/who.ts';
import type { Answer } from '../system/engine.ts';
import { askWord } from '../system/word.ts';
import type { Context, Exit } from './context.ts';
import { KEPT } from './verbs.ts';

export interface SnapshotArgs {
  readonly force: boolean | undefined;
  readonly repairFirst: boolean | undefined;
  readonly ifChanged: boolean | undefined;
  readonly keep: number;
}

/** `rulesguard snapshot`: records Docker's rules as they are now. Exit 1 when they look damaged. */
export async function run(args: SnapshotArgs, context: Context): Promise<Exit> {
  await takeSnapshot(args, context);
  return 0;
}

/** What became of a snapshot: the baseline it wrote, or the newest one, which says the same. */
export interface Taken {
  readonly verdict: 'recorded' | 'unchanged';
  readonly id: string;
}

/**
 * Records Docker's rules as they are now, under the lock, and says so.
 *
 * @throws Fault RG_DAMAGED (exit 1) when they look damaged
 */
async function takeSnapshot(args: SnapshotArgs, context: Context): Promise<Taken> {
  return withLock(context.runDir, context.waitSeconds, () => snapshot(args, context));
}

/** Records the present state before a firewall change, if it is sound, and writes only what is new. */
export const snapshotIfChanged = (context: Context): Promise<Taken> =>
  takeSnapshot({ force: undefined, repairFirst: undefined, ifChanged: true, keep: KEPT }, context);

/** The present state, and what speaks against recording it. */
interface State {
  readonly live: Live;
  readonly word: Answer;
  readonly owned: OwnedHost;
  readonly reasons: readonly string[];
  /** What `--force` takes for meant. */
  readonly missing: readonly RuleName[];
  readonly unexplained: readonly RuleName[];
}

async function snapshot(args: SnapshotArgs, context: Context): Promise<Taken> {
  const { stateDir, log } = context;
  const last = await openLast(stateDir, log);
  const state = await withProgress('reading the live rules until two reads agree', readState(last));
  const { word, owned, reasons } = state;
  if (!word.answered) log.warn(`note: ${word.fault.message}; going by the rules alone`);
  for (const { reason, rule, ...where } of owned.undecided)
    log.warn(`undecided, not recorded: ${place(where)}: ${printable(rule ?? '(chain)')}: ${reason}`);
  if (reasons.length > 0 && args.repairFirst === true) {
    await repairFirst(last, context);
    return snapshot({ ...args, repairFirst: false }, context);
  }
  if (countDockers(owned) === 0 && reasons.length === 0) {
    throw new Fault('RG_NO_DOCKER_RULES', 3, "there are no rules of Docker's to record", {
      hint: 'Is Docker running here (docker info), with iptables on, in this network namespace? If its rules were flushed: systemctl restart docker',
    });
  }
  if (reasons.length > 0 && args.force !== true) throw damaged(state);
  return record(args, state, last, context);
}

/** Compares with what the Engine calls for; without its word, the rules among themselves have to tell. */
async function readState(last: StoredBaseline | undefined): Promise<State> {
  const word = await askWord();
  const seen = word.answered ? await lookSettled().catch(unknownEra) : undefined;
  if (seen !== undefined) {
    const reasons = [...seen.findings.filter(isDamage), ...lossesSince(last, seen)].map(
      ({ rule, kind, consequence, ...where }) =>
        `${place(where)}: ${kind}: ${printable(rule ?? consequence)}`,
    );
    return {
      live: seen.live,
      word: seen.word,
      owned: withoutOrphans(seen),
      reasons,
      missing: acceptedIn(seen.drift),
      unexplained: unexplainedIn(seen.drift),
    };
  }
  const live = await readSettled();
  const networks = word.answered ? word.inventory.networks : undefined;
  const owned = ownHost(live.rules, { networks, settled: word.answered });
  return {
    live,
    word,
    owned,
    reasons: unsoundness(owned, networks, last?.owned),
    missing: [],
    unexplained: [],
  };
}

/** Of what no Engine knows the last baseline tells: a user's own filter, and the policies. */
function lossesSince(last: StoredBaseline | undefined, { live, word }: Look): readonly Finding[] {
  if (last?.baseline.backend !== live.backend) return [];
  return lookAt({ source: 'both', stored: last }, live, word).findings.filter(
    ({ kind }) => kind === 'content-lost' || kind === 'policy',
  );
}

function unknownEra(error: unknown): undefined {
  if (error instanceof Fault && error.code === 'RG_ENGINE_UNKNOWN') return undefined;
  throw error;
}

/** Litter is not recorded: it must not come back when it is gone at last. */
function withoutOrphans({ sides, drift }: Look): OwnedHost {
  const { families, undecided } = sides.liveOwned;
  const orphans = new Set(
    drift.extras.flatMap(({ owned, orphaned }) => (orphaned === undefined ? [] : [owned])),
  );
  if (orphans.size === 0) return sides.liveOwned;
  const without = (tables: OwnedHost['families']['ipv4']): OwnedHost['families']['ipv4'] =>
    new Map(
      [...tables].map(([table, chains]) => [
        table,
        new Map(
          [...chains].map(([name, chain]) => [
            name,
            { ...chain, rules: chain.rules.filter((owned) => !orphans.has(owned)) },
          ]),
        ),
      ]),
    );
  return { families: { ipv4: without(families.ipv4), ipv6: without(families.ipv6) }, undecided };
}

function damaged({ word, reasons }: State): Fault {
  return new Fault(
    'RG_DAMAGED',
    1,
    "not recorded: Docker's rules look damaged, and a damaged baseline would hide that for good",
    {
      details: word.answered
        ? reasons
        : [...reasons, '(The Engine did not answer; it could say what is switched off on purpose.)'],
      hint: 'Mend them and record in one go: rulesguard snapshot --repair-first (a policy: rulesguard restore --policies). Or record them as they are: rulesguard snapshot --force',
    },
  );
}

async function repairFirst(stored: StoredBaseline | undefined, context: Context): Promise<void> {
  const { stateDir, runDir, waitSeconds, print, paint } = context;
  const { repair } = await import('../system/repair.ts');
  const measure = { source: 'both', stored } as const;
  const { before, after, plans } = await repair(
    measure,
    await look(measure),
    { policies: 'leave', unvouched: false },
    { stateDir, runDir, waitSeconds, rehearse: true },
  );
  const mended = before.findings.filter(isDamage).length - after.findings.filter(isDamage).length;
  if (plans.length > 0)
    print(
      `${paint('green', paint('bold', 'REPAIRED'))}  ${count(mended, 'finding')} mended, now recording\n`,
    );
}

async function record(
  { keep, ifChanged }: SnapshotArgs,
  { live, word, owned, reasons, missing, unexplained }: State,
  last: StoredBaseline | undefined,
  { stateDir, paint, print }: Context,
): Promise<Taken> {
  const baseline: Baseline = {
    version: BASELINE_VERSION,
    created: new Date().toISOString(),
    ...thisHost(),
    iptables: live.version ?? (await toolVersion(live.backend)),
    backend: live.backend,
    engine: word.answered ? factsOf(word.inventory) : null,
    // A chain of digests shows a baseline that was taken out or slipped in.
    previous: last?.digest ?? null,
    ...(missing.length === 0 ? {} : { accepted: missing }),
    ...(unexplained.length === 0 ? {} : { unexplained }),
    families: recordFamilies(owned),
  };
  if (ifChanged === true && last !== undefined && sameRecord(baseline, last.baseline)) {
    print(
      `${paint('green', paint('bold', 'UNCHANGED'))}  baseline ${last.id} says the same; nothing written\n`,
    );
    return { verdict: 'unchanged', id: last.id };
  }
  const { objections } = ownBaseline(baseline);
  if (objections.length > 0) {
    throw new Fault('RG_INTERNAL', 2, 'the baseline would not be read back as it was recorded', {
      details: objections,
      hint: 'Please report this with the output of iptables-save.',
    });
  }
  const stored = await writeBaseline(stateDir, baseline);
  await pruneNumbered(baselineFolder(stateDir), keep);
  const about = [
    live.backend,
    `iptables ${baseline.iptables}`,
    word.answered ? `Engine ${word.inventory.version}` : 'Engine not asked',
  ];
  print(
    `${paint('green', paint('bold', 'RECORDED'))}  ${count(countDockers(owned), 'rule')} of Docker's as baseline ${stored.id} (${about.join(', ')})\n`,
  );
  for (const reason of reasons) print(`  ${paint('yellow', 'recorded although')}  ${reason}\n`);
  return { verdict: 'recorded', id: stored.id };
}

/** The newest baseline; undefined when there is none, or, with a warning, when it cannot be used. */
async function openLast(stateDir: string, log: Context['log']): Promise<StoredBaseline | undefined> {
  if ((await listNumbered(baselineFolder(stateDir))).length === 0) return undefined;
  try {
    return await openBaseline(stateDir);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn(`note: the baseline before this one is not usable: ${error.message}`);
    return undefined;
  }
}
