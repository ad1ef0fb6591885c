import { describe, expect, test } from 'vitest';
import type { PolicyLeft } from '../../../src/reconcile/repair-result.ts';
import type { CheckEffect } from '../../../src/reconcile/verdict/effect.ts';
import { emptyPlanText, restoreText } from '../../../src/report/restore-text.ts';
import { paintWith } from '../../../src/report/text.ts';
import { checked, memoryCheckHost } from '../../support/app/checked.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { WHOLE_RULES } from '../../support/app/memory-diagnosis-host.ts';

const plain = paintWith(false);
const NOTHING: Parameters<typeof restoreText>[0] = {
  ...{ exit: 0, repaired: 0, steps: 0, applies: 0, explained: 0, rulesOfContainers: 0 },
  ...{ leftOut: [], left: [], policies: [], unexplained: [], unconnected: [], journal: [] },
  ...{ unjournaled: undefined, flows: undefined, stuck: undefined },
};
const OPENED: PolicyLeft = {
  ...{ family: 'ipv4', table: 'filter', chain: 'FORWARD', was: 'DROP', is: 'ACCEPT' },
  isNotRequired: false,
};
const CLOSED: PolicyLeft = { ...OPENED, was: 'ACCEPT', is: 'DROP', isNotRequired: true };
const LEFT_OUT = {
  family: 'ipv4',
  table: 'nat',
  chain: 'DOCKER',
  rule: '-A DOCKER -j X',
  reason: 'gone',
} as const;

describe('what restore says first', () => {
  test('is INTACT only where no rule is lost and no policy differs', () => {
    expect(restoreText(NOTHING, plain)).toBe(
      `INTACT  nothing to do: all of Docker's rules are in place

Packets still do not arrive? rulesguard doctor CONTAINER shows where they stop.
`,
    );
    expect(restoreText({ ...NOTHING, leftOut: [LEFT_OUT] }, plain)).toMatch(/^INTACT /);
    for (const policy of [OPENED, CLOSED])
      expect(restoreText({ ...NOTHING, exit: 1, policies: [policy] }, plain)).not.toContain('INTACT');
    expect(restoreText({ ...NOTHING, exit: 1, explained: 1, leftOut: [LEFT_OUT] }, plain)).not.toContain(
      'INTACT',
    );
  });

  test('is NOT REPAIRED for a policy alone, with what sets it back, before what was left out', () => {
    expect(restoreText({ ...NOTHING, exit: 1, policies: [OPENED], leftOut: [LEFT_OUT] }, plain)).toBe(
      `NOT REPAIRED  The policy of filter FORWARD was DROP and is ACCEPT. It is set back only with: rulesguard restore --policies
left out  nat DOCKER  -j X: gone
Apart from that all of Docker's rules are in place.
`,
    );
  });

  test('is what was repaired, where something was, and the policy after it', () => {
    const text = restoreText({ ...NOTHING, applies: 1, repaired: 2, steps: 3, policies: [CLOSED] }, plain);
    expect(text).toMatch(
      /^REPAIRED {2}2 findings in 3 steps;.*\nNOT REPAIRED {2}The policy of filter FORWARD/,
    );
    expect(text).toMatch(/iptables -P FORWARD ACCEPT\n$/);
  });
});

const RULE = '-A FORWARD -p tcp -m tcp --dport 80 -j DROP';
const { verdict } = await checked(memoryCheckHost(withRule(WHOLE_RULES, 'ipv4', 'filter', RULE, 'first')));
const OTHERS: readonly CheckEffect[] = verdict.effects;

describe("what decides before Docker's rules", () => {
  test('nothing to do is not INTACT then, and the rule is said to be left', () => {
    expect(restoreText(NOTHING, plain, OTHERS)).toBe(
      `OVERRIDDEN  nothing to do: all of Docker's rules are in place, but something decides before them that is not Docker's, and is left as it is
  1 published port unreachable from outside (filter: ${RULE})
Next: rulesguard check says what to do about it.
`,
    );
    expect(emptyPlanText([], OTHERS, plain)).toMatch(/^OVERRIDDEN /);
  });

  test('after a repair it is said behind what was repaired', () => {
    const text = restoreText({ ...NOTHING, applies: 1, repaired: 2, steps: 3 }, plain, OTHERS);
    expect(text).toMatch(
      /^REPAIRED {2}2 findings.*\nOVERRIDDEN {2}something decides before them.*\n {2}1 published/,
    );
  });
});

test('a plan without a step says INTACT only where no policy is left', () => {
  expect(emptyPlanText([], [], plain)).toMatch(/^INTACT /);
  expect(emptyPlanText([OPENED], [], plain)).toBe(
    `The policy of filter FORWARD was DROP and is ACCEPT. It is set back only with: rulesguard restore --policies
Apart from that all of Docker's rules are in place.
`,
  );
});

test('clients that are still on the path of before are counted, with the command that frees them', () => {
  expect(restoreText({ ...NOTHING, stuck: 2 }, plain)).toMatch(
    /^INTACT .*\n2 clients of published UDP ports are still answered by docker-proxy.*\n.*restore --drop-flows\n$/,
  );
  expect(restoreText({ ...NOTHING, stuck: 0 }, plain)).not.toContain('docker-proxy');
});
