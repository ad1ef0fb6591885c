import type { CheckHost } from '../../../src/app/check/ports.ts';
import type { TerrainReader } from '../../../src/app/reach/ports.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';

/** Reads a terrain made in memory, on which docker-proxy listens as it should. */
const terrainReader = ({ netState, intent, nameServers }: Terrain): TerrainReader => ({
  readSets: () => Promise.resolve(''),
  readNatives: () => Promise.resolve([]),
  readLinks: () => Promise.resolve(netState.links),
  readRouting: (family) =>
    Promise.resolve({
      routes: netState.routes.filter((one) => one.family === family),
      routeRules: netState.routeRules.filter((one) => one.family === family),
    }),
  readSysctls: () => netState.sysctls,
  readListeners: () =>
    Promise.resolve(
      FAMILIES.flatMap((family) =>
        [...(intent[family]?.published ?? []), ...(family === 'ipv6' ? intent.proxied : [])].flatMap(
          ({ proto, binding }) =>
            binding === undefined || proto === 'sctp'
              ? []
              : [
                  {
                    proto,
                    address: binding.address || (family === 'ipv4' ? '0.0.0.0' : '::'),
                    port: binding.port,
                  },
                ],
        ),
      ),
    ),
  readOther: () => Promise.resolve(undefined),
  readNameServers: () => nameServers,
});

/** A host in memory on which nothing was accepted, with a terrain around it. */
export const onTerrain = <Host extends object>(
  host: Host,
  terrain: Terrain,
): Host & TerrainReader & Pick<CheckHost, 'readAccepted'> =>
  Object.assign(host, terrainReader(terrain), { readAccepted: () => Promise.resolve([]) });
