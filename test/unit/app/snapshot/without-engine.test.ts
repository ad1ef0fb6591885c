import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { flushed, without, withPolicy } from '../../../support/app/edit-rules.ts';
import { memoryHost, NO_ENGINE, type MemoryHost } from '../../../support/app/memory-host.ts';
import { ENGINE, STORED, WHOLE } from '../../../support/app/repaired.ts';
import { recordedAs, snapped } from '../../../support/app/snapped.ts';

/** A host that was recorded while the Engine answered, which it does not now. */
async function recordedBefore(): Promise<MemoryHost> {
  const host = memoryHost(WHOLE, ENGINE);
  await snapped(host);
  host.engine = NO_ENGINE;
  return host;
}

describe('a snapshot without an Engine', () => {
  test('is judged by the baseline and the rules, says so, and records the same again', async () => {
    const host = await recordedBefore();
    const before = recordedAs(host, 'docker');
    const { taken, events } = await snapped(host);
    expect(taken).toMatchObject({ verdict: 'recorded', engine: undefined, although: [] });
    expect(events).toContainEqual({
      kind: 'no-engine',
      why: 'there is no Docker Engine here',
      baseline: '000001',
    });
    expect(recordedAs(host, 'docker')).toEqual(before);
  });

  test.each([
    ['a translation', without(WHOLE, 'ipv4', 'nat', /172\.17\.0\.2:80$/), /172\.17\.0\.2:80|port 80/],
    ['a policy', withPolicy(WHOLE, 'ipv4', 'ACCEPT'), /^filter FORWARD: policy: /],
    [
      'a container with all its rules',
      ['raw', 'filter', 'nat'].reduce(
        (rules, table) => without(rules, 'ipv4', table, /172\.24\.0\.2\b/),
        WHOLE,
      ),
      /172\.24\.0\.2/,
    ],
    [
      'a family',
      ['raw', 'filter', 'nat'].reduce((rules, table) => flushed(rules, 'ipv6', table), WHOLE),
      /^ipv6 /,
    ],
  ])('is refused for a loss since the baseline: %s', async (_, rules, reason) => {
    const host = await recordedBefore();
    host.rules = rules;
    const { fault } = await snapped(host);
    expect(fault).toMatchObject({ code: 'RG_DAMAGED' });
    expect(fault?.details.some((line) => reason.test(line))).toBe(true);
    expect(fault?.details.at(-1)).toMatch(/^\(The Engine did not answer/);
    expect(host.stored).toHaveLength(1);
  });

  test('and without a baseline is refused for what the rules contradict among themselves', async () => {
    const host = memoryHost(without(WHOLE, 'ipv4', 'nat', /-s 172\.17\.0\.0.* MASQUERADE/), NO_ENGINE);
    const { fault } = await snapped(host);
    expect(fault?.details).toContainEqual(expect.stringContaining('docker0 has rules, but no MASQUERADE'));
  });

  test('is refused for rules that only the Engine could tell to be Docker’s: the record would lack them', async () => {
    const host = await recordedBefore();
    host.rules = flushed(flushed(WHOLE), 'ipv4', 'filter');
    const { fault } = await snapped(host);
    expect(fault?.details).toContainEqual(
      expect.stringMatching(/^raw PREROUTING: recorded as Docker's, which nobody can tell.* custom0 /),
    );
  });

  test('waits until the rules have settled', async () => {
    const host = memoryHost(flushed(WHOLE), NO_ENGINE, {
      baselines: [STORED],
      at: { 50: (one) => (one.rules = WHOLE) },
    });
    expect((await snapped(host)).taken).toMatchObject({ verdict: 'recorded', although: [] });
  });

  test('does not forget what was accepted: only an Engine can say that it counts again', async () => {
    const host = memoryHost(without(WHOLE, 'ipv4', 'nat', /172\.17\.0\.2:80$/), ENGINE);
    await snapped(host, { force: true });
    host.engine = NO_ENGINE;
    await snapped(host, { force: true });
    expect(host.stored[1]?.baseline.accepted).toEqual(host.stored[0]?.baseline.accepted);
    expect(host.stored[1]?.baseline.accepted).toHaveLength(1);
  });

  test('of a host without a rule of Docker’s says that there is nothing to record', async () => {
    const none = { ipv4: { tables: new Map() }, ipv6: { tables: new Map() } };
    expect((await snapped(memoryHost(none, NO_ENGINE))).fault).toMatchObject({
      code: 'RG_NO_DOCKER_RULES',
      exit: 3,
    });
  });
});

describe('a newest baseline that cannot be used', () => {
  test('is said, and hides nothing that was lost since the one before', async () => {
    const host = await recordedBefore();
    await snapped(host);
    const { open } = host.baselines;
    Object.assign(host.baselines, {
      open: (which?: string) =>
        which === '000002' ? Promise.reject(new Fault('RG_BASELINE', 3, 'it is broken')) : open(which),
    });
    host.rules = withPolicy(WHOLE, 'ipv4', 'ACCEPT');
    const { fault, events } = await snapped(host);
    expect(events).toContainEqual({ kind: 'baseline-unusable', why: 'it is broken' });
    expect(fault?.details).toContainEqual(expect.stringMatching(/^filter FORWARD: policy: /));
    host.rules = WHOLE;
    await snapped(host, { force: true });
    expect(host.stored[2]?.baseline.previous).toBeNull();
  });
});
