import { describe, expect, test } from 'vitest';
import { compare, ownLive } from '../../../../../src/firewall/iptables/compare/compare.ts';
import type { Sides } from '../../../../../src/firewall/iptables/compare/drift.ts';
import { findingsOf } from '../../../../../src/reconcile/findings.ts';
import { isDamage } from '../../../../../src/reconcile/finding.ts';
import { isEmptyPlan, planRepair } from '../../../../../src/firewall/iptables/plan/plan.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { recording } from '../../../../support/recorded/recordings.ts';
import { edited } from '../../../../support/edited.ts';

const { text, owned: desired } = recording('engine-28.5-plain');

/** The recorded host after `web` was made anew with another address: Docker wrote every rule of it anew. */
const moved = (edit: (save: string) => string): Sides => {
  const live = { ipv4: parseSave(edit(text.ipv4)).ruleset, ipv6: parseSave(text.ipv6).ruleset };
  return { desired, live, liveOwned: ownLive(desired, live, {}) };
};

const findingsFor = (sides: Sides) =>
  findingsOf(compare(sides), { networks: [], containers: [], userlandProxy: true });

describe('a container made anew with another address', () => {
  const sides = moved((save) => save.replaceAll('172.17.0.2', '172.17.0.9'));

  test('is no damage: its old rules are stale, its new ones newer', () => {
    const findings = findingsFor(sides);
    expect(findings.filter(isDamage)).toEqual([]);
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['stale', 'extra']));
    expect(findings.find(({ rule }) => rule?.includes('--dport 8080'))?.consequence).toContain(
      'port 8080/tcp now leads to 172.17.0.9 80/tcp',
    );
  });

  test('keeps its port: nothing is restored, and each rule left out is listed', () => {
    const plan = planRepair(compare(sides), sides, { policies: 'leave' });
    expect(isEmptyPlan(plan)).toBe(true);
    expect(plan.leftOut.map(({ rule }) => rule).every((rule) => rule.includes('172.17.0.2'))).toBe(true);
    expect(plan.leftOut).toHaveLength(findingsFor(sides).filter(({ kind }) => kind === 'stale').length);
  });
});

test('a lost translation that nothing replaced is damage, and comes back', () => {
  const sides = moved((save) => edited(save, /^.*--dport 8080 -j DNAT.*\n/m, ''));
  const findings = findingsFor(sides);
  expect(findings.map(({ kind }) => kind)).toEqual(['missing']);
  expect(isEmptyPlan(planRepair(compare(sides), sides, { policies: 'leave' }))).toBe(false);
});

test('what else is lost beside a stale rule still comes back', () => {
  const sides = moved((save) =>
    save.replaceAll('172.17.0.2', '172.17.0.9').replace(/^.*-j MASQUERADE\n/m, ''),
  );
  expect(
    findingsFor(sides)
      .filter(isDamage)
      .map(({ rule }) => rule),
  ).toEqual(['-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE']);
});
