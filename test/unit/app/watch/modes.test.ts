import { describe, expect, test } from 'vitest';
import { heldBy } from '../../../../src/app/watch/held.ts';
import { Fault } from '../../../../src/fault.ts';
import { settingSays } from '../../../../src/watch/words.ts';
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

// From 10 s on a baseline is due as well.
test.each([1_000, 11_000])(
  'a change announced at %i ms is neither told nor fought while it is under way, and looked at when it has ended',
  async (announced) => {
    const world = new World();
    await world
      .at(announced, () => {
        world.isChanging = true;
        world.changes(iptables, [EXPOSURE]);
      })
      .at(announced + 8_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .at(announced + 8_500, () => {
        world.isChanging = false;
      })
      .run(60_000);
    expect(world.looks.filter(({ at }) => at >= announced && at < announced + 8_500)).toEqual([]);
    expect(world.noted('damage')).toMatchObject([{ effects: [OUTAGE] }]);
    expect(world.repairs).toHaveLength(1);
  },
);

describe('what keeps watch from writing', () => {
  test('that cannot be told holds a repair back, and ends nothing', async () => {
    const world = new World();
    world.heldFails = new Error('no more memory');
    await world
      .at(1_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .at(7_000, () => {
        world.heldFails = undefined;
      })
      .run(20_000);
    expect(world.noted('failed')).toMatchObject([{ says: 'cannot repair: Error: no more memory' }]);
    expect(world.noted('repaired')).toHaveLength(1);
  });

  const unreadable = () => Promise.reject(new Fault('RG_CONFIG', 3, 'config.json: not JSON'));
  const none = () => Promise.resolve(undefined);
  test.each([
    { pause: unreadable, off: none },
    { pause: none, off: unreadable },
  ])('a file that cannot be read is such a reason', async (holders) => {
    expect(await heldBy(holders)).toContain('config.json: not JSON');
  });
});

test('a repair at once that fails for whatever reason is followed by a look', async () => {
  const world = new World();
  world.onFastRepair = () => {
    throw new Error('no more memory');
  };
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(20_000);
  expect(world.noted('failed')).toMatchObject([{ says: 'cannot repair: Error: no more memory' }]);
  expect(world.noted('repaired')).toHaveLength(1);
});

test.each([
  ['dockerd', author('iptables', 300, { parents: [{ pid: 299, name: 'dockerd', command: ['dockerd'] }] }), 1],
  ['nobody that could be named', undefined, 1],
  ['somebody else', iptables, 0],
])('after rules written by %s the Engine is asked anew or not', async (_, by, times) => {
  const world = new World();
  let before = 0;
  await world
    .at(1_000, () => {
      before = world.forgot;
      world.changes(by, []);
    })
    .run(2_000);
  expect(world.forgot - before).toBe(times);
});

test('a dockerd that starts for long is looked at ever less, and that is told once', async () => {
  const world = new World();
  world.isStarting = true;
  await world
    .at(100_000, () => {
      world.isStarting = false;
    })
    .run(110_000);
  expect(world.looks.length).toBeLessThan(35);
  expect(world.noted('failed')).toHaveLength(1);
});

test('a dockerd that runs for long without an answer is no reason to leave damage: it is looked at and repaired without one', async () => {
  const world = new World();
  world.isStarting = true;
  await world
    .at(50_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(60_000);
  expect(world.noted('failed')).toHaveLength(1);
  expect(world.noted('repaired')).toMatchObject([{ effects: [OUTAGE], by: [iptables] }]);
  const patient = world.waits.filter(({ isPatient }) => isPatient).map(({ at }) => at);
  expect(Math.max(...patient)).toBeLessThan(35_000);
});

test('a repair that the journal does not have is told as that', async () => {
  const world = new World();
  world.onRepair = () => {
    world.effects = [];
    return { unjournaled: 'no space left on device' };
  };
  await world
    .at(1_000, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(20_000);
  expect(world.noted('failed')).toMatchObject([
    { says: 'the repair is not in the journal, and cannot be undone: no space left on device' },
  ]);
});

test('links and routes that keep changing have it look no oftener than every ten seconds', async () => {
  const world = new World();
  for (let time = 20_000; time < 60_000; time += 500)
    world.at(time, () => {
      world.tell({ kind: 'network', line: 'veth1 is up' });
    });
  await world.run(70_000);
  const looks = world.looks.filter(({ at }) => at >= 20_000);
  expect(looks.length).toBeGreaterThan(3);
  expect(looks.length).toBeLessThan(7);
});

test('the command that sets a setting back is named only where it was switched off', () => {
  const says = (from: string, to: string) =>
    settingSays({ kind: 'setting', name: 'net.ipv4.ip_forward', from, to });
  expect(says('1', '0')).toBe('net.ipv4.ip_forward was 1 and is 0: sysctl -w net.ipv4.ip_forward=1');
  for (const [from, to] of [
    ['0', '1'],
    ['absent', '1'],
    ['1', 'absent'],
    ['0', 'absent'],
  ] as const)
    expect(says(from, to)).not.toContain('sysctl');
});
