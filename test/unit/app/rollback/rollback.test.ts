import { describe, expect, test } from 'vitest';
import { rollBack } from '../../../../src/app/rollback/rollback.ts';
import { Fault } from '../../../../src/fault.ts';
import type { HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import { flushed, linesOf, without, withRule } from '../../../support/app/edit-rules.ts';
import { goneFrom, NO_ENGINE } from '../../../support/app/memory-host.ts';
import {
  memoryRollbackHost,
  waiting,
  type MemoryRollbackHost,
  type RollbackTroubles,
} from '../../../support/app/memory-rollback-host.ts';
import { ENGINE, STORED, WHOLE } from '../../../support/app/repaired.ts';

const ID = '000001-20260101T000000Z';
const WEB = /172\.17\.0\.2\b/;
const LOST = without(WHOLE, 'ipv4', 'nat', WEB);

const hostOf = (troubles: RollbackTroubles = {}, saved: HostRules = WHOLE): MemoryRollbackHost =>
  memoryRollbackHost(waiting(saved), ENGINE, troubles);
const loadedInto = (host: MemoryRollbackHost) => linesOf(host.loaded.get('nft') ?? flushed(WHOLE)).toSorted();

describe('rolling back a change', () => {
  test('loads what was in force before it: sets, rules, nftables’ tables, under the lock, and says so', async () => {
    const host = hostOf();
    expect(await rollBack(ID, host)).toMatchObject({ outcome: 'rolled-back' });
    expect(loadedInto(host)).toEqual(linesOf(WHOLE).toSorted());
    expect(host.done).toEqual([
      ...['lock', 'rolling-back', 'sets', 'nft', 'native', 'rolled-back'],
      "warning: rolled back an unconfirmed firewall change: ufw enable (Docker's part is as the Engine requires now)",
      'unlock',
    ]);
    expect(host.pending).toMatchObject({
      state: 'rolled-back',
      change: { says: "Docker's part is as the Engine requires now" },
    });
  });

  test('gives Docker what the Engine requires now: not what a container had that is gone', async () => {
    const host = hostOf();
    host.engine = goneFrom(ENGINE, 'web');
    await rollBack(ID, host);
    expect(loadedInto(host)).toEqual(
      linesOf(WHOLE)
        .filter((line) => !WEB.test(line))
        .toSorted(),
    );
  });

  test('gives Docker what was lost before the change too', async () => {
    const host = hostOf({}, LOST);
    await rollBack(ID, host);
    expect(loadedInto(host)).toEqual(linesOf(WHOLE).toSorted());
  });

  test('without an Engine loads what was in force, as it was, and says why', async () => {
    const host = hostOf({ stored: STORED }, LOST);
    host.engine = NO_ENGINE;
    expect(await rollBack(ID, host)).toMatchObject({
      outcome: 'rolled-back',
      pending: { change: { says: 'as recorded: there is no Docker Engine here' } },
    });
    expect(loadedInto(host)).toEqual(linesOf(LOST).toSorted());
  });

  test('empties a legacy variant that came to hold rules since, and leaves one alone that holds none', async () => {
    const host = hostOf({ legacyTables: true });
    await rollBack(ID, host);
    expect(host.loaded.get('legacy')?.ipv4.tables.size).toBe(0);
    const other = hostOf();
    await rollBack(ID, other);
    expect(other.loaded.has('legacy')).toBe(false);
  });
});

describe('a rollback that does not succeed at once', () => {
  test('is tried again when a container started meanwhile, which then keeps its rules', async () => {
    const host = hostOf({
      whileLoading: (one, time) => {
        if (time === 1) one.engine = goneFrom(ENGINE, 'web');
      },
    });
    expect(await rollBack(ID, host)).toMatchObject({ outcome: 'rolled-back' });
    expect(loadedInto(host)).toEqual(
      linesOf(WHOLE)
        .filter((line) => !WEB.test(line))
        .toSorted(),
    );
  });

  test('is tried for most of a minute, and cannot be confirmed from its first try on', async () => {
    const host = hostOf({
      whileLoading: (one) => {
        expect(one.pending?.state).toBe('rolling-back');
        if (one.now < 30_000) throw new Error('line 3 failed');
      },
    });
    expect(await rollBack(ID, host)).toMatchObject({ outcome: 'rolled-back' });
  });

  test('is given up within a minute, marked as failed, and the system log says why', async () => {
    const host = hostOf({
      whileLoading: () => {
        throw new Error('line 3 failed');
      },
    });
    expect(await rollBack(ID, host)).toMatchObject({
      outcome: 'failed',
      pending: { state: 'failed', change: { says: 'line 3 failed' } },
    });
    expect(host.now).toBeLessThan(60_000);
    expect(host.done).toContain(
      'err: FAILED to roll back an unconfirmed firewall change: ufw enable (line 3 failed)',
    );
    // It can be tried again later.
    const later = memoryRollbackHost(host.pending, ENGINE);
    expect(await rollBack(ID, later)).toMatchObject({ outcome: 'rolled-back' });
  });

  test('waits for nobody when it is to be tried once', async () => {
    const host = hostOf({
      whileLoading: () => {
        throw new Error('line 3 failed');
      },
    });
    await rollBack(ID, host, { tries: 1 });
    expect(host.now).toBe(0);
  });

  test.each([
    ['neither renames nor marks the record', { unmovable: true }],
    ['takes not one byte more', { diskFull: true }],
  ])('succeeds on a disk that %s', async (_, troubles) => {
    const host = hostOf(troubles);
    expect(await rollBack(ID, host)).toMatchObject({ outcome: 'rolled-back' });
    expect(loadedInto(host)).toEqual(linesOf(WHOLE).toSorted());
  });
});

describe('there is nothing to roll back', () => {
  const untouched = async (host: MemoryRollbackHost, again = false) => {
    expect(await rollBack(ID, host, { again })).toMatchObject({ outcome: 'nothing' });
    expect(host.loaded.size).toBe(0);
  };

  test.each(['confirmed', 'rolled-back', 'rebooted'] as const)('when it is %s', async (state) => {
    await untouched(memoryRollbackHost(waiting(WHOLE, state), ENGINE));
  });

  test('when there is no such change', async () => {
    await untouched(memoryRollbackHost(undefined, ENGINE));
  });

  test('when the host was booted since, which began without rules', async () => {
    await untouched(hostOf({ rebooted: true }));
  });

  test('when somebody confirms it at that moment', async () => {
    await untouched(hostOf({ settledBy: 'confirmed' }));
  });

  test('unless it was rolled back before its command had ended: then once more', async () => {
    const host = memoryRollbackHost(
      waiting(withRule(WHOLE, 'ipv4', 'filter', '-A FORWARD -j DROP'), 'rolled-back'),
      ENGINE,
    );
    expect(await rollBack(ID, host, { again: true })).toMatchObject({ outcome: 'rolled-back' });
    await untouched(memoryRollbackHost(waiting(WHOLE, 'confirmed'), ENGINE), true);
  });
});

test('a change of another network namespace is rolled back there alone, and says how', async () => {
  const host = hostOf({ elsewhere: true });
  await expect(rollBack(ID, host)).rejects.toMatchObject({
    code: 'RG_PENDING',
    hint: expect.stringContaining('nsenter') as string,
  });
  expect(host.loaded.size).toBe(0);
});

test('a record that is not to be trusted ends it at once', async () => {
  const host = hostOf();
  const unsafe = new Fault('RG_UNSAFE_FILE', 3, 'others may write it');
  Object.assign(host, { readPending: () => Promise.reject(unsafe) });
  await expect(rollBack(ID, host)).rejects.toBe(unsafe);
  expect(host.now).toBe(0);
});
