import { describe, expect, test } from 'vitest';
import { author, EXPOSURE, OUTAGE, World } from '../../../support/watch/world.ts';

const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });
const ufw = author('iptables-restor', 200, {
  parents: [{ pid: 199, name: 'ufw', command: ['ufw', 'reload'] }],
});
const dockerd = author('iptables', 300, { parents: [{ pid: 299, name: 'dockerd', command: ['dockerd'] }] });

test('damage is seen, named and repaired at once', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(5_000);
  expect(world.repairs).toEqual([1_005]);
  expect(world.noted('damage')).toMatchObject([{ effects: [OUTAGE], by: [iptables], time: 1_005 }]);
  expect(world.noted('repaired')).toMatchObject([
    { effects: [OUTAGE], by: [iptables], lasted: 15, repair: { toDetect: 5, toRepair: 10, journal: ['1'] } },
  ]);
  expect(world.noted('ended', 'fight', 'not-repaired', 'failed')).toEqual([]);
});

test('its own writes are no change: one look after a repair, and none after that', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(60_000);
  expect(world.looks.map(({ at }) => at)).toEqual([0, 1_000, 1_015]);
});

test('in report mode nothing is written, and the end is noted too', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .at(9_000, () => {
      world.changes(author('iptables-restor'), []);
    })
    .run(20_000, { mode: 'report' });
  expect(world.repairs).toEqual([]);
  expect(world.noted('damage', 'ended')).toMatchObject([
    { kind: 'damage', by: [iptables] },
    { kind: 'ended', effects: [OUTAGE], lasted: 8_005 },
  ]);
});

test('what stays broken keeps nobody guilty of what breaks later', async () => {
  const world = new World();
  const overridden = { ...EXPOSURE, id: 'cc', cause: 'overridden', repairable: false };
  await world
    .at(1_000, () => {
      world.changes(author('nft', 500), [overridden]);
    })
    .at(9_000, () => {
      world.changes(iptables, [overridden, OUTAGE]);
    })
    .run(20_000);
  expect(world.noted('damage').map(({ by }) => by?.map(({ name }) => name))).toEqual([['nft'], ['iptables']]);
  expect(world.noted('repaired')).toMatchObject([{ by: [iptables] }]);
});

describe('whoever is in the middle of writing is let finish', () => {
  test('a firewall manager, for an outage: until it is quiet', async () => {
    const world = new World();
    for (let time = 1_000; time <= 1_300; time += 30)
      world.at(time, () => {
        world.changes(ufw, [OUTAGE]);
      });
    await world.run(5_000);
    expect(world.repairs).toEqual([1_350]);
  });

  test('a firewall manager that never is, for a second at most', async () => {
    const world = new World();
    for (let time = 1_000; time <= 4_000; time += 30)
      world.at(time, () => {
        world.changes(ufw, [OUTAGE]);
      });
    await world.run(5_000);
    expect(world.repairs[0]).toBeGreaterThanOrEqual(2_000);
    expect(world.repairs[0]).toBeLessThan(2_100);
  });

  test('but an exposure is closed at once', async () => {
    const world = new World();
    for (let time = 1_000; time <= 1_300; time += 30)
      world.at(time, () => {
        world.changes(ufw, [OUTAGE, EXPOSURE]);
      });
    await world.run(5_000);
    expect(world.repairs[0]).toBeLessThan(1_020);
  });

  test('dockerd: nothing is repaired that it writes itself', async () => {
    const world = new World();
    for (let time = 1_000; time <= 1_400; time += 20)
      world.at(time, () => {
        world.changes(dockerd, [OUTAGE]);
      });
    await world
      .at(1_410, () => {
        world.changes(dockerd, []);
      })
      .run(60_000);
    expect(world.repairs).toEqual([]);
    expect(world.noted('damage')).toEqual([]);
  });

  test('what dockerd or somebody unknown wrote counts as damage only if it is found twice', async () => {
    const world = new World();
    await world
      .at(1_000, () => {
        world.changes(dockerd, []);
      })
      .at(5_000, () => {
        world.changes(undefined, []);
      })
      .at(9_000, () => {
        world.changes(iptables, []);
      })
      .run(20_000);
    expect(world.looks).toEqual([
      { at: 0, isTwice: true },
      { at: 1_150, isTwice: true },
      { at: 5_000, isTwice: true },
      { at: 9_000, isTwice: false },
    ]);
  });
});

test('while dockerd starts nothing counts as lost; what is lost when it is through does', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.isStarting = true;
      world.tell({ kind: 'engine-gone' });
      world.changes(dockerd, [OUTAGE, EXPOSURE]);
    })
    .at(4_000, () => {
      world.isStarting = false;
      world.effects = [OUTAGE];
    })
    .run(60_000);
  expect(world.repairs.filter((at) => at < 4_000)).toEqual([]);
  expect(world.noted('damage')).toMatchObject([{ effects: [OUTAGE] }]);
  expect(world.noted('repaired')).toHaveLength(1);
});

test('somebody else decides before Docker: told, and never repaired', async () => {
  const world = new World();
  const overridden = { ...EXPOSURE, id: 'cc', cause: 'overridden', repairable: false };
  await world
    .at(1_000, () => {
      world.changes(iptables, [overridden]);
    })
    .run(60_000);
  expect(world.repairs).toEqual([]);
  expect(world.noted('damage')).toMatchObject([{ effects: [overridden], by: [iptables] }]);
});

test('what a repair leaves is said once, with the reason, and not again each time', async () => {
  const world = new World();
  world.onRepair = () => ({ left: ['no Engine answers to confirm that it is still valid'] });
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(600_000);
  expect(world.noted('not-repaired')).toMatchObject([
    { says: expect.stringContaining('no Engine answers') as string, effects: [OUTAGE] },
  ]);
  expect(world.noted('repaired')).toEqual([]);
});

test('while automatic writes are off nothing is repaired; when they are on again it is', async () => {
  const world = new World();
  world.held = 'paused until noon';
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .at(60_000, () => {
      world.held = undefined;
    })
    .run(120_000);
  expect(world.noted('paused', 'resumed').map(({ kind }) => kind)).toEqual(['paused', 'resumed']);
  expect(world.repairs).toHaveLength(1);
  expect(world.repairs[0]).toBeGreaterThanOrEqual(60_000);
  expect(world.noted('repaired')).toHaveLength(1);
});

test('a look that cannot be made is said once, made again, and no reason to repair', async () => {
  const world = new World();
  let fails = true;
  world.onLook = () => {
    if (fails) throw new Error('no nft here');
  };
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .at(20_000, () => {
      fails = false;
    })
    .run(60_000);
  expect(world.noted('failed')).toMatchObject([{ says: 'cannot look: Error: no nft here' }]);
  expect(world.repairs).toHaveLength(1);
  expect(world.repairs[0]).toBeGreaterThanOrEqual(20_000);
});

test('a change that comes during a look is looked at', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(author('nft'), []);
    })
    .at(1_003, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(60_000);
  expect(world.noted('repaired')).toHaveLength(1);
});

test('without any event a look is made after the interval', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.effects = [OUTAGE];
    })
    .run(60_000, { interval: 30_000 });
  expect(world.repairs).toEqual([30_005]);
});
