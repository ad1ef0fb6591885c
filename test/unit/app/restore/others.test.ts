import { describe, expect, test } from 'vitest';
import { ownBaseline, recordFamilies } from '../../../../src/firewall/iptables/desired/recorded-rules.ts';
import { ownHost } from '../../../../src/firewall/iptables/ownership/ownership.ts';
import { flushed, linesOf, without, withRule } from '../../../support/app/edit-rules.ts';
import { resultOf } from '../../../../src/reconcile/repair-result.ts';
import { OPTIONS, outcomesOf, repaired, STORED, WHOLE } from '../../../support/app/repaired.ts';

const DAMAGED = flushed(WHOLE, 'ipv6');
const LOST = without(WHOLE, 'ipv4', 'nat', /MASQUERADE|DNAT --to-destination 172/);
const FOREIGN = '-A FORWARD -s 203.0.113.77/32 -j DROP';

describe('a repair beside nobody', () => {
  test('brings back what is lost, where it was, once, and says so in the journal', async () => {
    const { host, result } = await repaired(DAMAGED);
    expect(linesOf(host.rules)).toEqual(linesOf(WHOLE));
    expect(result).toMatchObject({ journal: ['1'], unjournaled: undefined });
    expect(outcomesOf(host)).toEqual(['restore applied']);
  });

  test('reduces doubled rules to one each', async () => {
    const jump = '-A FORWARD -j DOCKER-USER';
    const translation = '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE';
    const doubled = [1, 2].reduce(
      (rules) => withRule(withRule(rules, 'ipv4', 'filter', jump, 'first'), 'ipv4', 'nat', translation),
      WHOLE,
    );
    const { host } = await repaired(doubled);
    expect(linesOf(host.rules).toSorted()).toEqual(linesOf(WHOLE).toSorted());
    const foreign = (rules: typeof WHOLE) => linesOf(rules).filter((line) => line.includes('203.0.113.'));
    expect(foreign(host.rules)).toEqual(foreign(WHOLE));
  });

  test('keeps a doubled jump where its first copy is, behind the rules of others before it', async () => {
    const { host } = await repaired(withRule(WHOLE, 'ipv4', 'filter', '-A FORWARD -j DOCKER-USER', 'last'));
    expect(linesOf(host.rules)).toEqual(linesOf(WHOLE));
  });

  test('keeps a doubled jump where it was recorded, whichever of its copies that is', async () => {
    const families = recordFamilies(
      ownHost(WHOLE, { networks: STORED.baseline.engine?.networks ?? [], settled: true }),
    );
    const baseline = { ...STORED.baseline, families };
    const stored = { ...STORED, baseline, ...ownBaseline(baseline) };
    for (const jump of ['-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-FORWARD'])
      for (const where of ['first', 'last'] as const) {
        const doubled = withRule(WHOLE, 'ipv4', 'filter', jump, where);
        const { host } = await repaired(doubled, {}, { reference: { source: 'both', stored } });
        expect(linesOf(host.rules)).toEqual(linesOf(WHOLE));
      }
  });

  test('changes nothing where nothing is lost', async () => {
    const { host, result } = await repaired(WHOLE);
    expect(host.rules).toBe(WHOLE);
    expect(result).toMatchObject({ plans: [], journal: [] });
    expect(host.done).toEqual(['ask']);
  });
});

describe('a repair while others write', () => {
  test('does not write twice what dockerd wrote while the plan was rehearsed', async () => {
    const { host } = await repaired(LOST, { whileRehearsing: (one) => (one.rules = WHOLE) });
    expect(linesOf(host.rules)).toEqual(linesOf(WHOLE));
    expect(outcomesOf(host)).toEqual([]);
  });

  test('writes only what is still lost of what it had planned', async () => {
    const { host } = await repaired(LOST, {
      whileRehearsing: (one) => (one.rules = without(WHOLE, 'ipv4', 'nat', /MASQUERADE/)),
    });
    // Two of those were somebody's own, and gone for good.
    expect(linesOf(host.rules).toSorted()).toEqual(
      linesOf(without(WHOLE, 'ipv4', 'nat', /-s 203.* MASQUERADE/)).toSorted(),
    );
  });

  test('touches no rule that somebody adds meanwhile', async () => {
    const { host } = await repaired(DAMAGED, {
      whileRehearsing: (one) => (one.rules = withRule(one.rules, 'ipv4', 'filter', FOREIGN)),
    });
    expect(linesOf(host.rules)).toEqual(linesOf(withRule(WHOLE, 'ipv4', 'filter', FOREIGN)));
  });

  test('goes on while somebody takes them out again, for a few seconds, and succeeds when he stops', async () => {
    const { host, result } = await repaired(DAMAGED, {
      afterWriting: (one) => {
        if (one.now() < 3_000) one.rules = flushed(one.rules, 'ipv6');
      },
    });
    expect(result).toBeDefined();
    expect(linesOf(host.rules)).toEqual(linesOf(WHOLE));
    expect(new Set(outcomesOf(host))).toEqual(new Set(['restore applied']));
  });

  test('leaves what is changed back to one who never stops, within ten seconds; all else stays repaired', async () => {
    const both = without(DAMAGED, 'ipv4', 'nat', /MASQUERADE/);
    const { host, result } = await repaired(both, {
      afterWriting: (one, time) => {
        if (linesOf(one.rules).some((line) => line.startsWith('ipv6 nat ')))
          one.rules = flushed(one.rules, 'ipv6');
        if (time === 1) one.rules = withRule(one.rules, 'ipv4', 'filter', FOREIGN);
      },
    });
    // Of IPv4's MASQUERADE some were somebody's own, and gone for good.
    const masquerade = without(WHOLE, 'ipv4', 'nat', /-s 203.* MASQUERADE/);
    expect(linesOf(host.rules).toSorted()).toEqual(
      linesOf(withRule(flushed(masquerade, 'ipv6'), 'ipv4', 'filter', FOREIGN)).toSorted(),
    );
    if (result === undefined) throw new Error('no result');
    const { exit, left, repaired: findings } = resultOf(result, OPTIONS);
    expect(exit).toBe(1);
    expect(findings).toBeGreaterThan(0);
    expect(new Set(left.map(({ family, table, reason }) => `${family} ${table}: ${reason}`))).toEqual(
      new Set(['ipv6 nat: written 10 times, and another program changed it back each time']),
    );
    expect(new Set(outcomesOf(host))).toEqual(new Set(['restore applied']));
    expect(host.now()).toBeGreaterThan(3_000);
    expect(host.now()).toBeLessThan(10_000);
  });

  test('beside one who changes something new each time ends after a minute, and says what waits', async () => {
    const ports = ['7000', '7001', '7002', '8080', '8083'];
    const { host, result } = await repaired(LOST, {
      containersTake: 1_500,
      beforeReading: (one, time) => {
        const port = ports[time % ports.length] ?? '';
        if (linesOf(one.rules).some((line) => line.includes(`--dport ${port} -j DNAT`)))
          one.rules = without(one.rules, 'ipv4', 'nat', new RegExp(`--dport ${port} -j DNAT`));
      },
    });
    if (result === undefined) throw new Error('no result');
    expect(host.now()).toBeLessThan(120_000);
    const { exit, left, unexplained } = resultOf(result, OPTIONS);
    expect({ exit, unexplained }).toEqual({ exit: 1, unexplained: [] });
    expect(left.length).toBeGreaterThan(0);
  });
});
