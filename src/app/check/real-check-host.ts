import { readAccepted } from '../../host/state/accepted.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import { REAL_TERRAIN } from '../reach/real-terrain.ts';
import type { CheckHost } from './ports.ts';

/** This host, as check reads it, and its state folder. */
export const realCheckHost = (stateDir: string): CheckHost => ({
  ...REAL_OBSERVER,
  ...REAL_TERRAIN,
  readAccepted: () => readAccepted(stateDir),
});
