import { describe, expect, test } from 'vitest';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const first = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });
const second = author('nft', 500, { command: ['nft', 'flush', 'ruleset'] });

/** Somebody else breaks the same again while the look is made that follows a repair. */
function brokenAgainDuring(world: World): World {
  let isDone = false;
  world.onLook = () => {
    if (isDone || world.repairs.length + world.fastTries.length === 0 || world.effects.length > 0) return;
    isDone = true;
    world.time += 2;
    world.changes(second, [OUTAGE]);
  };
  return world.at(1_000, () => {
    world.changes(first, [OUTAGE]);
  });
}

describe('what is broken again while the look after a repair is made', () => {
  test('was repaired, is damage anew by whoever did it, and is repaired again', async () => {
    const world = await brokenAgainDuring(new World()).run(60_000);
    expect(world.noted('damage', 'repaired', 'not-repaired', 'ended')).toMatchObject([
      { kind: 'damage', by: [first] },
      { kind: 'repaired', by: [first], effects: [OUTAGE] },
      { kind: 'damage', by: [second], effects: [OUTAGE], lasted: 5 },
      { kind: 'repaired', by: [second], effects: [OUTAGE] },
    ]);
    expect(world.repairs).toHaveLength(2);
  });

  test('so it is too where the first repair was made before a look', async () => {
    const world = new World();
    world.onFastRepair = () => (world.effects.length > 0 ? world.effects : undefined);
    await brokenAgainDuring(world).run(60_000);
    expect(
      world.noted('damage', 'repaired', 'not-repaired').map(({ kind, by }) => [kind, by?.[0]?.name]),
    ).toEqual([
      ['damage', 'iptables'],
      ['repaired', 'iptables'],
      ['damage', 'nft'],
      ['repaired', 'nft'],
    ]);
  });

  test('is left by the repair where the repair saw it so itself, whatever else changed', async () => {
    const world = new World();
    world.onRepair = () => ({ left: ['the kernel refuses it'] });
    world.onLook = () => {
      if (world.repairs.length === 1) world.changes(second, [OUTAGE]);
    };
    await world
      .at(1_000, () => {
        world.changes(first, [OUTAGE]);
      })
      .run(2_000);
    expect(world.noted('repaired')).toEqual([]);
    expect(world.noted('not-repaired')).toMatchObject([{ effects: [OUTAGE] }]);
  });
});

test('a stop while it repairs at once lets it finish, and tells what it did', async () => {
  const world = new World();
  world.onFastRepair = () => (world.effects.length > 0 ? world.effects : undefined);
  await world
    .at(1_000, () => {
      world.changes(first, [OUTAGE]);
    })
    .run(1_001);
  expect(world.effects).toEqual([]);
  expect(world.noted('damage', 'repaired', 'stopped').map(({ kind }) => kind)).toEqual([
    'damage',
    'repaired',
    'stopped',
  ]);
});
