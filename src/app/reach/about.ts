import { Fault } from '../../fault.ts';
import { nearest } from '../../nearest.ts';
import { sameBlock } from '../../net/address.ts';
import type { Cell, Spot } from '../../reach/cell.ts';
import type { Terrain } from '../../reach/terrain.ts';

/**
 * The cells that concern what was named: a container or a network that asks or is asked, or a published port.
 *
 * @throws Fault RG_USAGE for what is nothing here, with the name that was probably meant
 */
export function cellsAbout(
  target: string | undefined,
  cells: readonly Cell[],
  { inventory }: Pick<Terrain, 'inventory'>,
): readonly Cell[] {
  if (target === undefined) return cells;
  const { endpoints, networks, ports } = inventory;
  const names = [...endpoints.map(({ container }) => container), ...networks.map(({ name }) => name)];
  if (names.includes(target))
    return cells.filter((cell) => spotsIn(cell).some((one) => [one.container, one.network].includes(target)));
  const [, address = '', port] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(target) ?? [];
  if (port !== undefined && ports.some(({ hostPort }) => hostPort === Number(port)))
    return cells.filter(
      ({ asked }) =>
        asked.what === 'published' &&
        asked.hostPort === Number(port) &&
        (address === '' || sameBlock(asked.at, address)),
    );
  const meant = nearest(target, names);
  throw new Fault('RG_USAGE', 2, `nothing here is called ${target}, and no container publishes such a port`, {
    ...(meant === undefined ? {} : { hint: `Did you mean ${meant}?` }),
  });
}

const spotsIn = ({ asker, asked }: Cell): readonly Spot[] => [
  ...(asker.by === 'container' ? [asker.spot] : []),
  ...('spot' in asked ? [asked.spot] : []),
];
