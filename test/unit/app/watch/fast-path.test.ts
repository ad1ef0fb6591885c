import { describe, expect, test } from 'vitest';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });
const ufw = author('iptables-restor', 200, {
  parents: [{ pid: 199, name: 'ufw', command: ['ufw', 'reload'] }],
});
const dockerd = author('iptables', 300, { parents: [{ pid: 299, name: 'dockerd', command: ['dockerd'] }] });

describe('what is certainly lost', () => {
  const flushed = (by = iptables): World => {
    const world = new World();
    world.onFastRepair = () => (world.effects.length > 0 ? world.effects : undefined);
    return world.at(1_000, () => {
      world.changes(by, [OUTAGE]);
    });
  };

  test('is repaired before a look, and told of as any other', async () => {
    const world = await flushed().run(5_000);
    expect(world.repairs).toEqual([]);
    expect(world.looks.map(({ at }) => at)).toEqual([0, 1_003]);
    expect(world.noted('damage', 'repaired')).toMatchObject([
      { kind: 'damage', effects: [OUTAGE], by: [iptables] },
      {
        kind: 'repaired',
        effects: [OUTAGE],
        by: [iptables],
        lasted: 3,
        repair: { toDetect: 0, toRepair: 3, journal: ['fast'] },
      },
    ]);
    expect(world.noted('ended', 'not-repaired', 'failed')).toEqual([]);
  });

  test.each([
    ['dockerd', dockerd],
    ['a firewall manager', ufw],
    ['somebody who had gone', author('iptables', 7, { command: [] })],
  ])('is looked at first where the last change was that of %s', async (_, by) => {
    const world = await flushed(by).run(9_000);
    expect(world.fastTries).toEqual([]);
    expect(world.noted('repaired')).toHaveLength(1);
  });

  const link = { kind: 'network', line: 'veth1 is up' } as const;

  test('is repaired at once beside a link that changed a while ago, and told to have lasted as long as the rules were gone', async () => {
    const world = new World();
    world.onFastRepair = () => (world.effects.length > 0 ? world.effects : undefined);
    await world
      .at(1_000, () => {
        world.tell(link);
      })
      .at(4_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .run(9_000);
    expect(world.repairs).toEqual([]);
    expect(world.noted('repaired')).toMatchObject([
      { lasted: 3, repair: { toDetect: 0, journal: ['fast'] } },
    ]);
  });

  test('is looked at first where a link changed just now, or Docker did something since', async () => {
    const just = flushed().at(900, () => {
      just.tell(link);
    });
    await just.run(5_000);
    expect(just.fastTries).toEqual([]);
    const started = flushed()
      .at(100, () => {
        started.tell(link);
      })
      .at(900, () => {
        started.changes(dockerd, []);
      });
    await started.run(5_000);
    expect(started.fastTries).toEqual([]);
  });

  test('is repaired beside what no restore repairs, which is told of once', async () => {
    const overridden = { ...OUTAGE, id: 'cc', cause: 'overridden', repairable: false };
    const world = new World();
    world.effects = [overridden];
    world.onFastRepair = () => (world.time >= 1_000 ? [OUTAGE] : undefined);
    await world
      .at(1_000, () => {
        world.changes(iptables, [overridden, OUTAGE]);
      })
      .run(5_000);
    expect(world.repairs).toEqual([]);
    expect(world.noted('damage').map(({ effects }) => effects)).toEqual([[overridden], [OUTAGE]]);
    expect(world.noted('repaired')).toMatchObject([{ effects: [OUTAGE] }]);
    expect(world.noted('ended')).toEqual([]);
  });

  test('is told before anything is repaired at once again', async () => {
    const world = flushed();
    world.at(1_002, () => {
      world.isStarting = true;
    });
    await world
      .at(9_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .at(20_000, () => {
        world.isStarting = false;
      })
      .run(60_000);
    expect(world.noted('repaired').map(({ repair }) => repair?.journal)).toEqual([['fast'], ['1']]);
  });

  test('is left to mode report', async () => {
    const world = await flushed().run(9_000, { mode: 'report' });
    expect(world.fastTries).toEqual([]);
  });

  test('and that no packet needed is told of too', async () => {
    const world = new World();
    world.onFastRepair = () => (world.time >= 1_000 && world.fastTries.length === 1 ? [] : undefined);
    await world
      .at(1_000, () => {
        world.changes(iptables, []);
      })
      .run(5_000);
    expect(world.noted('damage', 'repaired')).toMatchObject([
      { kind: 'damage', effects: [{ effect: 'notice', cells: 0 }] },
      { kind: 'repaired' },
    ]);
  });

  test('and is broken again and again is repaired as rarely as any other', async () => {
    const world = new World();
    world.onFastRepair = () => (world.effects.length > 0 ? world.effects : undefined);
    for (let at = 1_000; at < 60_000; at += 500)
      world.at(at, () => {
        world.changes(iptables, [OUTAGE]);
      });
    await world.run(61_000);
    const fast = world.noted('repaired').length;
    expect(fast).toBeLessThanOrEqual(12);
    expect(world.noted('fight')).toHaveLength(1);
  });
});

test('once a baseline was recorded a look makes ready for repairs by it, and none where nothing new was', async () => {
  const looksOf = async (recordsNew: boolean): Promise<readonly number[]> => {
    const world = new World();
    world.recordsNew = recordsNew;
    await world.run(60_000);
    return world.looks.map(({ at }) => at);
  };
  expect(await looksOf(false)).toEqual([0]);
  expect(await looksOf(true)).toEqual([0, 10_000]);
});
