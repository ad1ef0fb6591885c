import { describe, expect, test } from 'vitest';
import { readUnsettled } from '../../../../src/app/rollback/overdue.ts';
import { Fault } from '../../../../src/fault.ts';
import type { PendingState } from '../../../../src/reconcile/pending-state.ts';
import type { Pending } from '../../../../src/host/pending/read.ts';
import { memoryPendingHost, type PendingTroubles } from '../../../support/app/memory-pending-host.ts';
import { waiting } from '../../../support/app/memory-rollback-host.ts';
import { WHOLE } from '../../../support/app/repaired.ts';

/** The deadline of the change is second 100; it reached its state at second 40. */
async function found(
  seconds: number,
  grace: 'with-grace' | 'at-once',
  troubles: PendingTroubles = {},
  state: PendingState = 'waiting',
  changed: Partial<Pending['change']> = {},
) {
  const pending = waiting(WHOLE, state);
  const host = memoryPendingHost([{ ...pending, change: { ...pending.change, ...changed } }], troubles);
  host.seconds = seconds;
  return readUnsettled(host, grace);
}

describe('a change is overdue', () => {
  test('when its time is over: for a command that writes at once, for one that reads three seconds later', async () => {
    expect(await found(99, 'at-once')).toEqual([]);
    expect(await found(100.5, 'at-once')).toMatchObject([{ kind: 'due', atWork: false }]);
    expect(await found(102, 'with-grace')).toEqual([]);
    expect(await found(104, 'with-grace')).toMatchObject([{ kind: 'due', overdue: 4 }]);
  });

  test('not while somebody rolls it back, unless that takes more than five minutes', async () => {
    expect(await found(350, 'with-grace', { atWork: true })).toEqual([]);
    expect(await found(401, 'with-grace', { atWork: true })).toMatchObject([{ kind: 'due', atWork: true }]);
  });

  test('at once when rolling it back failed, however early', async () => {
    expect(await found(50, 'with-grace', { atWork: true }, 'failed')).toMatchObject([{ kind: 'due' }]);
  });

  test('when rolling it back began before its time was over, and did not end', async () => {
    expect(await found(42, 'with-grace', {}, 'rolling-back')).toEqual([]);
    expect(await found(44, 'with-grace', {}, 'rolling-back')).toMatchObject([{ kind: 'due', overdue: -56 }]);
  });

  test.each(['confirmed', 'rolled-back', 'rebooted'] as const)('never when it is %s', async (state) => {
    expect(await found(500, 'at-once', {}, state)).toEqual([]);
  });
});

test('a quarter of an hour later only whoever asks for it may undo what came since', async () => {
  expect(await found(1000, 'at-once')).toMatchObject([{ kind: 'due' }]);
  expect(await found(1001, 'at-once')).toMatchObject([{ kind: 'old' }]);
});

test('in another network namespace it is reported as such, however old', async () => {
  expect(await found(1001, 'at-once', { network: 'net:[2]' })).toMatchObject([{ kind: 'elsewhere' }]);
});

test('after a reboot it names the files of firewall managers that were written since it began', async () => {
  const made = Date.parse('2026-01-01T00:00:00Z');
  const boot = { boot: 'the last' };
  const path = '/etc/ufw/user.rules';
  expect(await found(5, 'at-once', { written: [path, made + 1] }, 'waiting', boot)).toMatchObject([
    { kind: 'rebooted', written: [path] },
  ]);
  expect(await found(5, 'at-once', { written: [path, made - 1] }, 'waiting', boot)).toMatchObject([
    { kind: 'rebooted', written: [] },
  ]);
});

test('a record that cannot be read is reported beside the others', async () => {
  const damaged = new Fault('RG_PENDING', 3, 'not used');
  expect(await found(104, 'at-once', { damaged })).toMatchObject([
    { kind: 'damaged', fault: damaged },
    { kind: 'due' },
  ]);
});
