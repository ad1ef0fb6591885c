import { describe, expect, test } from 'vitest';
import { cellsAbout, namedAskers, type ReachQuestion } from '../../../../src/app/reach/about.ts';
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

const about = (word: string): readonly Cell[] => cellsAbout({ target: word }, cells, terrain);
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

describe('who asks, and who is asked', () => {
  const named = (question: ReachQuestion): readonly Cell[] =>
    cellsAbout(question, reachTable({ ...terrain, named: namedAskers(question, terrain) }), terrain);
  const askersIn = (found: readonly Cell[]): ReadonlySet<string> =>
    new Set(found.map(({ asker }) => (asker.by === 'container' ? asker.spot.container : asker.by)));

  test.each([
    ['outside', 'outside'],
    ['host', 'host'],
    ['eth0', 'outside'],
    ['203.0.113.9', 'outside'],
  ])('--from %s', (from, by) => {
    const found = named({ target: first.container, from });
    expect(askersIn(found)).toEqual(new Set([by]));
    expect(containersIn(found)).toEqual(new Set([first.container]));
    if (from.startsWith('203'))
      expect(new Set(found.flatMap(({ asker }) => (asker.by === 'outside' ? [asker.address] : [])))).toEqual(
        new Set([from]),
      );
  });

  test('a container that is named asks itself, whoever fares alike; --to says the same the other way round', () => {
    for (const { container } of endpoints.filter((one) => one.container !== first.container)) {
      const found = named({ target: first.container, from: container });
      expect([...askersIn(found)]).toEqual([container]);
      expect(containersIn(found)).toEqual(new Set([first.container]));
      expect(named({ target: container, to: first.container })).toEqual(found);
    }
  });

  test('an address outside is asked where it is named', () => {
    const found = named({ target: first.container, to: '198.51.100.99' });
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ asked }) => asked.what === 'outside' && asked.address === '198.51.100.99')).toBe(
      true,
    );
    expect([...askersIn(found)]).toEqual([first.container]);
  });

  test.each<[ReachQuestion, string]>([
    [{ target: first.container, from: 'nosuchthing' }, '--from nosuchthing'],
    [{ target: 'nosuchthing', to: first.container }, 'nosuchthing'],
    [{ target: first.container, to: '198.51.100.99:5432' }, 'is asked here'],
  ])('%j: exit 2, never "all is well"', (question, message) => {
    expect(() => named(question)).toThrow(message);
  });
});
