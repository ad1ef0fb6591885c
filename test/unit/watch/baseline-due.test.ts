import { describe, expect, test } from 'vitest';
import { BaselineDue } from '../../../src/watch/baseline-due.ts';
import { author, OUTAGE, World } from '../../support/watch/world.ts';

const dockerd = author('iptables', 300, { parents: [{ pid: 299, name: 'dockerd', command: ['dockerd'] }] });

describe('a baseline that watch keeps up to date', () => {
  test('is recorded once the host was found whole and Docker is quiet, and every hour', async () => {
    const world = new World();
    await world
      .at(100_000, () => {
        world.changes(dockerd, []);
      })
      .at(105_000, () => {
        world.changes(dockerd, []);
      })
      .run(3_800_000);
    expect(world.records).toEqual([10_000, 115_000, 3_715_000]);
  });

  test('is not recorded while something is broken, nor of what somebody else changed', async () => {
    const world = new World();
    world.effects = [{ ...OUTAGE, repairable: false }];
    await world
      .at(500_000, () => {
        world.changes(author('iptables'), []);
      })
      .run(600_000);
    expect(world.records).toEqual([500_005]);
  });

  test('is not recorded while automatic writes are off', async () => {
    const world = new World();
    world.held = 'switched off';
    await world.run(600_000);
    expect(world.records).toEqual([]);
  });

  test('waits for no deployment for ever', () => {
    const due = new BaselineDue();
    due.looked(true);
    for (let now = 0; now <= 400_000; now += 5_000) due.saw(now);
    expect(due.at()).toBe(300_000);
  });
});
