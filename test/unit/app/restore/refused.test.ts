import { describe, expect, test } from 'vitest';
import { Fault } from '../../../../src/fault.ts';
import { RuleRefused } from '../../../../src/firewall/iptables/plan/rule-refused.ts';
import { resultOf } from '../../../../src/reconcile/repair-result.ts';
import { beyond, flushed, linesOf, without } from '../../../support/app/edit-rules.ts';
import { goneFrom, type Circumstances } from '../../../support/app/memory-host.ts';
import { ENGINE, OPTIONS, outcomesOf, repaired, WHOLE } from '../../../support/app/repaired.ts';

/** Both families lost their translations, and IPv4 its filter's forwarding too. */
const DAMAGED = without(
  flushed(without(WHOLE, 'ipv4', 'nat', /--to-destination 172/), 'ipv6'),
  'ipv4',
  'filter',
  /^-A DOCKER-FORWARD /,
);

const outcomes = (names: readonly string[]) => new Set(names);

describe('a rule that iptables does not take', () => {
  const text = '-A POSTROUTING -s 172.18.0.0/16 ! -o br-67c00110065e -j MASQUERADE';
  const damaged = without(DAMAGED, 'ipv4', 'nat', /-s 172.* MASQUERADE/);
  const refusing: Circumstances = {
    whileRehearsing: (_, __, plan) => {
      const steps = plan.families.ipv4.tables.flatMap((table) => table.steps);
      if (steps.some((step) => 'rule' in step && step.rule.text === text))
        throw new RuleRefused(
          'ipv4',
          'nat',
          text,
          'No chain/target/match by that name.',
          new Fault('RG_REHEARSAL', 1, 'it failed'),
        );
    },
  };

  test('alone is left out and named with the reason; all else of both families comes back', async () => {
    const { host, result } = await repaired(damaged, refusing);
    expect(beyond(WHOLE, host.rules)).toEqual([`ipv4 nat ${text}`]);
    expect(beyond(host.rules, WHOLE)).toEqual([]);
    expect(outcomesOf(host)).toEqual(['restore applied']);
    if (result === undefined) throw new Error('no result');
    expect(resultOf(result, OPTIONS)).toMatchObject({
      exit: 1,
      explained: 1,
      unexplained: [],
      leftOut: [{ rule: text, reason: 'iptables does not take it: No chain/target/match by that name.' }],
    });
  });

  test('ends the repair before anything is written when the rehearsal blames no rule', async () => {
    const { host, fault } = await repaired(damaged, {
      whileRehearsing: () => {
        throw new Fault('RG_REHEARSAL', 1, 'it failed');
      },
    });
    expect(fault).toMatchObject({ code: 'RG_REHEARSAL' });
    expect(host.rules).toBe(damaged);
    expect(outcomesOf(host)).toEqual([]);
  });
});

describe('a table that iptables-restore refuses', () => {
  test('once: the rest stays, it is written again, and both applies are one repair', async () => {
    let isFirst = true;
    const { host, result } = await repaired(DAMAGED, {
      refuses: (family, table) => {
        const refused = isFirst && family === 'ipv4' && table === 'nat';
        if (refused) isFirst = false;
        return refused;
      },
    });
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(host.done.filter((one) => one.startsWith('write'))).toEqual([
      'write ipv4 filter',
      'write ipv4 nat',
      'write ipv6 nat',
    ]);
    expect(outcomesOf(host)).toEqual(['restore applied', 'restore applied']);
    expect(host.entries.get('2')).toMatchObject({ continues: '1' });
    expect(result?.journal).toEqual(['1', '2']);
  });

  test.each([
    ['ipv4', 'nat'],
    ['ipv6', 'nat'],
  ])('always, %s %s: what was taken is undone, the fault says what was refused', async (family, table) => {
    const { host, fault } = await repaired(DAMAGED, {
      refuses: (one, other) => one === family && other === table,
    });
    expect(fault).toMatchObject({
      code: 'RG_NOT_REPAIRED',
      details: [`${family}: line 3 failed`, 'What had been applied was undone.'],
    });
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED));
    expect(outcomes(outcomesOf(host))).toEqual(outcomes(['restore undone', 'undo applied']));
  });

  test('with two applies the last is undone first: what it took out again does not come back', async () => {
    const web = /172\.17\.0\.2\b/;
    const { host, fault } = await repaired(DAMAGED, {
      refuses: (family) => family === 'ipv6',
      afterWriting: (one, time) => {
        if (time > 1) return;
        one.engine = goneFrom(ENGINE, 'web');
        one.rules = ['raw', 'filter'].reduce((left, table) => without(left, 'ipv4', table, web), one.rules);
      },
    });
    expect(fault).toMatchObject({ code: 'RG_NOT_REPAIRED' });
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED).filter((line) => !web.test(line)));
  });

  test('also when what was taken is to be undone: the fault says so and names the undo', async () => {
    let isWritten = false;
    const { host, fault } = await repaired(DAMAGED, {
      refuses: (family, table) => {
        if (family === 'ipv6') return true;
        // IPv4 is taken while it is repaired, and refused while that is undone.
        if (table === 'nat' && isWritten) return true;
        isWritten ||= table === 'nat';
        return false;
      },
    });
    expect(fault).toMatchObject({
      code: 'RG_NOT_REPAIRED',
      details: [
        'ipv6: line 3 failed',
        'What had been applied could not be undone: ipv4: line 3 failed',
      ] as unknown,
      hint: 'Try again, or undo it: rulesguard restore --undo',
    });
    expect(outcomesOf(host)).toContain('restore failed');
    expect(outcomesOf(host)).toContain('undo failed');
  });
});

describe('a lock of iptables’ that somebody holds', () => {
  const busy = new Fault('RG_BUSY', 4, 'another program held the xtables lock');

  test('before anything is written: nothing is changed, the entry says failed, the fault is that one', async () => {
    const { host, fault } = await repaired(
      DAMAGED,
      {},
      {
        change: (one) => Object.assign(one, { writeRules: () => Promise.reject(busy) }),
      },
    );
    expect(fault).toBe(busy);
    expect(host.rules).toBe(DAMAGED);
    expect(outcomesOf(host)).toEqual(['restore failed']);
  });

  test('once IPv4 is written: it is tried again, and what is left is written', async () => {
    let times = 0;
    const { host } = await repaired(
      DAMAGED,
      {},
      {
        change: (one) => {
          const { writeRules } = one;
          return Object.assign(one, {
            writeRules: ((family, ...rest) =>
              family === 'ipv6' && ++times === 1
                ? Promise.reject(busy)
                : writeRules(family, ...rest)) satisfies typeof writeRules,
          });
        },
      },
    );
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(outcomesOf(host)).toEqual(['restore applied', 'restore applied']);
  });
});

describe('a journal that cannot be written', () => {
  test('before the first change keeps no rule from coming back, and is said', async () => {
    const { host, result } = await repaired(DAMAGED, { journal: { begin: 'no space left on device' } });
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(result).toMatchObject({ journal: [], unjournaled: 'no space left on device' });
  });

  test('afterwards: the entry says begun, which undo takes for done, and that is said', async () => {
    const { host, result } = await repaired(DAMAGED, { journal: { end: 'no space left on device' } });
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(result).toMatchObject({ journal: ['1'], unjournaled: 'no space left on device' });
    expect(outcomesOf(host)).toEqual(['restore begun']);
  });

  test('before the first change, when the repair is given up: what was applied is undone all the same', async () => {
    const { host, fault } = await repaired(DAMAGED, {
      journal: { begin: 'no space left on device' },
      refuses: (family) => family === 'ipv6',
    });
    expect(fault?.details).toContain('What had been applied was undone.');
    expect(linesOf(host.rules)).toEqual(linesOf(DAMAGED));
  });
});
