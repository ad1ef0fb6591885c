import { expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import type { NotedEffect } from '../../../../src/watch/event.ts';
import type { HostLack, SettingName } from '../../../../src/watch/host-lacks.ts';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const NAME = 'net.ipv4.ip_forward';
const OFF: HostLack = {
  says: 'the kernel does not forward IPv4 packets',
  commands: [`sysctl -w ${NAME}=1`],
};
const ROUTE: HostLack = {
  says: 'the route to 172.18.0.0/16, the subnet of network app, is gone',
  commands: ['ip route add 172.18.0.0/16 dev br-app'],
};
const SHUT: NotedEffect = { ...OUTAGE, id: 'ff', cause: 'routing', repairable: false };
const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });

/** A host of which something is gone at a moment, and what is switched on of it. */
function lacking(lack: HostLack, at: number, alsoLost: readonly NotedEffect[] = []) {
  const world = new World();
  const on: (readonly SettingName[])[] = [];
  let lacks: readonly HostLack[] = [];
  let asked = 0;
  world.around = (port) => ({
    ...port,
    lacks: () => {
      asked++;
      return Promise.resolve(lacks);
    },
    switchOn: (names) => {
      on.push(names);
      lacks = [];
      world.effects = world.effects.filter(({ id }) => id !== SHUT.id);
      return Promise.resolve(names);
    },
  });
  world.at(at, () => {
    lacks = [lack];
    world.changes(iptables, [SHUT, ...alsoLost]);
  });
  return { world, on, asked: () => asked };
}

test("a link, route or setting that is gone is told with doctor's command, once, and left", async () => {
  for (const lack of [ROUTE, OFF]) {
    const { world, on, asked } = lacking(lack, 1_000);
    await world.run(600_000);
    expect(world.noted('host').map(({ says }) => says)).toEqual([
      `${lack.says}: ${String(lack.commands[0])}`,
    ]);
    expect(on).toEqual([]);
    expect(asked()).toBe(1);
  }
});

test('where settings are repaired one that is off is switched on, and told of as a repair', async () => {
  const { world, on } = lacking(OFF, 1_000);
  await world.run(600_000, { mode: 'report', settings: 'repair' });
  expect(on).toEqual([[NAME]]);
  expect(world.noted('repaired').map(({ says }) => says)).toEqual([`switched on again: sysctl -w ${NAME}=1`]);
});

test('a route is told even where settings are repaired', async () => {
  const { world, on } = lacking(ROUTE, 1_000);
  await world.run(600_000, { settings: 'repair' });
  expect(on).toEqual([]);
  expect(world.noted('host')).toHaveLength(1);
});

test("Docker's rules come back before forwarding is switched on, which might open what they close", async () => {
  const { world, on } = lacking(OFF, 1_000, [OUTAGE]);
  const lostThen: boolean[] = [];
  const { around } = world;
  world.around = (port) => {
    const other = around(port);
    return {
      ...other,
      lacks: () => {
        lostThen.push(world.effects.some(({ cause }) => cause === 'lost'));
        return other.lacks();
      },
    };
  };
  await world.run(600_000, { settings: 'repair' });
  expect(world.repairs).toHaveLength(1);
  expect(lostThen).toEqual([false]);
  expect(on).toEqual([[NAME]]);
});

test('a pause holds it back, and the look after its end makes it', async () => {
  const { world, on } = lacking(OFF, 1_000);
  world.held = 'paused until noon';
  world.at(200_000, () => {
    expect(on).toEqual([]);
    world.held = undefined;
  });
  await world.run(600_000, { settings: 'repair' });
  expect(on).toEqual([[NAME]]);
  expect(world.noted('paused')).toHaveLength(1);
});

test('whoever switches it off again and again is answered once a minute', async () => {
  const { world, on } = lacking(OFF, 1_000);
  for (let at = 4_000; at < 121_000; at += 3_000)
    world.at(at, () => {
      world.effects = [SHUT];
      world.tell({ kind: 'setting', name: NAME, from: '1', to: '0' });
    });
  const { around } = world;
  world.around = (port) => ({ ...around(port), lacks: () => Promise.resolve([OFF]) });
  await world.run(121_000, { settings: 'repair' });
  expect(on.length).toBeGreaterThan(1);
  expect(on.length).toBeLessThanOrEqual(3);
});

test('what keeps it from being switched on is told, and it is tried again', async () => {
  const { world } = lacking(OFF, 1_000);
  const { around } = world;
  let tries = 0;
  world.around = (port) => ({
    ...around(port),
    switchOn: () => {
      tries++;
      return Promise.reject(new Fault('RG_SYSTEM', 3, 'the system refused: read-only'));
    },
  });
  await world.run(600_000, { settings: 'repair' });
  expect(world.noted('failed').map(({ says }) => says)).toEqual([
    expect.stringContaining('the system refused: read-only'),
  ]);
  expect(tries).toBeGreaterThan(1);
});
