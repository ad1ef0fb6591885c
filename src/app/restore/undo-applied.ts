import { Fault } from '../../fault.ts';
import { isEmptyPlan } from '../../firewall/iptables/plan/plan.ts';
import { planUndo } from '../../firewall/iptables/plan/undo.ts';
import { apply, finish, type Applied, type Applier } from './apply.ts';

/** Undoes what had been applied when a fault ended it, and gives that fault with what became of it. */
export async function faultAfterUndo(host: Applier, fault: Fault, done: readonly Applied[]): Promise<Fault> {
  const leftovers = await undoApplied(host, done).catch((error: unknown) => [
    `What had been applied could not be undone: ${error instanceof Error ? error.message : String(error)}`,
  ]);
  const isLeft = leftovers.length > 0;
  return new Fault(fault.code, fault.exit, fault.message, {
    details: [...fault.details, ...(isLeft ? leftovers : ['What had been applied was undone.'])],
    cause: fault,
    ...(isLeft ? { hint: 'Try again, or undo it: rulesguard restore --undo' } : {}),
    ...(!isLeft && fault.hint !== undefined ? { hint: fault.hint } : {}),
  });
}

/** Undoes applies that did not end well, the last first. Returns what could not be undone. */
async function undoApplied(host: Applier, done: readonly Applied[]): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const applied of done.toReversed()) {
    const live = await host.readVariant(applied.entry.variant);
    const undo = planUndo(applied.plan, applied.entry.before, live.rules);
    let refused: string | undefined;
    if (!isEmptyPlan(undo)) {
      const back = await apply(host, undo, live, {
        action: 'undo',
        baseline: applied.entry.baseline,
        undoes: applied.noted.id ?? null,
        continues: null,
      });
      refused = back.refused;
      await finish(host, back, refused === undefined ? 'applied' : 'failed', undefined);
    }
    await finish(host, applied, refused === undefined ? 'undone' : 'failed', undefined);
    if (refused !== undefined) troubles.push(`What had been applied could not be undone: ${refused}`);
  }
  return troubles;
}
