import { expect, test } from 'vitest';
import { residentDeclared } from '../../../../src/app/watch/resident-declared.ts';
import type { DeclaredFamily } from '../../../../src/firewall/iptables/desired/declared.ts';
import { Fault } from '../../../../src/fault.ts';
import { makeRule } from '../../../../src/firewall/iptables/text/model.ts';
import { author, OUTAGE, World } from '../../../support/watch/world.ts';

const declares = (port: number): DeclaredFamily => ({
  rules: [makeRule(`-A DOCKER-USER -i eth0 -p tcp -m tcp --dport ${String(port)} -j DROP`)],
  closesForward: false,
});

test('of a declaration that cannot be used what it said before is held, and the other family goes on', async () => {
  let ipv4: DeclaredFamily | undefined | Fault = declares(1);
  let ipv6: DeclaredFamily | undefined = declares(2);
  const declared = residentDeclared({
    ipv4: () => (ipv4 instanceof Fault ? Promise.reject(ipv4) : Promise.resolve(ipv4)),
    ipv6: () => Promise.resolve(ipv6),
    tables: () => Promise.resolve(undefined),
  });
  expect(await declared.read()).toEqual({ ipv4: declares(1), ipv6: declares(2) });
  expect(declared.fault()).toBeUndefined();
  ipv4 = new Fault('RG_DECLARED', 2, 'line 3 is not in table filter', { hint: 'Correct that line' });
  ipv6 = undefined;
  expect(await declared.read()).toEqual({ ipv4: declares(1) });
  expect(declared.fault()).toBe(
    'line 3 is not in table filter. what it said before is held. Correct that line',
  );
  ipv4 = undefined;
  expect(await declared.read()).toEqual({});
  expect(declared.fault()).toBeUndefined();
});

test('a declaration that never could be used holds nothing', async () => {
  const fails = () => Promise.reject(new Fault('RG_UNSAFE_FILE', 2, 'not root’s'));
  const declared = residentDeclared({ ipv4: fails, ipv6: fails, tables: fails });
  expect(await declared.read()).toEqual({});
  expect(declared.fault()).toContain('nothing of it is held');
});

test('of declared tables what the file said before is held while it cannot be used', async () => {
  const table = { table: 'inet close', text: 'table inet close {\n}\n' };
  let tables: readonly (typeof table)[] | Fault = [table];
  const nothing = () => Promise.resolve(undefined);
  const declared = residentDeclared({
    ...{ ipv4: nothing, ipv6: nothing },
    tables: () => (tables instanceof Fault ? Promise.reject(tables) : Promise.resolve(tables)),
  });
  expect(await declared.read()).toEqual({ tables: [table] });
  tables = new Fault('RG_DECLARED', 2, 'line 2 holds include');
  expect(await declared.read()).toEqual({ tables: [table] });
  expect(declared.fault()).toBe('line 2 holds include. what it said before is held');
});

test('it is told once, and when it is corrected; what Docker requires is repaired meanwhile', async () => {
  const world = new World();
  await world
    .at(1_000, () => {
      world.undeclared = 'line 3 is not in table filter';
      world.changes(author('iptables'), [OUTAGE]);
    })
    .at(500_000, () => {
      world.undeclared = undefined;
    })
    .run(900_000);
  expect(world.repairs).toHaveLength(1);
  expect(world.noted('failed', 'resumed')).toMatchObject([
    { kind: 'failed', says: expect.stringContaining('line 3') as string },
    { kind: 'resumed' },
  ]);
});
