import { Fault } from '../../fault.ts';
import { isDamage } from '../../reconcile/finding.ts';
import type { Impact } from '../../reconcile/impact.ts';
import { observationOf } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { Planning } from '../../reconcile/repair-plan.ts';
import { commandLine } from '../../shell.ts';
import { isNothingThere } from '../hooks/policy.ts';
import { observe } from '../observe/observe.ts';
import type { ConfirmEvent, ConfirmHost } from '../rollback/confirmation.ts';
import type { Change, ChangeContext, ChangeHost, Forecast, ReachForecast } from './change.ts';
import { readContext } from './context.ts';
import { impactSince, reachSince } from './impact-since.ts';
import { predict } from './predict.ts';
import { doesBreak, verdictOf, type ForecastVerdict } from './verdict.ts';

/** How a change is to be guarded. */
export interface GuardRequest {
  readonly change: Change;
  /** `refuse`: not made if it would break Docker's rules; `repair`: made, and repaired; `report`: made, and said. */
  readonly mode: 'refuse' | 'repair' | 'report';
  /** Only says what it would do. */
  readonly dryRun: boolean;
  readonly policies: Planning['policies'];
  readonly rehearsalSeconds: number;
  /** Seconds to confirm the change in; 0: it need not be confirmed. */
  readonly confirmSeconds: number;
}

/** What happens on the way, in order. */
export type GuardEvent =
  /** `repair`: the present state was not recorded, so the repair goes by the Engine and the last baseline. */
  | { readonly kind: 'not-recorded'; readonly fault: Fault }
  /** A change is made although nothing can be said of it: there is nothing of Docker's to guard. */
  | { readonly kind: 'unguarded'; readonly reason: string }
  /** What the change did to Docker's rules, where that is anything. In `repair`: what a repair leaves alone. */
  | {
      readonly kind: 'impact';
      readonly impact: Impact;
      /** Undefined where it is not known who reaches what, now or before. */
      readonly reach: ReachForecast | undefined;
    }
  | ConfirmEvent;

/** What guarding a change uses of the world. */
export interface Guard {
  readonly host: ChangeHost;
  /** The newest baseline, if there is one, and the Engine. */
  readonly openReference: () => Promise<Reference>;
  /** Records the present state if it is sound. @throws Fault RG_DAMAGED, RG_NO_DOCKER_RULES */
  readonly record: () => Promise<unknown>;
  /** Repairs, and says so. */
  readonly restore: (planning: Planning) => Promise<{ readonly isWhole: boolean }>;
  /** Tells the watch that runs that a change is under way, from the beginning of this to its end. */
  readonly whileAnnounced: <T>(change: () => Promise<T>) => Promise<T>;
  readonly confirming: ConfirmHost;
  /** Shows that something takes its time. */
  readonly during: <T>(doing: 'predicting', work: Promise<T>) => Promise<T>;
  readonly emit: (event: GuardEvent) => void;
}

/** What became of it: it was only predicted, it was refused, or it was made. */
export type Guarded =
  | {
      readonly kind: 'predicted' | 'refused';
      readonly forecast: Forecast;
      readonly context: ChangeContext;
    }
  | {
      readonly kind: 'made';
      /** The command's own exit code; 1 where that is 0 and Docker's rules are not whole, or the change was rolled back. */
      readonly exit: number;
    };

/**
 * Guards a firewall change: predicts it and decides, makes it, and sees what it did. With time to confirm, everything that
 * is in force is recorded before and a timer started that rolls it back.
 *
 * @throws Fault of what could not be read before the change; nothing was made then
 */
export async function guardChange(request: GuardRequest, guard: Guard): Promise<Guarded> {
  const { change, mode } = request;
  const context = await readContext(guard.host, await guard.openReference());
  if (request.dryRun || mode === 'refuse') {
    const work = predict(guard.host, change, context, request.rehearsalSeconds);
    const forecast = await guard.during('predicting', work);
    if (request.dryRun) return { kind: 'predicted', forecast, context };
    const judged = verdictOf(forecast, context);
    if (isRefused(judged)) return { kind: 'refused', forecast, context };
    if (judged.verdict === 'unknown') guard.emit({ kind: 'unguarded', reason: judged.reason });
  }
  const make = (): Promise<number> =>
    guard.whileAnnounced(() =>
      mode === 'repair' ? makeAndRepair(request, context, guard) : makeAndReport(request, context, guard),
    );
  if (request.confirmSeconds === 0) return { kind: 'made', exit: await make() };
  const { withConfirmation } = await import('../rollback/confirmation.ts');
  const armed = await guard.confirming.arm(request.confirmSeconds, commandLine(change.words));
  return { kind: 'made', exit: await withConfirmation(armed, make, guard.confirming, guard.emit) };
}

/** Where there is nothing of Docker's to guard, a change is made all the same. */
const isRefused = (judged: ForecastVerdict): boolean =>
  judged.verdict === 'would-break' || (judged.verdict === 'unknown' && judged.lacks !== 'rules');

async function makeAndReport(
  { change }: GuardRequest,
  context: ChangeContext,
  { host, emit }: Guard,
): Promise<number> {
  const exit = await host.launch(change);
  const impact = await impactSince(host, context);
  const reach = await reachSince(host, context);
  if (!doesBreak(impact, reach)) return exit;
  emit({ kind: 'impact', impact, reach });
  return exit === 0 ? 1 : exit;
}

/**
 * Records the present state, makes the change, and repairs what it broke. Without a sound state to record the repair goes
 * by the Engine and the last baseline.
 */
async function makeAndRepair(
  { change, policies }: GuardRequest,
  context: ChangeContext,
  guard: Guard,
): Promise<number> {
  const isRecorded = (await recordBefore(guard)) || isAsRecorded(context);
  const exit = await guard.host.launch(change);
  // What was recorded seconds ago holds, whether an Engine says so or not.
  const isRepaired = await repairAfter({ policies, assumeUnchanged: isRecorded }, guard);
  // A rule of others in front of Docker's, or in the other variant, is not ours to take away.
  const left: Impact = { findings: [], shadows: (await impactSince(guard.host, context)).shadows };
  const reach = await reachSince(guard.host, context);
  const isLeft = doesBreak(left, reach);
  if (isLeft) guard.emit({ kind: 'impact', impact: left, reach });
  return exit === 0 && (!isRepaired || isLeft) ? 1 : exit;
}

/** Whether Docker's own tables are whole by their baseline though no Engine says so: then they are, seconds later, what they were. */
function isAsRecorded({ live, engine, reference }: ChangeContext): boolean {
  if (live.tables === undefined || engine.answered) return false;
  return !observationOf(reference, live, engine).findings.some(isDamage);
}

async function recordBefore({ record, emit }: Guard): Promise<boolean> {
  try {
    await record();
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code !== 'RG_NO_DOCKER_RULES') emit({ kind: 'not-recorded', fault: error });
    return false;
  }
}

/** Repairs what is damaged now. Returns whether nothing is left. */
async function repairAfter(planning: Planning, { host, openReference, restore }: Guard): Promise<boolean> {
  const seen = await observe(host, await openReference()).catch((error: unknown) => {
    if (isNothingThere(error)) return undefined;
    throw error;
  });
  return seen?.findings.some(isDamage) !== true || (await restore(planning)).isWhole;
}
