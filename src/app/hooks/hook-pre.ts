import { Fault } from '../../fault.ts';
import type { Half, HookPort, HookRequest } from './hook.ts';

/**
 * Before a firewall change: records the state, if it is sound.
 *
 * @throws Fault RG_DAMAGED when it is not
 */
export async function hookPre(
  { settings, off }: HookRequest,
  { record, emit }: Pick<HookPort, 'record' | 'emit'>,
): Promise<Half> {
  if (settings.pre === 'off') return { fired: { pre: { outcome: 'off', says: 'switched off' } }, exit: 0 };
  if (off !== undefined) {
    emit({ kind: 'switched-off', by: off });
    return { fired: { pre: { outcome: 'off', says: `not recorded: ${off}` } }, exit: 0 };
  }
  try {
    const { verdict, id } = await record();
    const says = verdict === 'recorded' ? `recorded as baseline ${id}` : `the same as baseline ${id}`;
    return { fired: { pre: { outcome: verdict, says, baseline: id } }, exit: 0 };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'RG_NO_DOCKER_RULES') throw error;
    emit({ kind: 'nothing', reason: error.message });
    return { fired: { pre: { outcome: 'nothing', says: error.message } }, exit: 0 };
  }
}
