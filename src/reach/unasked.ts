import { FAMILIES } from '../net/family.ts';
import { doors } from './questions.ts';
import { partsUnasked } from './far.ts';
import type { Terrain } from './terrain.ts';

/**
 * Ways of a host that the table does not ask about, so that nothing is known of them.
 *
 * - `proxied-alone`: ports of containers without an address of that family, of which it is not known whom docker-proxy asks
 * - `mesh-ports`: ports of services, which the routing mesh serves
 * - `mesh-unserved`: ports of services that it should serve, and does not
 * - `overlay-networks`: containers of overlay networks among each other
 * - `parts`: large parts of the address space that rules name, beyond those that are asked
 */
export interface UnaskedWays {
  readonly what: 'proxied-alone' | 'mesh-ports' | 'mesh-unserved' | 'overlay-networks' | 'parts';
  /** Each once; of parts, how many there are. */
  readonly names: readonly string[];
}

/** What the table of a host does not ask about. */
export function unaskedOf({ inventory, netState }: Terrain): readonly UnaskedWays[] {
  const proxied = inventory.ports.filter(
    ({ hostPort, endpoint, hostIp, proxied: inner }) =>
      hostPort !== undefined &&
      endpoint === undefined &&
      // Asked, or served by nothing.
      inner === undefined &&
      // Nobody outside asks by a family of which this host has no address, nor one of its own.
      (!hostIp.includes(':') || doors({ inventory, netState }, 'ipv6').length > 0),
  );
  const parts = FAMILIES.reduce((sum, family) => sum + partsUnasked(netState, family), 0);
  const found: readonly UnaskedWays[] = [
    {
      what: 'proxied-alone',
      names: proxied.map(({ container, hostPort }) => `${container} ${String(hostPort)}`),
    },
    { what: 'mesh-ports', names: (inventory.swarm?.ingressPorts ?? []).map(({ port }) => String(port)) },
    {
      what: 'mesh-unserved',
      names: (inventory.swarm?.unservedPorts ?? []).map(({ port, proto }) =>
        proto === undefined ? String(port) : `${String(port)}/${proto}`,
      ),
    },
    {
      what: 'overlay-networks',
      names: inventory.networks.flatMap(({ driver, ingress, name }) =>
        driver === 'overlay' && !ingress ? [name] : [],
      ),
    },
    { what: 'parts', names: parts === 0 ? [] : [String(parts)] },
  ];
  return found
    .filter(({ names }) => names.length > 0)
    .map(({ what, names }) => ({ what, names: [...new Set(names)] }));
}
