import { addressIn } from '../docker/inventory/inventory.ts';
import { blockOf, overlap } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { ownPort, type KnownNames } from './alike/rule-needs.ts';
import { OUTSIDE_PORTS } from './question.ts';
import type { Terrain } from './terrain.ts';

/**
 * What of a host's names tells packets apart: containers' addresses, and bridges of networks by their names and subnets. A bridge counts only
 * where nothing is routed to it but its own subnets, so that only packets of its network come by it.
 */
export function knownNames(
  { inventory, netState, askedPorts = [] }: Pick<Terrain, 'inventory' | 'netState' | 'askedPorts'>,
  family: Family,
): KnownNames {
  const homes = new Map(
    inventory.endpoints.flatMap((endpoint) => {
      const address = addressIn(endpoint, family);
      return address === '' ? [] : [[address, endpoint.bridge] as const];
    }),
  );
  const networks = inventory.networks.flatMap(({ bridge, subnets }) => {
    const blocks = subnets.flatMap((text) => blockOf(text) ?? []).filter((block) => block.family === family);
    return bridge === '' ? [] : [{ bridge, subnets, blocks }];
  });
  const isWithin = (text: string, { blocks }: (typeof networks)[number]): boolean => {
    const block = blockOf(text);
    return block !== undefined && blocks.some((one) => one.length <= block.length && overlap(one, block));
  };
  const isPlain = (network: (typeof networks)[number]): boolean =>
    !networks.some(
      (other) => other !== network && other.blocks.some((a) => network.blocks.some((b) => overlap(a, b))),
    ) &&
    netState.routes
      .filter((route) => route.family === family && route.table !== 'local')
      .every(
        ({ dev, to, prefSource }) =>
          (dev === network.bridge ? isWithin(to, network) || isLinkScoped(to) : !isWithin(to, network)) &&
          (dev === network.bridge || prefSource === '' || !isWithin(prefSource, network)),
      );
  const bridges = new Map(
    networks
      .filter(isPlain)
      .flatMap(({ bridge, subnets }) => [bridge, ...subnets].map((name) => [name, bridge] as const)),
  );
  const subnets = [
    ...networks.flatMap(({ blocks }) => blocks),
    // One that is in none of its network's.
    ...[...homes.keys()]
      .flatMap((address) => blockOf(address) ?? [])
      .filter((address) => !networks.some(({ blocks }) => blocks.some((block) => overlap(block, address)))),
  ];
  const hostPorts = new Set(
    inventory.ports.flatMap(({ endpoint, hostPort }) =>
      endpoint === undefined || hostPort === undefined
        ? []
        : [ownPort(addressIn(endpoint, family), hostPort)],
    ),
  );
  const outsidePorts = [...OUTSIDE_PORTS, ...askedPorts.map(({ port }) => port)];
  return { containers: new Set(homes.keys()), bridges, homes, subnets, hostPorts, outsidePorts };
}

/** IPv6 gives every interface routes of its own, for its link and for multicast. */
const isLinkScoped = (to: string): boolean => /^f(?:e80|f)/i.test(to);
