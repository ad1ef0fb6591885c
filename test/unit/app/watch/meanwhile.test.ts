import { expect, test } from 'vitest';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const dockerd = author('iptables', 300, { parents: [{ pid: 299, name: 'dockerd', command: ['dockerd'] }] });

test('dockerd begins to write while a look is made: what that finds counts only if it is found twice', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.changes(author('fail2ban-server', 500), []);
    })
    .at(1_002, () => {
      world.changes(dockerd, []);
    })
    .run(1_500);
  expect(world.looks[1]).toEqual({ at: 1_000, isTwice: true });
});

test('somebody who changes something all the time leaves the machine most of its time, and damage meanwhile is repaired', async () => {
  const world = new World();
  world.takes.look = 500;
  for (let time = 1_000; time < 120_000; time += 100)
    world.at(time, () => {
      world.changes(author('dnsmasq', 500), time === 60_000 ? [OUTAGE] : world.effects);
    });
  await world.run(120_000);
  expect(world.looks.length).toBeLessThan(60);
  expect(world.noted('repaired')).toHaveLength(1);
  expect(world.repairs[0]).toBeLessThan(66_000);
});
