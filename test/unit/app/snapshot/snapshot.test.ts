import { describe, expect, test } from 'vitest';
import { counted, flushed, linesOf, without, withPolicy, withRule } from '../../../support/app/edit-rules.ts';
import { makeRule } from '../../../../src/firewall/iptables/text/model.ts';
import { goneFrom, memoryHost, type MemoryHost } from '../../../support/app/memory-host.ts';
import { ENGINE, outcomesOf, WHOLE } from '../../../support/app/repaired.ts';
import { recordedAs, snapped } from '../../../support/app/snapped.ts';

const LOST = without(WHOLE, 'ipv4', 'nat', /172\.17\.0\.2:80$/);
const SETTLER = /172\.24\.0\.2\b/;

const hostOf = (rules = WHOLE): MemoryHost => memoryHost(rules, ENGINE);

describe('a snapshot of a host where all is well', () => {
  test('records Docker’s rules, with those of others only as neighbours, and what the Engine said', async () => {
    const host = hostOf();
    const { taken } = await snapped(host);
    const dockers = linesOf(WHOLE).filter((line) => !line.includes('203.0.113.'));
    expect(taken).toMatchObject({ verdict: 'recorded', id: '000001', rules: dockers.length, although: [] });
    expect(recordedAs(host, 'docker').toSorted()).toEqual(dockers.toSorted());
    expect(recordedAs(host, 'shared')).toEqual(['ipv4 filter -A DOCKER-USER -s 203.0.113.9/32 -j DROP']);
    expect(host.stored[0]?.baseline).toMatchObject({
      variant: 'nft',
      iptables: '1.8.13',
      previous: null,
      readInFull: true,
      engine: { version: expect.stringMatching(/^29\./) as string },
    });
    expect(host.rules).toBe(WHOLE);
    expect([host.done[0], host.done.at(-1)]).toEqual(['lock', 'unlock']);
  });

  test('names the baseline before it by its digest', async () => {
    const host = hostOf();
    await snapped(host);
    await snapped(host);
    expect(host.stored[1]?.baseline.previous).toBe(host.stored[0]?.digest);
  });

  test('waits until the rules have settled', async () => {
    const host = memoryHost(flushed(WHOLE), ENGINE, { at: { 50: (one) => (one.rules = WHOLE) } });
    expect((await snapped(host)).taken).toMatchObject({ verdict: 'recorded', although: [] });
  });

  test('waits for what somebody else is loading, though nothing is lost', async () => {
    const second = '-A DOCKER-USER -s 203.0.113.77/32 -j DROP';
    const host = memoryHost(WHOLE, ENGINE, {
      at: { 50: (one) => (one.rules = withRule(WHOLE, 'ipv4', 'filter', second)) },
    });
    await snapped(host);
    expect(recordedAs(host, 'shared')).toContain(`ipv4 filter ${second}`);
  });

  test('keeps as many as it is told, the newest', async () => {
    const host = hostOf();
    for (let i = 0; i < 3; i++) await snapped(host, { keep: 2 });
    expect(host.stored).toHaveLength(2);
    expect(host.stored[1]?.baseline.previous).toBe(host.stored[0]?.digest);
  });

  test('leaves out leftovers of a container that is gone: they must not come back', async () => {
    const host = memoryHost(WHOLE, goneFrom(ENGINE, 'settler'));
    await snapped(host);
    expect(recordedAs(host, 'docker').filter((line) => SETTLER.test(line))).toEqual([]);
    expect(recordedAs(host, 'docker').some((line) => line.includes('172.17.0.2'))).toBe(true);
  });
});

describe('a snapshot if something changed', () => {
  const ifChanged = { ifChanged: true };

  test('writes nothing where only packets were counted', async () => {
    const host = hostOf();
    await snapped(host);
    host.rules = counted(WHOLE, 9);
    expect((await snapped(host, ifChanged)).taken).toEqual({ verdict: 'unchanged', id: '000001' });
    expect(host.stored).toHaveLength(1);
  });

  test.each([
    ['a rule of the user’s', withRule(WHOLE, 'ipv4', 'filter', '-A DOCKER-USER -s 203.0.113.77/32 -j DROP')],
    ['a policy, closed', withPolicy(WHOLE, 'ipv6', 'DROP')],
  ])('records %s', async (_, rules) => {
    const host = hostOf(withPolicy(WHOLE, 'ipv6', 'ACCEPT'));
    await snapped(host);
    host.rules = rules;
    await snapped(host, { ...ifChanged, force: true });
    expect(host.stored).toHaveLength(2);
  });

  test('records where the newest baseline was not made here', async () => {
    const host = hostOf();
    await snapped(host);
    const [made] = host.stored;
    if (made === undefined) throw new Error('no baseline');
    host.stored[0] = { ...made, own: false };
    expect((await snapped(host, ifChanged)).taken).toMatchObject({ verdict: 'recorded' });
  });
});

describe('a snapshot of a damaged host', () => {
  test('is refused with each reason, and writes nothing', async () => {
    const host = hostOf(LOST);
    const { fault } = await snapped(host);
    expect(fault).toMatchObject({ code: 'RG_DAMAGED', exit: 1 });
    expect(fault?.details).toEqual([expect.stringMatching(/^nat DOCKER: missing: .*172\.17\.0\.2:80$/)]);
    expect(fault?.hint).toMatch(/--repair-first.*--force/);
    expect(host.stored).toEqual([]);
    expect(host.rules).toBe(LOST);
  });

  test('that lost much is refused with counts and the worst; all of it on demand, and for programs', async () => {
    const host = hostOf(flushed(flushed(WHOLE), 'ipv4', 'filter'));
    const { fault } = await snapped(host);
    expect(fault?.summary[0]).toMatch(/^\d+ exposures, \d+ outages/);
    expect(fault?.summary).toHaveLength(7);
    expect(fault?.details.length).toBeGreaterThan(60);
    expect((await snapped(host, { all: true })).fault?.summary).toEqual(fault?.details);
  });

  test('is recorded with force, which takes each loss for meant: it is not asked for again', async () => {
    const host = hostOf(LOST);
    const { taken } = await snapped(host, { force: true });
    expect(taken).toMatchObject({
      verdict: 'recorded',
      although: [{ severity: 'outage', text: expect.stringContaining('172.17.0.2:80') as string }],
    });
    expect(host.stored[0]?.baseline.accepted).toHaveLength(1);
    expect((await snapped(host, { ifChanged: true })).taken).toMatchObject({ verdict: 'unchanged' });
    expect(taken).not.toHaveProperty('asIn');
    expect((await snapped(host)).taken).toMatchObject({ although: [], asIn: { id: '000001', missing: 1 } });
    host.rules = without(LOST, 'ipv4', 'nat', /172\.18\.0\.2:80$/);
    expect((await snapped(host)).fault?.details).toEqual([expect.stringContaining('172.18.0.2:80')]);
  });

  test('is repaired first where that is asked for, then recorded, under one lock', async () => {
    const host = hostOf(LOST);
    const { taken, events } = await snapped(host, { repairFirst: true });
    expect(taken).toMatchObject({ verdict: 'recorded', although: [] });
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'repaired',
        result: expect.objectContaining({ repaired: 1 }) as unknown,
      }),
    );
    expect(outcomesOf(host)).toEqual(['restore applied']);
    expect(host.done.filter((one) => one === 'lock')).toHaveLength(1);
  });

  test('that lost a declared rule alone is repaired first too', async () => {
    const rule = makeRule('-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 5432 -j DROP');
    const declared = { ipv4: { rules: [rule], closesForward: false } };
    const host = memoryHost(WHOLE, ENGINE, { declared });
    const { taken } = await snapped(host, { repairFirst: true });
    expect(taken).toMatchObject({ verdict: 'recorded', although: [] });
    expect(linesOf(host.rules)).toContain(`ipv4 filter ${rule.text}`);
  });

  test('is repaired first, and refused all the same for what restore leaves: a policy', async () => {
    const host = hostOf();
    await snapped(host);
    host.rules = withPolicy(LOST, 'ipv4', 'ACCEPT');
    const { fault } = await snapped(host, { repairFirst: true });
    expect(fault?.details).toEqual([expect.stringMatching(/^filter FORWARD: policy: /)]);
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(host.stored).toHaveLength(1);
  });

  test('with nothing left is refused, because the Engine requires rules', async () => {
    const host = memoryHost(WHOLE, ENGINE);
    host.rules = { ipv4: { tables: new Map() }, ipv6: { tables: new Map() } };
    expect((await snapped(host)).fault).toMatchObject({ code: 'RG_DAMAGED' });
  });
});
