import { describe, expect, test } from 'vitest';
import { observe } from '../../../../src/app/observe/observe.ts';
import { repair } from '../../../../src/app/restore/repair.ts';
import { Fault } from '../../../../src/fault.ts';
import { RuleRefused } from '../../../../src/firewall/iptables/plan/rule-refused.ts';
import { resultOf } from '../../../../src/reconcile/repair-result.ts';
import { beyond, flushed, linesOf, without } from '../../../support/app/edit-rules.ts';
import { goneFrom, type Circumstances } from '../../../support/app/memory-host.ts';
import { BY_ENGINE, ENGINE, OPTIONS, outcomesOf, repaired, WHOLE } from '../../../support/app/repaired.ts';

/** Both families lost their translations, and IPv4 its filter's forwarding too. */
const DAMAGED = without(
  flushed(without(WHOLE, 'ipv4', 'nat', /--to-destination 172/), 'ipv6'),
  'ipv4',
  'filter',
  /^-A DOCKER-FORWARD /,
);

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
      'write ipv6 nat',
      'write ipv4 nat',
    ]);
    expect(outcomesOf(host)).toEqual(['restore applied', 'restore applied']);
    expect(host.entries.get('2')).toMatchObject({ continues: '1' });
    expect(result?.journal).toEqual(['1', '2']);
  });

  test.each([
    ['ipv4', 'nat'],
    ['ipv6', 'nat'],
    ['ipv4', 'filter'],
  ])(
    'always, %s %s: it is left and named with the reason, all else stays repaired',
    async (family, table) => {
      const { host, result } = await repaired(DAMAGED, {
        refuses: (one, other) => one === family && other === table,
      });
      const lost = beyond(WHOLE, DAMAGED).filter((line) => line.startsWith(`${family} ${table} `));
      expect(lost.length).toBeGreaterThan(0);
      expect(beyond(WHOLE, host.rules)).toEqual(lost);
      expect(beyond(host.rules, WHOLE)).toEqual([]);
      if (result === undefined) throw new Error('no result');
      const { exit, left, unexplained } = resultOf(result, OPTIONS);
      expect({ exit, unexplained }).toEqual({ exit: 1, unexplained: [] });
      expect(left.map((one) => `${one.family} ${one.table} ${one.rule}`).toSorted()).toEqual(lost.toSorted());
      expect(new Set(left.map(({ reason }) => reason))).toEqual(new Set(['refused 10 times: line 3 failed']));
      expect(host.now()).toBeLessThan(15_000);
    },
  );

  test('that is raw: no translation of a loopback address comes back without what keeps others from it', async () => {
    const { host, result } = await repaired(
      ['raw', 'nat'].reduce((rules, table) => flushed(rules, 'ipv4', table), WHOLE),
      { refuses: (family, table) => family === 'ipv4' && table === 'raw' },
    );
    const back = linesOf(host.rules).filter((line) => line.startsWith('ipv4 nat -A DOCKER '));
    expect(back.some((line) => line.includes('DNAT'))).toBe(true);
    expect(back.filter((line) => line.includes('-d 127.'))).toEqual([]);
    expect(result?.left.filter(({ rule }) => rule.includes('-d 127.'))).not.toEqual([]);
  });

  test('while a container stops: what it took out again does not come back, and nothing of it stays', async () => {
    const web = /172\.17\.0\.2\b/;
    const { host } = await repaired(DAMAGED, {
      refuses: (family) => family === 'ipv6',
      afterWriting: (one, time) => {
        if (time > 1) return;
        one.engine = goneFrom(ENGINE, 'web');
        one.rules = ['raw', 'filter'].reduce((left, table) => without(left, 'ipv4', table, web), one.rules);
      },
    });
    expect(linesOf(host.rules).filter((line) => web.test(line))).toEqual([]);
  });
});

describe('a fault once something is repaired', () => {
  const fault = new Fault('RG_COMMAND', 3, 'iptables-nft-save failed', { hint: 'Look at it.' });

  test('takes nothing back: it says what stays, and the next restore ends what was begun', async () => {
    let isWritten = false;
    const ended = await repaired(
      DAMAGED,
      { afterWriting: () => (isWritten = true) },
      {
        change: (one) => {
          const { readVariant } = one;
          return Object.assign(one, {
            readVariant: ((variant) =>
              isWritten ? Promise.reject(fault) : readVariant(variant)) satisfies typeof readVariant,
          });
        },
      },
    );
    expect(ended.fault).toMatchObject({ code: 'RG_COMMAND', exit: 3, hint: 'Look at it.' });
    expect(ended.fault?.details.join()).toContain('stays');
    expect(linesOf(ended.host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    expect(outcomesOf(ended.host)).toEqual(['restore begun']);
  });

  test('leaves nothing of a container that was gone by then: the next restore takes that out', async () => {
    const { host } = await killedAfterWriting();
    host.engine = goneFrom(ENGINE, 'web');
    const first = await observe(host, BY_ENGINE);
    await repair(host, BY_ENGINE, first, OPTIONS);
    expect(linesOf(host.rules).filter((line) => /172\.17\.0\.2\b/.test(line))).toEqual([]);
    expect(outcomesOf(host)[0]).toBe('restore applied');
  });
});

/** A host on which a restore was killed when it had written. */
async function killedAfterWriting() {
  const gone = new Error('killed');
  const all = ['raw', 'filter', 'nat'].reduce(
    (rules, table) => without(rules, 'ipv4', table, /172\.17\.0\.2\b/),
    WHOLE,
  );
  let isWritten = false;
  return repaired(
    all,
    { afterWriting: () => (isWritten = true) },
    {
      change: (one) => {
        const { askEngine } = one;
        return Object.assign(one, {
          askEngine: () => {
            if (!isWritten) return askEngine();
            Object.assign(one, { askEngine });
            return Promise.reject(gone);
          },
        });
      },
    },
  );
}

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
});
