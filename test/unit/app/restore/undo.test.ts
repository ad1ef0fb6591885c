import { describe, expect, test } from 'vitest';
import { BY_BOTH } from '../../../../src/app/observe/open-reference.ts';
import { restore, type RestoreEvent } from '../../../../src/app/restore/restore.ts';
import { undoRestore, type UndoneEvent } from '../../../../src/app/restore/undo.ts';
import { flushed, linesOf, without, withPolicy, withRule } from '../../../support/app/edit-rules.ts';
import {
  memoryHost,
  NO_ENGINE,
  type Circumstances,
  type MemoryHost,
} from '../../../support/app/memory-host.ts';
import { ENGINE, OPTIONS, outcomesOf, STORED, WHOLE } from '../../../support/app/repaired.ts';

const DAMAGED = flushed(without(WHOLE, 'ipv4', 'nat', /--to-destination 172/), 'ipv6');
const OTHERS = '-A FORWARD -s 203.0.113.77/32 -j DROP';

const hostOf = (rules = DAMAGED, circumstances: Circumstances = {}): MemoryHost =>
  memoryHost(rules, ENGINE, { baselines: [STORED], ...circumstances });

async function restored(host: MemoryHost, options: Partial<typeof OPTIONS> | { policies: 'restore' } = {}) {
  const events: RestoreEvent[] = [];
  const result = await restore(host, BY_BOTH, { ...OPTIONS, ...options }, (event) => events.push(event));
  return { result, events };
}

async function undone(host: MemoryHost): Promise<readonly UndoneEvent[]> {
  const events: UndoneEvent[] = [];
  await undoRestore(host, true, (event) => events.push(event));
  return events;
}

describe('restore', () => {
  test('repairs under the lock, says what it does, and drops the flows of UDP ports that were lost', async () => {
    const host = hostOf();
    const { result, events } = await restored(host);
    expect(result).toMatchObject({ exit: 0, applies: 1, journal: ['1'], leftOut: [], unexplained: [] });
    expect(result.repaired).toBeGreaterThan(10);
    expect(events.map((event) => (event.kind === 'step' ? event.step : event.kind))).toEqual([
      'reading',
      'repairing',
    ]);
    expect(host.done[0]).toBe('lock');
    expect(host.done.slice(-2)).toEqual(['flows', 'unlock']);
  });

  test('leaves a policy, which is not repaired then: exit 1', async () => {
    const host = hostOf(withPolicy(WHOLE, 'ipv4', 'ACCEPT'));
    const { result } = await restored(host);
    expect(result).toMatchObject({ exit: 1, applies: 0, policies: [{ was: 'DROP', is: 'ACCEPT' }] });
    expect((await restored(host, { policies: 'restore' })).result).toMatchObject({ exit: 0, policies: [] });
  });

  test('without an Engine leaves out what belongs to containers, and says how much: exit 1', async () => {
    const host = hostOf(flushed(WHOLE, 'ipv4', 'nat'));
    host.engine = NO_ENGINE;
    const { result, events } = await restored(host);
    const lines = linesOf(host.rules).filter((line) => line.startsWith('ipv4 nat'));
    expect(lines.some((line) => line.includes('MASQUERADE'))).toBe(true);
    expect(lines.some((line) => line.includes('DNAT'))).toBe(false);
    expect(result).toMatchObject({ exit: 1, rulesOfContainers: 14 });
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'notice',
        notice: expect.objectContaining({ kind: 'engine-unavailable' }) as unknown,
      }),
    );
  });

  test('names the user’s own rules that may let packets through before it writes them', async () => {
    const user = '-A DOCKER-USER -s 198.51.100.0/24 -j ACCEPT';
    const { families } = STORED.baseline;
    const ipv4 = families.ipv4.map((table) => ({
      ...table,
      chains: table.chains.map((chain) =>
        chain.name === 'DOCKER-USER'
          ? { ...chain, rules: [...chain.rules, { text: user, owner: 'shared' as const }] }
          : chain,
      ),
    }));
    const host = memoryHost(without(WHOLE, 'ipv4', 'filter', /^-A DOCKER-USER/), ENGINE);
    await host.baselines.write({ ...STORED.baseline, readInFull: true, families: { ...families, ipv4 } });
    const { events } = await restored(host);
    expect(events).toContainEqual({
      kind: 'openings',
      baseline: '000001',
      rules: [{ family: 'ipv4', rule: user }],
    });
    expect(linesOf(host.rules)).toContain(`ipv4 filter ${user}`);
  });
});

describe('undo', () => {
  test('takes the last restore back, under the lock, and the journal says so of both', async () => {
    const host = hostOf();
    await restored(host);
    expect(await undone(host)).toMatchObject([{ id: '1', unjournaled: undefined }]);
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED));
    expect(outcomesOf(host)).toEqual(['restore undone', 'undo applied']);
    expect(host.entries.get('2')).toMatchObject({ undoes: '1' });
    expect(host.done.at(-1)).toBe('unlock');
  });

  test('takes every apply of that restore back, the last first', async () => {
    let isFirst = true;
    const host = hostOf(DAMAGED, {
      refuses: (family) => {
        const refused = isFirst && family === 'ipv6';
        if (refused) isFirst = false;
        return refused;
      },
    });
    await restored(host);
    expect((await undone(host)).map(({ id }) => id)).toEqual(['2', '1']);
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED));
  });

  test('leaves what others wrote since', async () => {
    const host = hostOf();
    await restored(host);
    host.rules = withRule(host.rules, 'ipv4', 'filter', OTHERS);
    await undone(host);
    expect(linesOf(host.rules)).toEqual(linesOf(withRule(DAMAGED, 'ipv4', 'filter', OTHERS)));
  });

  test('once more takes back the restore before, and then there is none', async () => {
    const host = hostOf();
    await restored(host);
    host.rules = without(host.rules, 'ipv4', 'filter', /^-A DOCKER-BRIDGE/);
    await restored(host);
    await undone(host);
    await undone(host);
    expect(linesOf(host.rules)).toEqual(linesOf(without(DAMAGED, 'ipv4', 'filter', /^-A DOCKER-BRIDGE/)));
    await expect(undone(host)).rejects.toMatchObject({ code: 'RG_PLAN', exit: 1 });
  });

  test('passes over a restore that was refused whole', async () => {
    const host = hostOf();
    await restored(host);
    const entry = host.entries.get('1');
    if (entry === undefined) throw new Error('no entry');
    host.entries.set('2', {
      ...entry,
      outcome: 'failed',
      plan: { ...entry.plan, families: { ipv4: { tables: [] }, ipv6: { tables: [] } } },
    });
    expect(await undone(host)).toMatchObject([{ id: '1' }]);
  });

  test('of one whose end was not written: it said begun, and is taken back all the same', async () => {
    const host = hostOf(DAMAGED, { journal: { end: 'no space left on device' } });
    await restored(host);
    expect(await undone(host)).toMatchObject([{ id: '1', unjournaled: 'no space left on device' }]);
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED));
  });

  test('that iptables refuses says what is left to see', async () => {
    let refuses = false;
    const host = hostOf(DAMAGED, { refuses: () => refuses });
    await restored(host);
    refuses = true;
    await expect(undone(host)).rejects.toMatchObject({
      code: 'RG_NOT_REPAIRED',
      exit: 1,
      details: ['ipv4: line 3 failed'],
    });
    expect(outcomesOf(host)).toEqual(['restore applied', 'undo failed']);
  });
});
