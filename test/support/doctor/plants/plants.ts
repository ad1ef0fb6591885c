import type { Plant } from './plant.ts';
import { VARIANTS } from './variants.ts';
import { CONTAINERS } from './containers.ts';
import { ENGINE } from './engine.ts';
import { FOREIGN } from './foreign.ts';
import { ON_HOST } from './host.ts';
import { LINKS } from './links.ts';
import { LOST } from './lost.ts';
import { SIX_INSIDE } from './ipv6.ts';

/** Every fault that is planted, one at a time. Those that need the daemon stopped come last. */
export const PLANTS: readonly Plant[] = [
  ...LOST,
  ...FOREIGN,
  ...VARIANTS,
  ...ON_HOST,
  ...LINKS,
  ...SIX_INSIDE,
  ...CONTAINERS,
  ...ENGINE,
];
