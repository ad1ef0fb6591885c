import { launch } from '../../host/command/launch.ts';
import { xtablesVariant } from '../../host/command/which.ts';
import { REAL_TERRAIN } from '../reach/real-terrain.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import type { ChangeHost } from './change.ts';

/** This host. What rehearses is loaded only where something is rehearsed. */
export const REAL_CHANGE_HOST: ChangeHost = {
  ...REAL_OBSERVER,
  ...REAL_TERRAIN,
  variantOf: xtablesVariant,
  rehearse: async (rehearsal, live, other) => {
    const { rehearse } = await import('../../host/sandbox/rehearse.ts');
    // A hook in there would ask the Engine, and repair what is to be shown.
    const env = { ...process.env, RULESGUARD_HOOKS: 'off' };
    return rehearse({ ...rehearsal, cwd: currentFolder(), env }, live, other);
  },
  launch: ({ words, input }) => launch(words, input),
};

/** Where the command is started; the root where that folder is gone. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}
