import { automaticOff } from '../app/automatic.ts';
import { check, reportOf } from '../app/check/check.ts';
import { realCheckHost } from '../app/check/real-check-host.ts';
import { hookStatus } from '../app/hooks/hook-status.ts';
import { realHookHost } from '../app/hooks/real-hook-host.ts';
import { BY_BOTH } from '../app/observe/open-reference.ts';
import { realBaselines } from '../app/real-baselines.ts';
import { Fault } from '../fault.ts';
import { systemFault } from '../host/files/system-fault.ts';
import { watchProcesses } from '../host/service/watch-process.ts';
import { readEvents } from '../host/state/watch-events.ts';
import { readPause } from '../host/state/watch-pause.ts';
import { TARGETS } from '../hooks/targets.ts';
import { statusHead, statusText, type StatusReport } from '../report/status-text.ts';
import type { Context, Exit } from './context.ts';
import { configured } from './shared/configured.ts';

export interface StatusArgs {
  /** The verdict alone. */
  readonly head: boolean | undefined;
}

/** `rulesguard status`: the host on one screen. Exit as check's. */
export async function run({ head }: StatusArgs, context: Context): Promise<Exit> {
  const { print, paint, unsettled } = context;
  const { checked, exit } = await checkedHost(context);
  if (head === true) print(statusHead({ checked }, paint));
  else print(statusText({ checked, ...(await surroundings(context)) }, paint));
  return exit === 0 ? (unsettled?.exit ?? 0) : exit;
}

/** What check finds. What kept it from looking is part of the answer: the rest of the screen is wanted then most. */
async function checkedHost({
  stateDir,
}: Context): Promise<{ readonly checked: StatusReport['checked']; readonly exit: Exit }> {
  try {
    const found = await check(realCheckHost(stateDir), realBaselines(stateDir), BY_BOTH, () => undefined);
    return { checked: reportOf(found), exit: found.verdict.exit };
  } catch (error) {
    const fault = systemFault(error) ?? error;
    if (!(fault instanceof Fault)) throw error;
    return { checked: { why: fault.message }, exit: fault.exit };
  }
}

async function surroundings(context: Context): Promise<Omit<StatusReport, 'checked'>> {
  const { stateDir, runDir, unsettled } = context;
  const watches = watchesHere();
  const [config, hooks, baseline, pause, noted] = await Promise.all([
    orWhy(configured(context)),
    hookStatus(realHookHost('/', stateDir), TARGETS),
    newestBaseline(stateDir),
    orWhy(readPause(runDir)),
    eventsOf(stateDir),
  ]);
  return {
    unsettled: unsettled?.headline,
    watches,
    pausedUntil: pause.read?.until,
    hooks: hooks.filter(({ target }) => target.units?.start === undefined),
    off: config.read && automaticOff(config.read.config, process.env),
    unread: [config, pause].flatMap(({ why }) => why ?? []),
    baseline,
    ...noted,
  };
}

/** What is read, or why it cannot be: what keeps watch from writing is part of the answer. */
async function orWhy<Value>(
  reading: Promise<Value>,
): Promise<{ readonly read?: Value; readonly why?: string }> {
  try {
    return { read: await reading };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { why: error.message };
  }
}

/** Undefined where it cannot be told. */
function watchesHere(): readonly number[] | undefined {
  try {
    return watchProcesses();
  } catch {
    return undefined;
  }
}

async function newestBaseline(stateDir: string): Promise<StatusReport['baseline']> {
  try {
    const stored = await realBaselines(stateDir).open();
    return {
      id: stored.id,
      ageSeconds: (Date.now() - Date.parse(stored.baseline.created)) / 1000,
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return {
      why: error.code === 'RG_NO_BASELINE' ? 'none (record one: rulesguard snapshot)' : error.message,
    };
  }
}

async function eventsOf(stateDir: string): Promise<Pick<StatusReport, 'events' | 'eventsUnread'>> {
  try {
    return { events: (await readEvents(stateDir)).events, eventsUnread: undefined };
  } catch (error) {
    const fault = systemFault(error) ?? error;
    if (!(fault instanceof Fault)) throw error;
    return { events: [], eventsUnread: fault.message };
  }
}
