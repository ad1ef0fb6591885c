import { describe, expect, test } from 'vitest';
import { author, EXPOSURE, OUTAGE, World } from '../../../support/watch/world.ts';

const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });

describe('two writers', () => {
  const fight = async (until: number): Promise<World> => {
    const world = new World();
    world.onRepair = () => {
      world.effects = [];
      const again = world.time + 10;
      world.at(again, () => {
        world.changes(iptables, [OUTAGE]);
      });
      return {};
    };
    return world
      .at(1_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .run(until);
  };

  test('at most twelve repairs in a minute, and fewer in each one after', async () => {
    const { repairs } = await fight(600_000);
    const counts = [0, 1, 2, 3, 4].map(
      (minute) => repairs.filter((at) => Math.floor(at / 60_000) === minute).length,
    );
    expect(Math.max(...counts)).toBeLessThanOrEqual(12);
    expect(repairs.length).toBeGreaterThan(10);
    expect(counts[4]).toBeLessThanOrEqual(2);
  });

  test('it is said once, and who the other is', async () => {
    const world = await fight(60_000);
    expect(world.noted('fight')).toMatchObject([{ effects: [OUTAGE], by: [iptables] }]);
  });

  test('other damage meanwhile is repaired at once', async () => {
    const world = new World();
    world.onRepair = () => {
      world.effects = [];
      world.at(world.time + 10, () => {
        world.changes(iptables, [OUTAGE]);
      });
      return {};
    };
    await world
      .at(1_000, () => {
        world.changes(iptables, [OUTAGE]);
      })
      .at(30_000, () => {
        world.changes(iptables, [OUTAGE, EXPOSURE]);
      })
      .run(31_000);
    expect(world.repairs.filter((at) => at >= 30_000 && at < 30_100)).toHaveLength(1);
  });
});
