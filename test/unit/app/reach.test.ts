import { expect, test } from 'vitest';
import { reach, type Reached } from '../../../src/app/reach/reach.ts';
import { Fault } from '../../../src/fault.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { flushed, withRule } from '../../support/app/edit-rules.ts';
import { failing } from '../../support/app/diagnosed.ts';
import { ENGINE_REPLY, WHOLE_RULES } from '../../support/app/memory-diagnosis-host.ts';
import { memoryReachHost } from '../../support/app/memory-reach-host.ts';

/** Asks a host in memory who reaches what. */
const asked = (
  target?: string,
  rules: HostRules = WHOLE_RULES,
  changes: Parameters<typeof memoryReachHost>[1] = {},
): Promise<Reached> => reach(memoryReachHost(rules, changes), target, () => undefined);

const effectsOf = ({ cells }: Reached): ReadonlySet<string> => new Set(cells.map(({ effect }) => effect));

test('a healthy host: exit 0, and no way differs', async () => {
  const reached = await asked();
  expect(reached.exit).toBe(0);
  expect(effectsOf(reached)).toEqual(new Set(['same']));
  expect(reached.cells.some(({ asked: what }) => what.what === 'published')).toBe(true);
});

test('nat flushed: exit 1', async () => {
  const reached = await asked(undefined, flushed(WHOLE_RULES));
  expect(reached.exit).toBe(1);
  expect(effectsOf(reached)).toContain('outage');
});

test('rules that cannot be read: exit 3, and nothing is said to be lost', async () => {
  const reached = await asked(undefined, WHOLE_RULES, { readVariants: failing('RG_COMMAND') });
  expect(reached.exit).toBe(3);
  expect([...effectsOf(reached)].sort()).toEqual(['same', 'unknown']);
});

test('a target: its ways alone, by name, by network, by port', async () => {
  const { ports } = ENGINE_REPLY.inventory;
  const [port] = ports;
  if (port?.hostPort === undefined) throw new Error('a port is published');
  const byPort = await asked(`:${String(port.hostPort)}`);
  expect(byPort.cells.length).toBeGreaterThan(0);
  for (const { asked: what } of byPort.cells) expect(what).toMatchObject({ hostPort: port.hostPort });
  const byName = await asked(port.container);
  expect(byName.cells.length).toBeGreaterThan(byPort.cells.length);
  const byNetwork = await asked('bridge');
  expect(byNetwork.cells.length).toBeGreaterThanOrEqual(byName.cells.length);
});

test('a mistyped target: exit 2, and the one probably meant', async () => {
  const [port] = ENGINE_REPLY.inventory.ports;
  const typed = `${port?.container ?? ''}x`;
  await expect(asked(typed)).rejects.toMatchObject({
    exit: 2,
    hint: `Did you mean ${port?.container ?? ''}?`,
  });
});

test('an Engine that does not say what exists: its own fault', async () => {
  const fault = new Fault('RG_ENGINE_DOWN', 3, 'the Docker Engine is not running');
  await expect(
    asked(undefined, WHOLE_RULES, { askAnyEngine: () => Promise.resolve({ answered: false, fault }) }),
  ).rejects.toBe(fault);
});

test('sets: read only where a rule asks one', async () => {
  let times = 0;
  const readSets = () => {
    times++;
    return Promise.resolve('');
  };
  await asked(undefined, WHOLE_RULES, { readSets });
  expect(times).toBe(0);
  const asking = '-A DOCKER-USER -m set --match-set banned src -j DROP';
  await asked(undefined, withRule(WHOLE_RULES, 'ipv4', 'filter', asking, 'first'), { readSets });
  expect(times).toBe(1);
});

test('docker-proxy does not listen: the loopback address is not reached', async () => {
  const { cells } = await asked(undefined, WHOLE_RULES, { readListeners: () => Promise.resolve([]) });
  const lost = cells.filter(({ effect }) => effect === 'outage');
  expect(lost).toContainEqual(
    expect.objectContaining({
      asker: { by: 'host' },
      asked: expect.objectContaining({ what: 'published', at: '127.0.0.1' }) as unknown,
    }),
  );
});
