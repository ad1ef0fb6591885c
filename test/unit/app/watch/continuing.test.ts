import { expect, test } from 'vitest';
import type { NotedEffect } from '../../../../src/watch/event.ts';
import { author, EXPOSURE, OUTAGE, World } from '../../../support/watch/world.ts';

const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });
const dockerd = author('iptables', 300, { parents: [{ pid: 299, name: 'dockerd', command: ['dockerd'] }] });
const outage = (id: string, covers: readonly string[]): NotedEffect => ({ ...OUTAGE, id, covers });

test('an outage that goes on while a container starts neither ends nor begins anew, and is repaired as one', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(iptables, [outage('aa', ['web', 'db'])]);
    })
    .at(2_000, () => {
      world.changes(dockerd, [outage('bb', ['web', 'db', 'cache'])]);
    })
    .at(3_000, () => {
      world.changes(iptables, []);
    })
    .run(60_000, { mode: 'report' });
  expect(world.noted('damage', 'ended')).toMatchObject([
    { kind: 'damage', effects: [{ id: 'aa' }] },
    { kind: 'ended', effects: [{ id: 'aa' }], lasted: 2_005 },
  ]);
  expect(world.noted('damage')[0]?.effects?.[0]).not.toHaveProperty('covers');
});

test('whoever keeps breaking the same is found out though containers come and go', async () => {
  const world = new World();
  let times = 0;
  const breaks = (): void => {
    world.changes(iptables, [outage(`id-${String(++times)}`, ['web', `other-${String(times)}`])]);
  };
  world.onRepair = () => {
    world.effects = [];
    world.at(world.time + 10, breaks);
    return {};
  };
  await world.at(1_000, breaks).run(60_000);
  expect(world.noted('fight')).toHaveLength(1);
});

test('effects that share nothing are two', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(iptables, [outage('aa', ['web'])]);
    })
    .at(2_000, () => {
      world.changes(iptables, [outage('bb', ['db'])]);
    })
    .run(10_000, { mode: 'report' });
  expect(world.noted('damage', 'ended').map(({ kind, effects }) => [kind, effects?.[0]?.id])).toEqual([
    ['damage', 'aa'],
    ['ended', 'aa'],
    ['damage', 'bb'],
  ]);
});

test('a repair is told once a look succeeds, however many fail before; what else ended with it is told too', async () => {
  const world = new World();
  const overridden = { ...EXPOSURE, id: 'cc', cause: 'overridden', repairable: false };
  world.onRepair = () => {
    world.effects = [];
    world.isStarting = true;
    return {};
  };
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE, overridden]);
    })
    .at(3_000, () => {
      world.isStarting = false;
    })
    .run(20_000);
  expect(world.noted('repaired', 'ended')).toMatchObject([
    { kind: 'repaired', effects: [{ id: OUTAGE.id }], repair: { journal: ['1'] } },
    { kind: 'ended', effects: [{ id: 'cc' }] },
  ]);
});
