import { expect, test } from 'vitest';
import { cellsAbout } from '../../../../src/app/reach/about.ts';
import type { Cell } from '../../../../src/reach/cell.ts';
import { reachTable } from '../../../../src/reach/table.ts';
import { recordedTerrain } from '../../../support/reach/terrain.ts';

const host = recordedTerrain('engine-28.5');
const { endpoints } = host.inventory;
const terrain = {
  ...host,
  inventory: {
    ...host.inventory,
    endpoints: endpoints.map((one, i) =>
      i > 1 ? one : { ...one, composed: { service: 'shop-front', project: 'shop' } },
    ),
  },
};
const cells = reachTable(terrain);
const [first, second] = endpoints;
const [port] = terrain.inventory.ports.filter(({ hostPort }) => hostPort !== undefined);
if (first === undefined || second === undefined || port === undefined)
  throw new Error('a container is needed');

const about = (word: string): readonly Cell[] => cellsAbout(word, cells, terrain);
const containersIn = (found: readonly Cell[]): ReadonlySet<string> =>
  new Set(found.flatMap(({ asked }) => ('spot' in asked ? [asked.spot.container] : [])));

test.each([
  ['its name', first.container],
  ['the beginning of its id', first.containerId.slice(0, 12)],
  ['its address', first.ipv4],
  ['its address in a URL', `http://${first.ipv4}/x`],
  ['its name and a port', `${first.container}:80`],
])('a container by %s', (_, word) => {
  const found = about(word);
  expect(found.length).toBeGreaterThan(0);
  expect(found).toEqual(about(first.container));
  expect(
    found.every(({ asker, asked }) =>
      [asker.by === 'container' && asker.spot.container, 'spot' in asked && asked.spot.container].includes(
        first.container,
      ),
    ),
  ).toBe(true);
});

test('a compose service: all of its containers, also with its project', () => {
  const found = containersIn(about('shop-front'));
  expect([...found]).toEqual(expect.arrayContaining([first.container, second.container]));
  expect(about('shop/shop-front')).toEqual(about('shop-front'));
});

test('a network by its id', () => {
  const network = host.inventory.networks.find(({ name }) => name === first.network);
  expect(about(network?.id.slice(0, 12) ?? '').length).toBeGreaterThan(0);
  expect(about(network?.id.slice(0, 12) ?? '')).toEqual(about(first.network));
});

test('a published port, by URL too', () => {
  const found = about(`:${String(port.hostPort)}/${port.proto}`);
  expect(found.length).toBeGreaterThan(0);
  expect(found.every(({ asked }) => asked.what === 'published' && asked.hostPort === port.hostPort)).toBe(
    true,
  );
  if (port.proto === 'tcp') expect(about(`http://shop.example:${String(port.hostPort)}/`)).toEqual(found);
});

test.each(['nosuchthing', ':1', '203.0.113.200'])('%s is nothing here: exit 2', (word) => {
  expect(() => about(word)).toThrow(expect.objectContaining({ code: 'RG_USAGE', exit: 2 }) as Error);
});
