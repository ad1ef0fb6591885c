import { describe, expect, test } from 'vitest';
import { awaitSettled } from '../../../../src/app/rollback/await-settled.ts';
import { arm, confirmPending, giveTime } from '../../../../src/app/rollback/pending.ts';
import { rollBackNow, rollBackWhenDue } from '../../../../src/app/rollback/roll-back-now.ts';
import type { RolledBack } from '../../../../src/app/rollback/rollback.ts';
import { Fault } from '../../../../src/fault.ts';
import { memoryPendingHost, type MemoryPendingHost } from '../../../support/app/memory-pending-host.ts';

/** A host on which a change was armed at second 40, to be confirmed within 60 s. */
async function armed(host = memoryPendingHost()) {
  const pending = await arm(60, 'ufw enable', host);
  return { host, pending };
}

/** Rolls back by marking it alone, and notes when. */
const rolling = (host: MemoryPendingHost) => {
  const at: number[] = [];
  const rollBack = async (id: string): Promise<RolledBack> => {
    at.push(host.seconds);
    const pending = await host.readPending(id);
    if (pending === undefined) return { outcome: 'nothing', pending };
    await host.moveTo(pending, 'rolled-back');
    return { outcome: 'rolled-back', pending };
  };
  return { at, rollBack };
};

describe('arming', () => {
  test('records what is in force, then starts the timer, all under the lock', async () => {
    const { host, pending } = await armed();
    expect(host.done).toEqual(['lock', 'save', 'record', 'timer', 'unlock']);
    expect(host.timers).toEqual(new Set([pending.id]));
    expect(pending.change).toMatchObject({ deadline: 100, until: '2026-01-01T00:01:40.000Z', seconds: 60 });
  });

  test('leaves no record behind when the timer cannot be started', async () => {
    const host = memoryPendingHost([], { noTimer: true });
    await expect(arm(60, 'ufw enable', host)).rejects.toThrow('the timer could not be started');
    expect(host.records.size).toBe(0);
  });

  test('is refused while another change waits, and names it', async () => {
    const { host, pending } = await armed();
    await expect(arm(60, 'nft flush ruleset', host)).rejects.toMatchObject({
      code: 'RG_PENDING',
      exit: 1,
      hint: expect.stringContaining(`rulesguard confirm ${pending.id}`) as string,
    });
    expect(host.records.size).toBe(1);
  });

  test('is refused while a record cannot be read: it may wait to be rolled back', async () => {
    const damaged = new Fault('RG_PENDING', 3, 'not used');
    await expect(arm(60, 'x', memoryPendingHost([], { damaged }))).rejects.toBe(damaged);
  });

  test('is not kept from it by a change that a reboot ended', async () => {
    const { host, pending } = await armed();
    host.records.set(pending.id, { ...pending, change: { ...pending.change, boot: 'the last' } });
    await arm(60, 'nft flush ruleset', host);
    expect(host.records.get(pending.id)?.state).toBe('rebooted');
  });
});

describe('the time to confirm', () => {
  test('counts again once the command has ended', async () => {
    const { host, pending } = await armed();
    host.seconds = 70;
    expect(await giveTime(pending, host)).toMatchObject({
      pending: { change: { deadline: 130 } },
      extended: true,
    });
    expect(host.records.get(pending.id)?.change.deadline).toBe(130);
  });

  test('is not given again once it was over', async () => {
    const { host, pending } = await armed();
    host.seconds = 100;
    await giveTime(pending, host);
    expect(host.records.get(pending.id)?.change.deadline).toBe(100);
  });

  test('counts from before the command where the disk is full, and that is said', async () => {
    const { host, pending } = await armed();
    const full = memoryPendingHost([...host.records.values()], { diskFull: true });
    full.seconds = 70;
    expect(await giveTime(pending, full)).toEqual({ pending, extended: false });
  });
});

describe('confirming', () => {
  test('keeps the change and stops its timer', async () => {
    const { host, pending } = await armed();
    await confirmPending(undefined, host);
    expect(host.records.get(pending.id)?.state).toBe('confirmed');
    expect(host.timers.size).toBe(0);
  });

  test('without an id is refused to another login, which may name it', async () => {
    const { host, pending } = await armed();
    const other = memoryPendingHost([...host.records.values()], { session: 8 });
    await expect(confirmPending(undefined, other)).rejects.toThrow('started by another login');
    await confirmPending(pending.id, other);
    expect(other.records.get(pending.id)?.state).toBe('confirmed');
  });

  test('is too late once rolling back began, and says since when', async () => {
    const { host, pending } = await armed();
    host.seconds = 101;
    await host.moveTo(pending, 'rolling-back');
    await expect(confirmPending(pending.id, host)).rejects.toThrow(
      'too late: rolling it back began at 2026-01-01T00:01:41.000Z',
    );
    expect(host.timers).toEqual(new Set([pending.id]));
  });

  test('is too late after a reboot', async () => {
    const { host, pending } = await armed();
    host.records.set(pending.id, { ...pending, change: { ...pending.change, boot: 'the last' } });
    await expect(confirmPending(pending.id, host)).rejects.toThrow('a reboot ended it');
  });

  test('of an id that does not exist lists those that wait', async () => {
    const { host, pending } = await armed();
    await expect(confirmPending('000009', host)).rejects.toMatchObject({
      message: 'there is no change 000009',
      details: [expect.stringContaining(pending.id)],
    });
  });
});

describe('waiting', () => {
  test('of the timer ends at the deadline, also at one put off meanwhile', async () => {
    const { host, pending } = await armed();
    const { at, rollBack } = rolling(host);
    const { sleep } = host;
    const sleepThenPutOff = async (milliseconds: number): Promise<void> => {
      await sleep(milliseconds);
      if (host.seconds === 70) await giveTime(pending, host);
    };
    await rollBackWhenDue(pending.id, { ...host, sleep: sleepThenPutOff }, rollBack);
    expect(at).toEqual([130]);
  });

  test('of the terminal leaves the timer ten seconds, and then does its work', async () => {
    const { host, pending } = await armed();
    const { at, rollBack } = rolling(host);
    expect(await awaitSettled(pending.id, host, rollBack, new AbortController().signal)).toBe('rolled-back');
    expect(at).toHaveLength(1);
    expect(at[0]).toBeGreaterThan(110);
    expect(at[0]).toBeLessThan(111);
  });

  test('of the terminal ends when somebody else confirms', async () => {
    const { host, pending } = await armed();
    await host.moveTo(pending, 'confirmed');
    const { at, rollBack } = rolling(host);
    expect(await awaitSettled(pending.id, host, rollBack, new AbortController().signal)).toBe('confirmed');
    expect(at).toEqual([]);
  });
});

describe('rolling back on demand', () => {
  test('takes the only one that is open', async () => {
    const { host } = await armed();
    const { at, rollBack } = rolling(host);
    expect(await rollBackNow(undefined, host, rollBack)).toMatchObject({
      forgotten: [],
      result: { outcome: 'rolled-back' },
    });
    expect(at).toEqual([40]);
  });

  test('of several refuses to choose', async () => {
    const { host, pending } = await armed();
    host.records.set('000002', { ...pending, id: '000002' });
    const { at, rollBack } = rolling(host);
    await expect(rollBackNow(undefined, host, rollBack)).rejects.toThrow('several changes wait');
    expect(at).toEqual([]);
  });

  test('acknowledges what a reboot ended, and loads nothing', async () => {
    const { host, pending } = await armed();
    host.records.set(pending.id, { ...pending, change: { ...pending.change, boot: 'the last' } });
    const { at, rollBack } = rolling(host);
    const { forgotten, result } = await rollBackNow(pending.id, host, rollBack);
    expect({ ids: forgotten.map(({ id }) => id), result, at }).toEqual({
      ids: [pending.id],
      result: undefined,
      at: [],
    });
  });
});
