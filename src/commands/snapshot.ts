import { Fault } from '../fault.ts';
import { ownHost } from '../docker/ownership.ts';
import { BASELINE_VERSION, ownBaseline, recordFamilies, type Baseline } from '../guard/baseline.ts';
import { unsoundness } from '../guard/soundness.ts';
import { count, place, printable } from '../report/text.ts';
import { askEngine } from '../system/engine.ts';
import { toolVersion } from '../system/kernel.ts';
import { withLock } from '../system/lock.ts';
import { countDockers } from '../system/look.ts';
import { listNumbered, pruneNumbered } from '../system/numbered.ts';
import { withProgress } from '../system/progress.ts';
import { readSettled } from '../system/settled.ts';
import { baselineFolder, openBaseline, writeBaseline, type StoredBaseline } from '../system/store.ts';
import { thisHost } from '../system/who.ts';
import type { Context, Exit } from './context.ts';

export interface SnapshotArgs {
  readonly force: boolean | undefined;
  readonly keep: number;
}

/** `rulesguard snapshot`: records Docker's rules as they are now. Exit 1 when they look damaged. */
export async function run(args: SnapshotArgs, context: Context): Promise<Exit> {
  return withLock(context.runDir, context.waitSeconds, () => snapshot(args, context));
}

async function snapshot(
  { force, keep }: SnapshotArgs,
  { stateDir, paint, print, log }: Context,
): Promise<Exit> {
  const live = await withProgress('reading the live rules until two reads agree', readSettled());
  const engine = await askEngine();
  if (!engine.answered) log.warn(`note: ${engine.reason}; going by the rules alone`);
  const networks = engine.answered ? engine.facts.networks : undefined;
  const owned = ownHost(live.rules, { networks, settled: engine.answered });
  for (const { reason, rule, ...where } of owned.undecided)
    log.warn(`undecided, not recorded: ${place(where)}: ${printable(rule ?? '(chain)')}: ${reason}`);
  const rules = countDockers(owned);
  if (rules === 0) {
    throw new Fault('RG_NO_DOCKER_RULES', 3, "there are no rules of Docker's to record", {
      hint: 'Is Docker running here (docker info), with iptables on, in this network namespace? If its rules were flushed: systemctl restart docker',
    });
  }
  const last = await openLast(stateDir, log);
  const reasons = unsoundness(owned, networks, last?.owned);
  if (reasons.length > 0 && force !== true) {
    throw new Fault(
      'RG_DAMAGED',
      1,
      "not recorded: Docker's rules look damaged, and a damaged baseline would hide that for good",
      {
        details: engine.answered
          ? reasons
          : [...reasons, '(The Engine did not answer; it could say what is switched off on purpose.)'],
        hint: 'Mend them first (rulesguard restore with an older baseline, or systemctl restart docker), or record them as they are: rulesguard snapshot --force',
      },
    );
  }
  const baseline: Baseline = {
    version: BASELINE_VERSION,
    created: new Date().toISOString(),
    ...thisHost(),
    iptables: live.version ?? (await toolVersion(live.backend)),
    backend: live.backend,
    engine: engine.answered ? engine.facts : null,
    // A chain of digests shows a baseline that was taken out or slipped in.
    previous: last?.digest ?? null,
    families: recordFamilies(owned),
  };
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
    engine.answered ? `Engine ${engine.facts.version}` : 'Engine not asked',
  ];
  print(
    `${paint('green', paint('bold', 'RECORDED'))}  ${count(rules, 'rule')} of Docker's as baseline ${stored.id} (${about.join(', ')})\n`,
  );
  for (const reason of reasons) print(`  ${paint('yellow', 'recorded although')}  ${reason}\n`);
  return 0;
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
