import type { Endpoint } from '../../docker/inventory/inventory.ts';
import { MESH } from '../../docker/inventory/container.ts';
import { namesNothing, readArgument } from '../../doctor/target/argument.ts';
import type { NameableContainer } from '../../doctor/target/names.ts';
import { Fault } from '../../fault.ts';
import { isAny, parseBlock, sameBlock } from '../../net/address.ts';
import type { Cell, Spot } from '../../reach/cell.ts';
import { isOwnAddress } from '../../reach/goal.ts';
import type { Terrain } from '../../reach/terrain.ts';

/**
 * The cells that concern what was named, as doctor's targets are named: a container, a service or a network that asks or is
 * asked, a published port, this host by one of its addresses.
 *
 * @throws Fault RG_USAGE for what is nothing here, or more than one thing
 */
export function cellsAbout<C extends Cell>(
  target: string | undefined,
  cells: readonly C[],
  { inventory, netState }: Pick<Terrain, 'inventory' | 'netState'>,
): readonly C[] {
  if (target === undefined) return cells;
  const all = { containers: running(inventory), networks: inventory.networks };
  const named = readArgument(target, all, (address) => isOwnAddress(netState, address));
  const ofContainers = (names: readonly string[]): readonly C[] =>
    cells.filter((cell) => spotsIn(cell).some(({ container }) => names.includes(container)));
  switch (named?.is) {
    case 'container':
      return ofContainers([named.container.name]);
    case 'service':
      return ofContainers(named.containers.map(({ name }) => name));
    case 'network':
      return cells.filter((cell) => spotsIn(cell).some(({ network }) => network === named.network.name));
    case 'host':
      return cells.filter(({ asker, asked }) => asker.by === 'host' || isAt(asked, target));
    case 'port': {
      const { address, port, proto } = named.port;
      const isEvery = isAny(address) || parseBlock(address) === undefined;
      const found = cells.filter(
        (cell) =>
          cell.proto === proto &&
          cell.asked.what === 'published' &&
          cell.asked.hostPort === port &&
          (isEvery || isAt(cell.asked, address)),
      );
      if (found.length > 0) return found;
      throw new Fault('RG_USAGE', 2, `no running container publishes ${target} (${proto})`, {
        hint: 'What is published: docker ps',
      });
    }
    case 'elsewhere':
    case 'ambiguous':
    case undefined:
      throw namesNothing(
        target,
        target,
        named?.is === 'ambiguous' ? named : undefined,
        all,
        'running container, compose service or network',
      );
  }
}

const isAt = (asked: Cell['asked'], address: string): boolean =>
  asked.what === 'published' && sameBlock(asked.at, address);

const spotsIn = ({ asker, asked }: Cell): readonly Spot[] => [
  ...(asker.by === 'container' ? [asker.spot] : []),
  ...('spot' in asked ? [asked.spot] : []),
];

/** The running containers that have an address, as they can be named. */
function running({ endpoints, networks }: Terrain['inventory']): readonly NameableContainer[] {
  const byContainer = new Map<string, Endpoint[]>();
  for (const one of endpoints)
    if (one.container !== MESH)
      byContainer.set(one.containerId, [...(byContainer.get(one.containerId) ?? []), one]);
  const idOf = new Map(networks.map(({ bridge, id }) => [bridge, id]));
  return [...byContainer].map(([id, all]) => ({
    id,
    name: all[0]?.container ?? '',
    ...all[0]?.composed,
    attachments: all.map(({ bridge, ipv4, ipv6 }) => ({ networkId: idOf.get(bridge) ?? '', ipv4, ipv6 })),
  }));
}
