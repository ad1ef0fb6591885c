import { Fault } from '../../fault.ts';
import type { Plan } from '../../firewall/iptables/plan/plan.ts';
import { declaresAnything } from '../../firewall/iptables/desired/declared.ts';
import { usersOpenings } from '../../firewall/iptables/plan/withhold.ts';
import type { Family } from '../../net/family.ts';
import { noticesOf } from '../../reconcile/notices.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { planFor } from '../../reconcile/repair-plan.ts';
import { resultOf, type RestoreResult } from '../../reconcile/repair-result.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { NOT_INSTALLED, observe, type Begun } from '../observe/observe.ts';
import { openReference, type ReferenceArgs } from '../observe/open-reference.ts';
import type { Host } from '../ports.ts';
import { decideFlows } from './flows.ts';
import { restoreHeld, withHeld } from './held/restore-held.ts';
import { repair, type RepairOptions } from './repair.ts';
import { restoreTables } from './tables/restore-tables.ts';

/** Said before it is written: rules of the user's own, as recorded, that may let packets through. */
export interface OpeningsEvent {
  readonly kind: 'openings';
  /** Id of the baseline they were recorded in. */
  readonly baseline: string | undefined;
  readonly rules: readonly { readonly family: Family; readonly rule: string }[];
}

export type RestoreEvent = StepEvent | NoticeEvent | OpeningsEvent;

/**
 * Brings Docker's rules back, under the lock.
 *
 * @throws Fault RG_NOT_REPAIRED (exit 1) when others kept changing the rules; what was repaired until then stays
 */
export function restore(
  host: Host,
  args: ReferenceArgs,
  options: RepairOptions,
  on: Listener<RestoreEvent>,
): Promise<RestoreResult> {
  if (args.source === 'declared') return restoreDeclared(host, args, options, on);
  return host.withLock(async () => {
    const reading = host.beginReading();
    const reference = await openReference(args, host.baselines);
    return restoreLocked(host, reference, options, on, { reading });
  });
}

/**
 * What is declared alone, as at boot. No Engine is asked: where systemd listens on its socket that would start dockerd, which may be waiting for
 * this. Nor is a baseline: where
 * no rule of Docker's shows the variant, it is that of plain `iptables`, which dockerd runs.
 */
function restoreDeclared(
  host: Host,
  args: ReferenceArgs,
  options: RepairOptions,
  on: Listener<RestoreEvent>,
): Promise<RestoreResult> {
  const fault = new Fault('RG_ENGINE_ABSENT', 3, 'no Engine was asked');
  const unasked: Host = { ...host, askEngine: () => Promise.resolve({ answered: false, fault }) };
  return host.withLock(async () => {
    const reference = await openReference(args, host.baselines);
    // Where tables alone are declared nobody needs iptables, and Docker's own tables are not looked at.
    if (!declaresAnything(reference.declared)) {
      const none = () => Promise.resolve(NOT_INSTALLED);
      const beside = { ...unasked, readVariant: none, readTables: () => Promise.resolve([]) };
      return restoreLocked(beside, reference, options, on, { reading: none });
    }
    const reading = host.beginReading();
    const begun = {
      reading: async () => reading((await host.usualVariant()) === 'legacy' ? 'legacy' : undefined),
    };
    return restoreLocked(unasked, reference, options, on, begun);
  });
}

/** As {@link restore}, by a caller that holds the lock. */
export async function restoreLocked(
  host: Host,
  reference: Reference,
  options: RepairOptions,
  on: Listener<RestoreEvent>,
  begun?: Begun,
): Promise<RestoreResult> {
  on({ kind: 'step', step: 'reading' });
  const first = await observe(host, reference, begun);
  for (const notice of noticesOf(reference, first)) on({ kind: 'notice', notice });
  const held = await restoreHeld(host, reference, first, options.changed);
  const dockers = { ...options, continues: held.journal };
  return withHeld(await restoreDockers(host, reference, held.seen, dockers, on), held);
}

/** Brings Docker's rules back. @param first - what was observed before it */
async function restoreDockers(
  host: Host,
  reference: Reference,
  first: Observation,
  options: RepairOptions,
  on: Listener<RestoreEvent>,
): Promise<RestoreResult> {
  if (first.tables !== undefined) {
    on({ kind: 'step', step: 'repairing' });
    return restoreTables(host, reference, first, options);
  }
  sayOpenings(reference, first, planFor(first, options), on);
  on({ kind: 'step', step: 'repairing' });
  const repaired = await repair(host, reference, first, options);
  const { plans, journal, unjournaled } = repaired;
  return {
    ...resultOf(repaired, options),
    reference,
    after: repaired.after,
    applies: plans.length,
    journal,
    unjournaled,
    ...(await decideFlows(
      host,
      { before: first, after: repaired.after, applies: plans.length },
      options.flows,
    )),
  };
}

/** Says before it is written which of the user's own rules may let packets through. */
export function sayOpenings(
  { stored }: Reference,
  { sides }: Observation,
  plan: Plan,
  on: Listener<OpeningsEvent>,
): void {
  const rules = usersOpenings(plan, sides);
  if (rules.length > 0) on({ kind: 'openings', baseline: stored?.id, rules });
}
