import { describe, expect, test } from 'vitest';
import type { EngineReply } from '../../../../src/docker/engine-reply.ts';
import { beyond, linesOf, without, withRule } from '../../../support/app/edit-rules.ts';
import { goneFrom, type MemoryHost } from '../../../support/app/memory-host.ts';
import { recordedHost } from '../../../support/recorded/observation.ts';
import { BY_ALL, ENGINE, outcomesOf, repaired, WHOLE } from '../../../support/app/repaired.ts';

/** A host after dockerd has taken away what it had written for a container. */
const removed = (rules: typeof WHOLE, address: RegExp): typeof WHOLE =>
  ['raw', 'filter', 'nat'].reduce((left, table) => without(left, 'ipv4', table, address), rules);

const SETTLER = /172\.24\.0\.2\b/;
const WEB = /172\.17\.0\.2\b/;

describe('rules of a container that is gone', () => {
  test('do not come back from the baseline, whatever else does', async () => {
    const whole = removed(WHOLE, SETTLER);
    const { host, result } = await repaired(
      without(whole, 'ipv4', 'nat', /-j DNAT --to-destination 172/),
      {},
      { reference: BY_ALL, engine: goneFrom(ENGINE, 'settler') },
    );
    expect(linesOf(host.rules)).toEqual(linesOf(whole));
    expect(result?.plans[0]?.leftOut.filter(({ rule }) => SETTLER.test(rule))).toHaveLength(3);
  });

  test('are left where they are while they misroute nothing', async () => {
    const { host } = await repaired(
      without(WHOLE, 'ipv4', 'nat', /MASQUERADE/),
      {},
      { engine: goneFrom(ENGINE, 'settler') },
    );
    expect(linesOf(host.rules).filter((line) => SETTLER.test(line))).toHaveLength(3);
  });

  test('are taken out again when it stopped after they were written, and nothing else is', async () => {
    const { host } = await repaired(without(WHOLE, 'ipv4', 'nat', /--to-destination 172/), {
      afterWriting: (one, time) => {
        if (time > 1) return;
        one.engine = goneFrom(ENGINE, 'web');
        one.rules = ['raw', 'filter'].reduce((left, table) => without(left, 'ipv4', table, WEB), one.rules);
      },
    });
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(removed(WHOLE, WEB)).toSorted());
    expect(outcomesOf(host)).toEqual(['restore applied', 'restore applied']);
    expect(host.entries.get('2')).toMatchObject({ continues: '1' });
  });
});

test('the masquerading of a container’s own address is taken out again, though nothing left of the container shows whose it is', async () => {
  const { live, reply } = recordedHost('engine-26.1');
  const OWN = /-s 172\.17\.0\.2\/32 -d 172\.17\.0\.2\/32 .*MASQUERADE/;
  const { host } = await repaired(
    without(live.rules, 'ipv4', 'nat', OWN),
    {
      afterWriting: (one, time) => {
        if (time > 1) return;
        one.engine = goneFrom(reply, 'web');
        const left = without(one.rules, 'ipv4', 'filter', WEB);
        one.rules = without(left, 'ipv4', 'nat', /172\.17\.0\.2:/);
        expect(linesOf(one.rules).filter((line) => OWN.test(line))).not.toEqual([]);
      },
    },
    { engine: reply },
  );
  const gone = ['filter', 'nat'].reduce((left, table) => without(left, 'ipv4', table, WEB), live.rules);
  expect(linesOf(host.rules).toSorted()).toEqual(linesOf(gone).toSorted());
});

describe('a translation that takes the port of another container', () => {
  const LEFTOVER = '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.9:80';
  const DIVERTED = withRule(WHOLE, 'ipv4', 'nat', LEFTOVER, 'first');

  test('is taken out, once the Engine has been given time to say whose it is', async () => {
    const { host } = await repaired(DIVERTED, { idle: ['starting'] });
    expect(linesOf(host.rules)).toEqual(linesOf(WHOLE));
    const { done } = host;
    const awaited = done.findIndex((one) => one.startsWith('await') && one.includes('starting'));
    expect(awaited).toBeGreaterThan(-1);
    expect(done.indexOf('ask', awaited)).toBeLessThan(done.indexOf('write ipv4 nat'));
    expect(awaited).toBeLessThan(done.indexOf('write ipv4 nat'));
  });

  test('stays when a container that starts turns out to own it', async () => {
    const { host } = await repaired(DIVERTED, {
      containersTake: 800,
      at: { 500: (one) => (one.engine = movedTo('172.17.0.9')) },
    });
    const lines = linesOf(host.rules);
    expect(lines).toContain(`ipv4 nat ${LEFTOVER}`);
    const steps = [...host.entries.values()].flatMap(({ plan }) =>
      plan.families.ipv4.tables.flatMap((table) => table.steps),
    );
    expect(steps.some((step) => step.op === 'delete' && step.rule.text === LEFTOVER)).toBe(false);
    expect(beyond(host.rules, DIVERTED).filter((line) => !line.includes('172.17.0.9'))).toEqual([]);
  });

  test('is left to whoever brings it back each time, with nobody’s rule touched', async () => {
    const { host, result } = await repaired(DIVERTED, {
      afterWriting: (one) => (one.rules = withRule(one.rules, 'ipv4', 'nat', LEFTOVER, 'first')),
    });
    expect(result?.left).toMatchObject([
      { rule: LEFTOVER, reason: expect.stringContaining('10 times') as string },
    ]);
    expect(beyond(WHOLE, host.rules)).toEqual([]);
  });
});

/** The Engine's reply after `web` was started again with another address. */
function movedTo(ipv4: string): EngineReply {
  if (!ENGINE.answered) throw new Error('no answer');
  const { inventory } = ENGINE;
  const moved = <One extends { readonly container: string; readonly ipv4: string }>(one: One): One =>
    one.container === 'web' ? { ...one, ipv4 } : one;
  return {
    ...ENGINE,
    inventory: {
      ...inventory,
      endpoints: inventory.endpoints.map(moved),
      ports: inventory.ports.map((port) => ({ ...port, endpoint: port.endpoint && moved(port.endpoint) })),
    },
  };
}

test('a container that is being stopped while its rules are written is waited for, and keeps none of them', async () => {
  // The Engine lists it as running for one and a half seconds; its rules go one by one.
  const stopping = (one: MemoryHost): void => {
    one.engine = goneFrom(ENGINE, 'web');
    one.rules = ['raw', 'filter'].reduce((left, table) => without(left, 'ipv4', table, WEB), one.rules);
  };
  const lost = without(WHOLE, 'ipv4', 'nat', WEB);
  const { host } = await repaired(lost, { containersTake: 1_500, at: { 1_000: stopping } });
  expect(linesOf(host.rules)).toEqual(linesOf(removed(WHOLE, WEB)));
});
