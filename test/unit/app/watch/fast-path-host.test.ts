import { describe, expect, test } from 'vitest';
import type { FastPathParts } from '../../../../src/app/watch/fast/fast-path.ts';
import { beyond, flushed } from '../../../support/app/edit-rules.ts';
import { CLOSE, FLUSHED, type MemoryTables } from '../../../support/app/held-tables.ts';
import { goneFrom, type MemoryHost } from '../../../support/app/memory-host.ts';
import { ENGINE, WHOLE } from '../../../support/app/repaired.ts';
import { lostOf, readyHost, written } from '../../../support/watch/ready-host.ts';

describe('what is certainly lost', () => {
  test('is written back whole from what was rehearsed while all was well', async () => {
    const { host, fast } = await readyHost();
    host.rules = flushed(WHOLE);
    host.done.length = 0;
    const done = await fast.repair();
    expect(done).toMatchObject({ left: [], journal: ['1'] });
    expect(lostOf(host)).toEqual([]);
    expect(host.done).not.toContain('rehearse');
  });

  test('is back before tables are listed that Docker left behind: no repair depends on them', async () => {
    const lost: number[] = [];
    const { host, fast } = await readyHost({}, { beforeListing: (one) => lost.push(lostOf(one).length) });
    host.rules = flushed(WHOLE);
    lost.length = 0;
    expect(await fast.repair()).toMatchObject({ left: [] });
    expect(lost.filter((count) => count > 0)).toEqual([]);
    expect(lost).not.toEqual([]);
  });

  test('is back ahead of other processes; what the next repair starts is started when others had their turn', async () => {
    const done: string[] = [];
    const ahead: FastPathParts['ahead'] = async (work) => {
      done.push('ahead');
      const outcome = await work();
      done.push('in turn');
      return outcome;
    };
    const arm = () => done.push('armed');
    const { host, fast } = await readyHost({ ahead }, {}, new Map(), arm);
    host.rules = flushed(WHOLE);
    await fast.repair();
    expect(lostOf(host)).toEqual([]);
    expect(done).toEqual(['armed', 'ahead', 'in turn', 'armed']);
  });

  const day = { now: () => Date.parse('2026-06-01') };
  test.each<[string, Partial<FastPathParts>, ((host: MemoryHost) => void)?]>([
    ['a change was announced', { held: () => Promise.resolve('a change was announced') }],
    [
      'something was accepted',
      {
        accepted: {
          ...day,
          readAccepted: () =>
            Promise.resolve([
              {
                ...{ id: 'aa', reason: 'maintenance', by: 'ops', headline: '', covers: ['sha256:1'] },
                ...{ accepted: '2026-05-01T00:00:00.000Z', until: '2026-07-01' },
              },
            ]),
        },
      },
    ],
    ['the Engine says something else by now', {}, (host) => (host.engine = goneFrom(ENGINE, 'settler'))],
    [
      'a baseline was recorded since',
      {},
      (host) => {
        host.stored.push({ id: '000001' } as never);
      },
    ],
  ])('is left to a look where %s', async (_, parts, meanwhile) => {
    const { host, fast } = await readyHost(parts);
    host.rules = flushed(WHOLE);
    meanwhile?.(host);
    expect(await fast.repair()).toBeUndefined();
    expect(written(host)).toEqual([]);
  });
});

describe('while the lock is waited for', () => {
  const waitingWhile = (happens: (host: MemoryHost) => void) =>
    readyHost(
      {},
      {
        beforeLock: async (host) => {
          // A reading that was begun before has ended by then.
          await new Promise((resolve) => setImmediate(resolve));
          happens(host);
        },
      },
    );

  test('what another rulesguard repaired is not written again', async () => {
    const { host, fast } = await waitingWhile((one) => (one.rules = WHOLE));
    host.rules = flushed(WHOLE);
    expect(await fast.repair()).toBeUndefined();
    expect(written(host)).toEqual([]);
  });

  test('what was lost is written back too, though no event has told of it yet', async () => {
    const { host, fast } = await waitingWhile((one) => (one.rules = flushed(one.rules, 'ipv4', 'filter')));
    host.rules = flushed(WHOLE);
    expect(await fast.repair()).toMatchObject({ left: [], journal: ['1'] });
    expect(lostOf(host)).toEqual([]);
    expect(beyond(host.rules, WHOLE)).toEqual([]);
  });

  test('a baseline that was recorded leaves it to a look', async () => {
    const { host, fast } = await waitingWhile((one) => one.stored.push({ id: '000001' } as never));
    host.rules = flushed(WHOLE);
    expect(await fast.repair()).toBeUndefined();
    expect(written(host)).toEqual([]);
  });
});

describe('a declared table', () => {
  const declaring = (tables: MemoryTables) => readyHost({}, { declared: { tables: [CLOSE] } }, tables);

  test.each([
    ['gone', undefined],
    ['flushed', FLUSHED],
  ])('that is %s closes again before a rule of Docker’s opens a port', async (_, left) => {
    const tables: MemoryTables = new Map([[CLOSE.table, CLOSE.text]]);
    const { host, fast } = await declaring(tables);
    host.rules = flushed(WHOLE);
    if (left === undefined) tables.clear();
    else tables.set(CLOSE.table, left);
    host.done.length = 0;
    expect(await fast.repair()).toMatchObject({ left: [], journal: ['1', '2'] });
    expect(written(host)[0]).toBe('write inet close');
    expect(tables.get(CLOSE.table)).toBe(CLOSE.text);
    expect(lostOf(host)).toEqual([]);
    expect(host.entries.get('2')?.continues).toBe('1');
  });

  test('that somebody changed stays, and is named', async () => {
    const tables: MemoryTables = new Map([[CLOSE.table, CLOSE.text]]);
    const { host, fast } = await declaring(tables);
    const changed = CLOSE.text.replace('5432', '5433');
    host.rules = flushed(WHOLE);
    tables.set(CLOSE.table, changed);
    expect((await fast.repair())?.left).toEqual([expect.stringContaining('somebody changed it')]);
    expect(tables.get(CLOSE.table)).toBe(changed);
    expect(lostOf(host)).toEqual([]);
  });

  test('that alone is lost is left to a look: whoever loads it anew deletes it first', async () => {
    const tables: MemoryTables = new Map([[CLOSE.table, CLOSE.text]]);
    const { host, fast } = await declaring(tables);
    tables.clear();
    expect(await fast.repair()).toBeUndefined();
    expect(written(host)).toEqual([]);
  });
});
