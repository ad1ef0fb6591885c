import { expect, test } from 'vitest';
import { reach, type Reached } from '../../../src/app/reach/reach.ts';
import { Fault } from '../../../src/fault.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { standingIn } from '../../../src/reach/judge/standing.ts';
import { flushed, withRule } from '../../support/app/edit-rules.ts';
import { failing } from '../../support/app/diagnosed.ts';
import { BASELINE, ENGINE_REPLY, WHOLE_RULES } from '../../support/app/memory-diagnosis-host.ts';
import { memoryReachHost } from '../../support/app/memory-reach-host.ts';

/** Asks a host in memory who reaches what. */
const asked = (
  target?: string,
  rules: HostRules = WHOLE_RULES,
  changes: Parameters<typeof memoryReachHost>[1] = {},
): Promise<Reached> => reach(memoryReachHost(rules, changes), { target }, () => undefined);

const effectsOf = ({ cells }: Reached): ReadonlySet<string> => new Set(cells.map(({ effect }) => effect));
const causesOf = ({ cells }: Reached): ReadonlySet<string> =>
  new Set(cells.flatMap(({ cause }) => cause ?? []));

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

const CLOSING = '-A DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP';
const CLOSED = withRule(WHOLE_RULES, 'ipv4', 'filter', CLOSING, 'first');

test('a rule of the operator closes a port: his, exit 0, and 1 for who asks about that very port', async () => {
  const reached = await asked(undefined, CLOSED);
  expect(reached.exit).toBe(0);
  expect([...effectsOf(reached)].sort()).toEqual(['operator', 'same']);
  const [own] = reached.cells.filter(({ effect }) => effect === 'operator');
  expect(own).toMatchObject({ cause: 'operator', differs: 'outage', decider: { by: 'rule' } });
  expect((await asked('web', CLOSED)).exit).toBe(1);
});

/** As {@link asked}, once what decides before Docker's rules was recorded. */
async function askedOnceRecorded(target: string | undefined, rules: HostRules): Promise<Reached> {
  const stood = standingIn((await asked(undefined, rules)).cells);
  const stored = { ...BASELINE, baseline: { ...BASELINE.baseline, stood } };
  return asked(target, rules, {
    baselines: { open: () => Promise.resolve(stored), readDeclared: () => Promise.resolve({}) },
  });
}

test('a recorded rule that only traffic decides: no fault of the host, and cannot be told to who asks', async () => {
  const rule = '-A DOCKER-USER -i eth0 -m recent --name x --rcheck -j DROP';
  const rules = withRule(WHOLE_RULES, 'ipv4', 'filter', rule, 'first');
  expect((await asked(undefined, rules)).exit).toBe(3);
  expect((await askedOnceRecorded(undefined, rules)).exit).toBe(0);
  expect((await askedOnceRecorded('web', rules)).exit).toBe(3);
});

test("a rule of somebody else's before Docker's: overridden; once it is recorded: the operator's", async () => {
  const rule = '-A FORWARD -p tcp -m tcp --dport 80 -j DROP';
  const rules = withRule(WHOLE_RULES, 'ipv4', 'filter', rule, 'first');
  const reached = await asked(undefined, rules);
  expect(reached.exit).toBe(1);
  expect(causesOf(reached)).toEqual(new Set(['overridden']));
  const recorded = await askedOnceRecorded(undefined, rules);
  expect(recorded.exit).toBe(0);
  expect(causesOf(recorded)).toEqual(new Set(['operator']));
});

test("Docker's rules flushed: lost", async () => {
  expect(causesOf(await asked(undefined, flushed(WHOLE_RULES)))).toEqual(new Set(['lost']));
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
