import type { Plant } from './plant.ts';
import { BACKENDS } from './plants-backends.ts';
import { CONTAINERS } from './plants-containers.ts';
import { ENGINE } from './plants-engine.ts';
import { FOREIGN } from './plants-foreign.ts';
import { ON_HOST } from './plants-host.ts';
import { LINKS } from './plants-links.ts';
import { LOST } from './plants-lost.ts';
import { SIX_INSIDE } from './plants-six.ts';

/** Every fault that is planted, one at a time. Those that need the daemon stopped come last. */
export const PLANTS: readonly Plant[] = [
  ...LOST,
  ...FOREIGN,
  ...BACKENDS,
  ...ON_HOST,
  ...LINKS,
  ...SIX_INSIDE,
  ...CONTAINERS,
  ...ENGINE,
];
