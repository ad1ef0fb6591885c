import { describe, expect, test } from 'vitest';
import type { Unsettled } from '../../../../src/app/rollback/overdue.ts';
import type { RolledBack } from '../../../../src/app/rollback/rollback.ts';
import { attitudeOf, settleOverdue, type OverdueEvent } from '../../../../src/app/rollback/settle-overdue.ts';
import { Fault } from '../../../../src/fault.ts';
import { waiting } from '../../../support/app/memory-rollback-host.ts';
import { WHOLE } from '../../../support/app/repaired.ts';

const PENDING = waiting(WHOLE);
const unsettled = (kind: 'due' | 'old' | 'elsewhere' | 'rebooted'): Unsettled => ({
  ...{ kind, pending: PENDING, overdue: 5, atWork: false, written: [] },
});

/** Before a command: what was rolled back, and what was said. */
async function settled(
  verb: string,
  attitude: 'finish' | 'report',
  found: readonly Unsettled[] | Fault,
  outcome: RolledBack['outcome'] = 'rolled-back',
) {
  const rolledBack: string[] = [];
  const events: OverdueEvent[] = [];
  let asked: string | undefined;
  await settleOverdue({ verb }, attitude, {
    readUnsettled: (grace) => {
      asked = grace;
      return found instanceof Fault ? Promise.reject(found) : Promise.resolve(found);
    },
    rollBack: (id) => {
      rolledBack.push(id);
      const pending = { ...PENDING, change: { ...PENDING.change, says: 'line 3 failed' } };
      return Promise.resolve({ outcome, pending });
    },
    emit: (event) => events.push(event),
  });
  return { rolledBack, kinds: events.map(({ kind }) => kind), events, asked };
}

describe('an overdue change, before a command', () => {
  test('that changes rules, is rolled back at once, and said', async () => {
    const { rolledBack, kinds, asked } = await settled('restore', 'finish', [unsettled('due')]);
    expect({ rolledBack, kinds, asked }).toEqual({
      rolledBack: [PENDING.id],
      kinds: ['rolled-back'],
      asked: 'at-once',
    });
  });

  test('that only reads, is reported, and its timer is given time', async () => {
    const { rolledBack, kinds, asked } = await settled('check', 'report', [unsettled('due')]);
    expect({ rolledBack, kinds, asked }).toEqual({ rolledBack: [], kinds: ['left'], asked: 'with-grace' });
  });

  test.each(['old', 'elsewhere', 'rebooted'] as const)(
    'is left to its operator when it is %s',
    async (kind) => {
      const { rolledBack, kinds } = await settled('restore', 'finish', [unsettled(kind)]);
      expect({ rolledBack, kinds }).toEqual({ rolledBack: [], kinds: ['left'] });
    },
  );

  test.each(['run', 'confirm', 'snapshot'])(
    'ends %s when it cannot be rolled back: nothing is built on it',
    async (verb) => {
      await expect(settled(verb, 'finish', [unsettled('due')], 'failed')).rejects.toMatchObject({
        code: 'RG_PENDING',
        exit: 1,
        details: ['ufw enable', 'line 3 failed'],
      });
    },
  );

  test('does not keep restore from repairing when it cannot be rolled back, and that is said', async () => {
    const { events } = await settled('restore', 'finish', [unsettled('due')], 'failed');
    expect(events).toMatchObject([{ kind: 'not-rolled-back', says: 'line 3 failed' }]);
  });

  test('whose folder cannot be read is reported as damaged', async () => {
    const fault = new Fault('RG_UNSAFE_FILE', 3, 'others may write it');
    const { events } = await settled('check', 'report', fault);
    expect(events).toEqual([{ kind: 'left', unsettled: { kind: 'damaged', fault } }]);
  });
});

describe('what a command does about it', () => {
  const ON = { hooksOff: false, automaticOff: false };
  const hook = (action: string) => ({ verb: 'hook', action });

  test.each([
    [{ verb: 'check' }, ON, 'report'],
    [{ verb: 'run' }, ON, 'finish'],
    [{ verb: 'run', dryRun: true }, ON, 'report'],
    [{ verb: 'restore' }, ON, 'finish'],
    [{ verb: 'restore', dryRun: true }, ON, 'report'],
    [{ verb: 'restore', print: true }, ON, 'report'],
    [{ verb: 'restore', planOut: '/plan' }, ON, 'report'],
    [{ verb: 'restore', scheduled: true }, ON, 'finish'],
    [{ verb: 'restore', scheduled: true }, { ...ON, automaticOff: true }, 'report'],
    [{ verb: 'snapshot' }, { ...ON, automaticOff: true }, 'finish'],
    [{ verb: 'snapshot', scheduled: true }, ON, 'finish'],
    [{ verb: 'snapshot', scheduled: true }, { ...ON, automaticOff: true }, 'report'],
    [{ verb: 'confirm' }, ON, 'finish'],
    [{ verb: 'rollback' }, ON, 'ignore'],
    [hook('pre'), ON, 'finish'],
    [hook('pre'), { ...ON, automaticOff: true }, 'report'],
    [hook('post'), ON, 'report'],
    [hook('pre'), { ...ON, hooksOff: true }, 'ignore'],
    [hook('status'), { ...ON, hooksOff: true }, 'report'],
  ] as const)('%o with %o: %s', (asked, switches, attitude) => {
    expect(attitudeOf(asked, switches)).toBe(attitude);
  });
});
