import { distributionHere } from '../../host/command/install-hint.ts';
import { readLinks, readRouting, readSysctls } from '../../host/doctor/kernel-network.ts';
import { readNameServers } from '../../host/doctor/name-servers.ts';
import { readListeners } from '../../host/doctor/sockets.ts';
import { readSets } from '../../host/nft/sets-native.ts';
import { readNatives } from '../../host/nft/within.ts';
import { readOther } from '../../host/xtables/kernel.ts';
import type { TerrainReader } from './ports.ts';

/** This host, as a terrain is read from it beside its rules. */
export const REAL_TERRAIN: TerrainReader = {
  readSets,
  readNatives,
  readLinks,
  readRouting,
  readSysctls,
  distribution: () => distributionHere(),
  readListeners: () => readListeners('/proc/self'),
  readNameServers,
  readOther,
};
