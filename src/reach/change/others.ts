import { blockOf, formatBlock, overlapping } from '../../net/address.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { LinkAddress, NetworkState } from '../../trace/network-state.ts';
import { linkOf } from '../../trace/routing/local.ts';
import type { OutsideAsker } from '../askers.ts';
import type { Cell } from '../cell.ts';
import type { TablePair } from './cells.ts';
import { othersOfPart } from '../far.ts';
import { isOwnAddress } from '../goal.ts';
import { reachTable, type HostAsking } from '../table.ts';
import type { Terrain } from '../terrain.ts';

/**
 * Two tables of one host as they are for somebody else outside in the place of each who asks there, told with the address of the one
 * in whose place he is.
 */
export function tablesForOthers(before: Terrain, after: Terrain, asking: HostAsking): TablePair {
  const instead: HostAsking = {};
  const names = new Map<string, string>();
  for (const family of FAMILIES) {
    const outside = asking[family]?.outside ?? [];
    const others = othersOutside(outside, family, before.netState);
    others.forEach((other, i) => {
      if (other !== undefined) names.set(other.address, outside[i]?.address ?? '');
    });
    instead[family] = { outside: others.flatMap((other) => other ?? []), containers: new Map() };
  }
  const told = (terrain: Terrain): readonly Cell[] =>
    reachTable(terrain, instead).map((cell) => renamed(cell, names));
  return { before: told(before), after: told(after) };
}

function renamed(cell: Cell, names: ReadonlyMap<string, string>): Cell {
  const { asker, asked } = cell;
  return {
    ...cell,
    asker: asker.by === 'outside' ? { ...asker, address: names.get(asker.address) ?? asker.address } : asker,
    asked:
      asked.what === 'outside' ? { ...asked, address: names.get(asked.address) ?? asked.address } : asked,
  };
}

/**
 * Somebody else outside for each of these, in the same place: on the same link, or as far away. Undefined where there is nobody else, as
 * at the other end of a line between two.
 */
function othersOutside(
  asking: readonly OutsideAsker[],
  family: Family,
  netState: NetworkState,
): readonly (OutsideAsker | undefined)[] {
  const taken = new Set(asking.map(({ address }) => address));
  const isFree = (address: string): boolean => !taken.has(address) && !isOwnAddress(netState, address);
  return asking.map((asker) => {
    const near = linkOf(netState, asker.interface)?.addresses.filter((one) => one.family === family) ?? [];
    const address = (
      asker.from === 'beyond' ? farOthers(asker.address, netState) : nearOthers(asker.address, near)
    ).find(isFree);
    if (address === undefined) return undefined;
    taken.add(address);
    return { ...asker, address };
  });
}

const farOthers = (of: string, { routes }: NetworkState): readonly string[] =>
  othersOfPart(of).filter(
    (address) => !routes.some(({ to }) => !to.endsWith('/0') && overlapping(address, to)),
  );

/** The addresses around one, of the same subnet of the link's. */
function nearOthers(address: string, near: readonly LinkAddress[]): readonly string[] {
  const subnet = near
    .map((own) => `${own.address}/${String(own.length)}`)
    .find((block) => overlapping(address, block));
  const base = blockOf(address);
  if (subnet === undefined || base === undefined) return [];
  return [7n, 13n, 29n, 57n, 101n, 1n, 2n, 3n].flatMap((step) => {
    const other = formatBlock({ ...base, base: base.base ^ step }).replace(/\/.*$/, '');
    return overlapping(other, subnet) ? [other] : [];
  });
}
