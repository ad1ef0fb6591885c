import { BY_BOTH } from '../../app/observe/open-reference.ts';
import type { Taken } from '../../app/snapshot/snapshot.ts';
import type { Planning } from '../../reconcile/repair-plan.ts';
import type { RestoreResult } from '../../reconcile/repair-result.ts';
import type { Context } from '../context.ts';
import { reporting, reportRestored } from './report-events.ts';

/*
 * What run and hooks do around a firewall change. Most changes need no repair: what repairs is loaded only then.
 */

/** Records the present state, if it is sound and not recorded yet. @throws Fault RG_DAMAGED, RG_NO_DOCKER_RULES */
export async function recordBefore(context: Context): Promise<Taken> {
  const { snapshot } = await import('../../app/snapshot/snapshot.ts');
  const { realHost } = await import('../../app/real-host.ts');
  const { REAL_TERRAIN } = await import('../../app/reach/real-terrain.ts');
  const { reportingSnapshot } = await import('./report-snapshot.ts');
  const host = { ...realHost(context), terrain: REAL_TERRAIN };
  return reportingSnapshot(context, (on) => snapshot(host, { ifChanged: true }, on));
}

/** Repairs what a change broke, and reports what was done. */
export async function restoreAfter(planning: Planning, context: Context): Promise<RestoreResult> {
  const { restore } = await import('../../app/restore/restore.ts');
  const { realHost } = await import('../../app/real-host.ts');
  const result = await reporting(context, (on) =>
    restore(realHost(context), BY_BOTH, { ...planning, rehearse: true }, on),
  );
  await reportRestored(result, context);
  return result;
}
