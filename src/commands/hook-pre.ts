import { Fault } from '../fault.ts';
import type { Context, Exit } from './context.ts';
import { fire, type FireArgs, type Half, type HookSettings } from './hook-fire.ts';
import { snapshotIfChanged } from './snapshot.ts';

/** `rulesguard hook pre`: records the state before a firewall change, if it is sound. */
export async function pre(args: FireArgs, context: Context): Promise<Exit> {
  return fire('pre', record, args, context);
}

async function record({ pre }: HookSettings, context: Context): Promise<Half> {
  if (pre === 'off') return { fired: { pre: { outcome: 'off', says: 'switched off' } }, exit: 0 };
  try {
    const { verdict, id } = await snapshotIfChanged(context);
    const says = verdict === 'recorded' ? `recorded baseline ${id}` : `baseline ${id} says the same`;
    return { fired: { pre: { outcome: verdict, says, baseline: id } }, exit: 0 };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'RG_NO_DOCKER_RULES') throw error;
    context.log.info(error.message);
    return { fired: { pre: { outcome: 'nothing', says: error.message } }, exit: 0 };
  }
}
