import { expect, test } from 'vitest';
import type { NotedEffect } from '../../../../src/watch/event.ts';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const iptables = author('iptables', 100, { command: ['iptables', '-t', 'nat', '-F'] });

test('rules that were lost beside a link that had changed just before are told to be gone since they went', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.tell({ kind: 'network', line: 'veth1 is up' });
    })
    .at(1_500, () => {
      world.changes(iptables, [OUTAGE]);
    })
    .run(5_000);
  expect(world.noted('damage')).toMatchObject([{ effects: [OUTAGE], lasted: 5 }]);
  expect(world.noted('repaired')).toMatchObject([{ lasted: 15, repair: { toDetect: 5, toRepair: 10 } }]);
});

test('what is not lost and began beside a link may have begun with it', async () => {
  const world = new World();
  const host: NotedEffect = { ...OUTAGE, id: 'dd', cause: 'host', repairable: false };
  await world
    .at(1_000, () => {
      world.tell({ kind: 'network', line: 'eth0 is down' });
    })
    .at(1_500, () => {
      world.changes(iptables, [host]);
    })
    .run(5_000);
  expect(world.noted('damage')).toMatchObject([{ lasted: 505 }]);
});
