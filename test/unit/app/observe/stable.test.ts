import { describe, expect, test } from 'vitest';
import { observe, observeSettled, observeUntilStable } from '../../../../src/app/observe/observe.ts';
import { readSettled } from '../../../../src/app/observe/settled.ts';
import { isDamage } from '../../../../src/reconcile/finding.ts';
import { counted, flushed, linesOf, without } from '../../../support/app/edit-rules.ts';
import { goneFrom, memoryHost, NO_ENGINE, type MemoryHost } from '../../../support/app/memory-host.ts';
import { BY_ALL, BY_ENGINE, ENGINE, WHOLE } from '../../../support/app/repaired.ts';

const WEB = /172\.17\.0\.2\b/;
const LOST = without(WHOLE, 'ipv4', 'nat', WEB);
const asksOf = ({ done }: MemoryHost): number => done.filter((one) => one === 'ask').length;
const damageOf = async (host: MemoryHost, reference = BY_ENGINE) =>
  (await observeUntilStable(host, reference)).findings.filter(isDamage);

/** Another state at every reading. */
const restless = (host: MemoryHost, time: number): void => {
  host.rules = time % 2 === 0 ? LOST : flushed(WHOLE, 'ipv4', 'nat');
};

describe('an observation', () => {
  test('is believed at once where nothing is lost', async () => {
    const host = memoryHost(WHOLE, ENGINE);
    expect(await damageOf(host)).toEqual([]);
    expect(host.now()).toBe(0);
  });

  test('of rules that dockerd is about to write raises no alarm', async () => {
    const host = memoryHost(LOST, ENGINE, { at: { 50: (one) => (one.rules = WHOLE) } });
    expect(await damageOf(host)).toEqual([]);
    expect(host.now()).toBeLessThan(1_000);
  });

  test('of a container that is stopping waits for the Engine to say so', async () => {
    const host = memoryHost(LOST, ENGINE, {
      containersTake: 2_000,
      at: { 1_500: (one) => (one.engine = goneFrom(ENGINE, 'web')) },
    });
    expect(await damageOf(host)).toEqual([]);
    expect(host.done.find((one) => one.startsWith('await'))).toMatch(/^await \w+$/);
  });

  test('that says the same twice is damage, and says what is lost', async () => {
    const host = memoryHost(LOST, ENGINE);
    expect(await damageOf(host)).toMatchObject([{ kind: 'missing', table: 'nat', chain: 'DOCKER' }]);
    expect(host.now()).toBeLessThan(1_000);
  });

  test('that never says the same twice ends within a few seconds with what was seen last', async () => {
    const host = memoryHost(WHOLE, ENGINE, { beforeReading: restless });
    const seen = await observeUntilStable(host, BY_ENGINE);
    expect(seen.findings.some(isDamage)).toBe(true);
    expect(linesOf(seen.live.rules)).toEqual(linesOf(host.rules));
    expect(host.now()).toBeGreaterThan(1_000);
    expect(host.now()).toBeLessThan(5_000);
  });

  test('asks an Engine that did not answer once, however often it reads', async () => {
    const host = memoryHost(LOST, NO_ENGINE, { beforeReading: restless });
    expect(await damageOf(host, BY_ALL)).not.toEqual([]);
    expect(host.now()).toBeGreaterThan(1_000);
    expect(asksOf(host)).toBe(1);
    expect(host.done.filter((one) => one.startsWith('await'))).toEqual([]);
  });

  test('without a baseline, of an Engine that does not answer, is the Engine’s fault', async () => {
    await expect(observe(memoryHost(WHOLE, NO_ENGINE), BY_ENGINE)).rejects.toMatchObject({
      code: 'RG_ENGINE_ABSENT',
    });
  });
});

describe('a reading to be recorded', () => {
  test('is one that the next reading agrees with', async () => {
    const host = memoryHost(flushed(WHOLE), ENGINE, {
      at: { 50: (one) => (one.rules = LOST), 150: (one) => (one.rules = WHOLE) },
    });
    expect(linesOf((await readSettled(host)).rules)).toEqual(linesOf(WHOLE));
    expect(host.now()).toBeLessThan(1_000);
  });

  test('takes counters for no change', async () => {
    const host = memoryHost(WHOLE, ENGINE, {
      beforeReading: (one, time) => (one.rules = counted(one.rules, time)),
    });
    await readSettled(host);
    expect(host.now()).toBeLessThan(1_000);
  });

  test('is given up after fifteen seconds of change, and says so', async () => {
    const host = memoryHost(WHOLE, ENGINE, { beforeReading: restless });
    await expect(readSettled(host)).rejects.toMatchObject({
      code: 'RG_UNSETTLED',
      exit: 3,
      message: expect.stringContaining('still changing after 15 s') as string,
    });
    expect(host.now()).toBeGreaterThanOrEqual(15_000);
    expect(host.now()).toBeLessThan(16_000);
  });

  test('beside the Engine’s requirement: two readings agree, and so do two observations of what is lost', async () => {
    const host = memoryHost(flushed(WHOLE), ENGINE, {
      at: { 50: (one) => (one.rules = LOST), 350: (one) => (one.rules = WHOLE) },
    });
    const seen = await observeSettled(host);
    expect(seen.findings.filter(isDamage)).toMatchObject([{ kind: 'missing' }]);
    const later = memoryHost(LOST, ENGINE, { at: { 150: (one) => (one.rules = WHOLE) } });
    expect((await observeSettled(later)).findings.filter(isDamage)).toEqual([]);
  });
});
