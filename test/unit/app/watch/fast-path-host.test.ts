import { describe, expect, test } from 'vitest';
import { observe } from '../../../../src/app/observe/observe.ts';
import { fastPath, type FastPath, type FastPathParts } from '../../../../src/app/watch/fast/fast-path.ts';
import { residentEngine } from '../../../../src/app/watch/resident-engine.ts';
import { residentRules } from '../../../../src/app/watch/resident-rules.ts';
import { Fault } from '../../../../src/fault.ts';
import type { Reference } from '../../../../src/reconcile/reference.ts';
import { beyond, flushed } from '../../../support/app/edit-rules.ts';
import {
  goneFrom,
  memoryHost,
  type Circumstances,
  type MemoryHost,
} from '../../../support/app/memory-host.ts';
import { BY_ENGINE, ENGINE, WHOLE } from '../../../support/app/repaired.ts';
import { CLOSE, FLUSHED, withTables, type MemoryTables } from '../../../support/app/held-tables.ts';
import { until } from '../../../support/until.ts';

const REFERENCE: Reference = BY_ENGINE;

/** A host in memory that was found whole, and the fast path that has made itself ready for it. */
async function readyHost(
  parts: Partial<FastPathParts> = {},
  circumstances: Circumstances = {},
  tables: MemoryTables = new Map(),
  onArmed: () => void = () => undefined,
): Promise<{ readonly host: MemoryHost; readonly fast: FastPath; readonly forget: () => void }> {
  const host = withTables(memoryHost(WHOLE, ENGINE, circumstances), tables);
  const reference = { ...REFERENCE, declared: circumstances.declared ?? {} };
  const rules = residentRules(host, host.now);
  const engine = residentEngine(host.askEngine, host.now);
  let armed = 0;
  const fast = fastPath(host, {
    ...{ rules, engine, now: host.now },
    accepted: { now: () => Date.now(), readAccepted: () => Promise.resolve([]) },
    held: () => Promise.resolve(undefined),
    arm: () => {
      armed++;
      onArmed();
    },
    ahead: (work) => work(),
    ...parts,
  });
  fast.well(await observe(host, reference), reference);
  await until(() => armed > 0);
  return { host, fast, forget: rules.forget };
}

/** Rules of Docker's that are not there; somebody else's are not brought back. */
const lostOf = ({ rules }: MemoryHost): readonly string[] =>
  beyond(WHOLE, rules).filter((line) => !line.includes('203.0.113.'));

const written = ({ done }: MemoryHost): readonly string[] => done.filter((one) => one.startsWith('write'));

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

test('a change between reading and writing is read before anything is written twice, and what it took is written too', async () => {
  const { host, fast, forget } = await readyHost(
    {},
    {
      afterWriting: (one, time) => {
        if (time !== 1) return;
        one.rules = flushed(one.rules, 'ipv4', 'filter');
        forget();
      },
    },
  );
  host.rules = flushed(WHOLE);
  const done = await fast.repair();
  expect(done?.left).toEqual([]);
  expect(lostOf(host)).toEqual([]);
  expect(beyond(host.rules, WHOLE)).toEqual([]);
});

test('of a writer that is killed in the middle what it had not written is written again', async () => {
  const { host, fast } = await readyHost(
    {},
    {
      beforeWriting: (_, time) => {
        if (time === 2) throw new Fault('RG_COMMAND', 3, 'ip6tables-nft-restore was ended by SIGTERM');
      },
    },
  );
  host.rules = { ipv4: flushed(WHOLE).ipv4, ipv6: flushed(WHOLE, 'ipv6').ipv6 };
  expect(await fast.repair()).toMatchObject({ left: [] });
  expect(lostOf(host)).toEqual([]);
  expect(beyond(host.rules, WHOLE)).toEqual([]);
});

test('where nothing could be written the journal says so, and a look goes on from there', async () => {
  const { host, fast } = await readyHost(
    {},
    {
      beforeWriting: () => {
        throw new Fault('RG_COMMAND', 3, 'iptables-nft-restore was ended by SIGTERM');
      },
    },
  );
  host.rules = flushed(WHOLE);
  expect(await fast.repair()).toBeUndefined();
  expect([...host.entries.values()].map(({ outcome }) => outcome)).toEqual(['failed']);
  expect(host.done.at(-1)).toBe('unlock');
});

test('where it cannot be read again what was written, what was done is told', async () => {
  let isWritten = false;
  const { host, fast } = await readyHost(
    {},
    {
      afterWriting: () => {
        isWritten = true;
      },
      beforeReading: () => {
        if (isWritten) throw new Fault('RG_TIMEOUT', 3, 'iptables-save did nothing for 30 s');
      },
    },
  );
  host.rules = flushed(WHOLE);
  expect(await fast.repair()).toMatchObject({ journal: ['1'], left: ['iptables-save did nothing for 30 s'] });
  expect(lostOf(host)).toEqual([]);
});
