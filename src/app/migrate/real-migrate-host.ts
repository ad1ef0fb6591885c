import { listInScratch } from '../../host/nft/list-in-scratch.ts';
import { translateSave } from '../../host/xtables/translate.ts';
import { REAL_TERRAIN } from '../reach/real-terrain.ts';
import { REAL_OBSERVER } from '../real-observer.ts';
import type { MigrateHost } from './ports.ts';

/** This host. */
export const REAL_MIGRATE_HOST: MigrateHost = {
  ...REAL_OBSERVER,
  ...REAL_TERRAIN,
  translate: translateSave,
  listInScratch,
};
