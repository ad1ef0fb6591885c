import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { measuredPort } from '../../../../src/app/watch/measured-port.ts';
import type { WatchPort } from '../../../../src/app/watch/ports.ts';
import { Fault } from '../../../../src/fault.ts';
import { systemdService } from '../../../../src/host/service/notify.ts';
import { WatchHealth } from '../../../../src/watch/telling/health.ts';
import type { WatchMeter } from '../../../../src/watch/telling/meter.ts';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const SILENT: WatchMeter = {
  looked: () => undefined,
  failed: () => undefined,
  changed: () => undefined,
  declared: () => undefined,
  source: () => undefined,
  noted: () => undefined,
};
const INTERVAL = 120_000;
const MINUTE = 60_000;
const never = (): Promise<never> => new Promise(() => undefined);
const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });

/** A world whose loop tells how well it is, and a service that systemd watches every two minutes. @param altered - what its port does otherwise */
function watched(altered: (port: WatchPort, world: World) => Partial<WatchPort> = () => ({})) {
  const world = new World();
  const health = new WatchHealth(
    () => world.time,
    () => INTERVAL,
  );
  world.around = (port) =>
    measuredPort({ ...port, ...altered(port, world) }, SILENT, health, () => undefined);
  const told: string[] = [];
  const service = systemdService(
    { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '120000000' },
    () => health.hangs() === undefined,
    (words) => Promise.resolve(told.push(...words)),
  );
  service.ready('watching');
  /** Half of the watchdog's time passes. @returns what systemd is told of it */
  const tick = (): readonly string[] => {
    told.length = 0;
    world.time += MINUTE;
    vi.advanceTimersByTime(MINUTE);
    return told;
  };
  return { world, health, tick };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
// Other files run in this process after it, whose intervals have to be real.
afterEach(() => {
  vi.useRealTimers();
});

/** As long as the loop takes to come to where it hangs. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

test('while watch looks and rests in turn, systemd is told that it works', async () => {
  const { world, health, tick } = watched();
  await world.run(10 * MINUTE);
  expect(health.unwell()).toBeUndefined();
  expect(tick()).toEqual(['WATCHDOG=1']);
});

test.each<[string, (port: WatchPort, world: World) => Partial<WatchPort>]>([
  ['a look', ({ look }, world) => ({ look: (ways) => (world.time < MINUTE ? look(ways) : never()) })],
  ['a repair', () => ({ repair: never })],
  [
    'a repair before a look',
    (_, world) => ({ repairAtOnce: () => (world.time < MINUTE ? Promise.resolve(undefined) : never()) }),
  ],
  [
    'its sleep',
    ({ wait }, world) => ({ wait: (until, signal) => (world.time < MINUTE ? wait(until, signal) : never()) }),
  ],
])('once %s hangs, systemd is told nothing more, so that it starts watch anew', async (_, altered) => {
  const { world, health, tick } = watched(altered);
  world.at(MINUTE, () => {
    world.changes(iptables, [OUTAGE]);
  });
  void world.run(60 * MINUTE);
  await turns();
  expect(world.time).toBeLessThan(2 * MINUTE);
  expect(tick()).toEqual(['WATCHDOG=1']);
  for (let minute = 0; minute < 6; minute++) tick();
  expect(tick()).toEqual([]);
  expect(health.unwell()).toMatch(/^it has hung for \d+ s$/);
});

test('where no look can be made whoever asks is told so, and no restart would help', async () => {
  const { world, health, tick } = watched((_, { time }) => ({
    look: () => Promise.reject(new Fault('RG_TIMEOUT', 3, `iptables-save did nothing at ${String(time)}`)),
  }));
  await world.run(4 * MINUTE);
  expect(health.unwell()).toBe('no look could be made for 240 s: rulesguard log');
  expect(tick()).toEqual(['WATCHDOG=1']);
});

test('a look must have been made within the interval and a minute', () => {
  let now = 0;
  const health = new WatchHealth(
    () => now,
    () => INTERVAL,
  );
  now = 180_000;
  expect(health.unwell()).toBeUndefined();
  now = 181_000;
  expect(health.unwell()).toContain('no look could be made for 181 s');
  health.hasLooked();
  expect(health.unwell()).toBeUndefined();
});

test('whoever lets watch wait long for the lock does not have it restarted while it waits', () => {
  let now = 0;
  const hangsAfter = (minutes: number, lockWait?: number): boolean => {
    now = 0;
    const health = new WatchHealth(
      () => now,
      () => INTERVAL,
      lockWait,
    );
    now = minutes * MINUTE;
    return health.hangs() !== undefined;
  };
  expect(hangsAfter(9)).toBe(true);
  expect(hangsAfter(9, 10 * MINUTE)).toBe(false);
  expect(hangsAfter(16, 10 * MINUTE)).toBe(true);
});
