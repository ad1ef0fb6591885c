import { describe, expect, test } from 'vitest';
import { author, EXPOSURE, OUTAGE, World } from '../../../support/watch/world.ts';

const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });

test('a lost policy is noted, neither tried nor named as left: a repair of rules beside it leaves it out', async () => {
  const world = new World();
  const policy = { ...OUTAGE, id: 'dd', repairable: false };
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE, policy]);
    })
    .run(60_000);
  expect(world.repairs).toHaveLength(1);
  expect(world.noted('repaired')).toMatchObject([{ effects: [OUTAGE] }]);
  expect(world.noted('not-repaired')).toEqual([]);
});

describe('by severity', () => {
  const mode = { exposure: 'repair', outage: 'report' } as const;

  test('an outage is noted and left, where only exposures are repaired', async () => {
    const world = new World();
    await world
      .at(1_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .run(60_000, { mode });
    expect(world.repairs).toEqual([]);
    expect(world.noted('damage', 'not-repaired')).toMatchObject([{ kind: 'damage', effects: [OUTAGE] }]);
  });

  test('an exposure is closed', async () => {
    const world = new World();
    await world
      .at(1_000, () => {
        world.changes(iptables, [EXPOSURE]);
      })
      .run(60_000, { mode });
    expect(world.noted('repaired')).toMatchObject([{ effects: [EXPOSURE] }]);
  });
});

test('an announced change is neither told nor fought while it is under way, and looked at when it has ended', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.isChanging = true;
      world.changes(iptables, [EXPOSURE]);
    })
    .at(9_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .at(9_500, () => {
      world.isChanging = false;
    })
    .run(60_000);
  expect(world.looks.filter(({ at }) => at > 100 && at < 9_500)).toEqual([]);
  expect(world.noted('damage')).toMatchObject([{ effects: [OUTAGE] }]);
  expect(world.repairs).toHaveLength(1);
});
