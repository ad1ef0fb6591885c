import { describe, expect, test } from 'vitest';
import { BaselineDue } from '../../../src/watch/baseline-due.ts';
import { readsUntil } from '../../../src/app/watch/reads-until.ts';
import { Fault } from '../../../src/fault.ts';
import { memoryHost } from '../../support/app/memory-host.ts';
import { ENGINE, WHOLE } from '../../support/app/repaired.ts';
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

  test('is not recorded while automatic writes are off, and soon after that', async () => {
    const world = new World();
    world.held = 'switched off';
    await world
      .at(590_000, () => {
        expect(world.records).toEqual([]);
        world.held = undefined;
      })
      .run(660_000);
    expect(world.records).toHaveLength(1);
  });

  test('that could not be recorded is due all the same', async () => {
    const world = new World();
    world.recordFails = new Fault('RG_BUSY', 3, 'another rulesguard has the lock');
    await world
      .at(20_000, () => {
        world.recordFails = undefined;
      })
      .run(600_000);
    expect(world.records).toEqual([10_000, 70_000]);
  });

  test('keeps no repair waiting: where somebody changes rules its recording ends, and is made later', async () => {
    const world = new World();
    world.takes.record = 2_000;
    await world
      .at(11_000, () => {
        world.changes(author('iptables'), [OUTAGE]);
      })
      .run(100_000);
    expect(world.records).toEqual([10_000, 72_000]);
    const ended = new AbortController();
    const host = readsUntil(memoryHost(WHOLE, ENGINE), ended.signal);
    await host.askEngine();
    ended.abort();
    expect(() => host.askEngine()).toThrow('rules changed meanwhile');
  });

  test('waits for no deployment for ever', () => {
    const due = new BaselineDue();
    due.looked(true);
    for (let now = 0; now <= 400_000; now += 5_000) due.saw(now);
    expect(due.at()).toBe(300_000);
  });
});
