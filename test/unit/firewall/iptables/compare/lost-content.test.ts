import { describe, expect, test } from 'vitest';
import { compare, ownLive } from '../../../../../src/firewall/iptables/compare/compare.ts';
import type { Drift } from '../../../../../src/firewall/iptables/compare/drift.ts';
import { isEmptyPlan, planRepair } from '../../../../../src/firewall/iptables/plan/plan.ts';
import { hostOf } from '../../../../support/text.ts';

const JUMP = '-A FORWARD -j DOCKER-USER';
const BAN = '-A DOCKER-USER -j F2B';
const CLOSE = '-A DOCKER-USER -i eth0 -j DROP';
const RETURN = '-A DOCKER-USER -j RETURN';

const sidesOf = (recorded: readonly string[], now: readonly string[]) => {
  const live = hostOf({ filter: [JUMP, ...now] });
  const desired = ownLive(
    { families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] },
    hostOf({ filter: [JUMP, ...recorded] }),
    {},
  );
  return { desired, live, liveOwned: ownLive(desired, live, {}) };
};

const textsOf = ({ lostSingly }: Drift): readonly string[] => lostSingly.map(({ owned }) => owned.rule.text);

describe("single rules lost of DOCKER-USER's content", () => {
  test('are listed, and are nothing that a repair writes', () => {
    const sides = sidesOf([BAN, CLOSE, RETURN], [BAN, RETURN]);
    const drift = compare(sides);
    expect(textsOf(drift)).toEqual([CLOSE]);
    expect(drift.chains).toEqual([]);
    expect(isEmptyPlan(planRepair(drift, sides, { policies: 'leave' }))).toBe(true);
  });

  test.each([
    ['nothing is lost', [BAN, CLOSE], [BAN, CLOSE]],
    ['all is lost, which is content lost by accident', [BAN, CLOSE], [RETURN]],
    ['the order changed', [BAN, CLOSE], [CLOSE, BAN]],
    ['rules were added', [BAN], [CLOSE, BAN]],
    ["only Docker's own RETURN is gone", [BAN, RETURN], [BAN]],
  ])('are none where %s', (_, recorded, now) => {
    expect(textsOf(compare(sidesOf(recorded, now)))).toEqual([]);
  });

  test('count by copies', () => {
    expect(textsOf(compare(sidesOf([CLOSE, CLOSE, BAN], [BAN, CLOSE])))).toEqual([CLOSE]);
  });

  test('are all those recorded where only others are there now', () => {
    expect(textsOf(compare(sidesOf([BAN, CLOSE], ['-A DOCKER-USER -i eth1 -j DROP'])))).toEqual([BAN, CLOSE]);
  });
});

describe("a RETURN that the user added, with the text of Docker's own", () => {
  test.each([
    ['first, so that none of his rules applies for now', [BAN, RETURN], [RETURN, BAN, RETURN]],
    ['beside none of his own', [RETURN], [RETURN, RETURN]],
    ["behind Docker's", [BAN, RETURN], [BAN, RETURN, RETURN]],
    ['recorded so', [RETURN, BAN, RETURN], [RETURN, BAN, RETURN]],
  ])('%s: is no difference, and no repair deletes it', (_, recorded, now) => {
    const sides = sidesOf(recorded, now);
    const drift = compare(sides);
    expect(drift.chains).toEqual([]);
    expect(isEmptyPlan(planRepair(drift, sides, { policies: 'leave' }))).toBe(true);
  });
});
