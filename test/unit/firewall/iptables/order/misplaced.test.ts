import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { ownBaseline, recordFamilies } from '../../../../../src/firewall/iptables/desired/recorded-rules.ts';
import { compare, ownLive } from '../../../../../src/firewall/iptables/compare/compare.ts';
import type { Sides } from '../../../../../src/firewall/iptables/compare/drift.ts';
import { planRepair } from '../../../../../src/firewall/iptables/plan/plan.ts';
import { renderStep } from '../../../../../src/firewall/iptables/text/restore-input.ts';
import { hostOf, type RulesByTable } from '../../../../support/text.ts';

/** What was recorded and what there is, as a snapshot and a check would see it. */
function sidesOf(recorded: RulesByTable, now: RulesByTable): Sides {
  const families = recordFamilies(ownHost(hostOf(recorded)));
  const { owned: base, objections } = ownBaseline({ families, engine: null });
  if (objections.length > 0) throw new Error(objections.join('\n'));
  const live = hostOf(now);
  return { desired: base, live, liveOwned: ownLive(base, live, {}) };
}

const inOneTable = (table: string, rules: readonly string[]): RulesByTable => ({ [table]: rules });

/** The rules called misplaced when `recorded` has become `now`, and the restore lines that mend it. */
function misplaced(table: string, recorded: readonly string[], now: readonly string[]) {
  const sides = sidesOf(inOneTable(table, recorded), inOneTable(table, now));
  const drift = compare(sides);
  const steps = planRepair(drift, sides, { policies: 'leave' }).families.ipv4.tables.flatMap(
    (input) => input.steps,
  );
  return { named: drift.chains.flatMap((chain) => [...chain.misplaced]), lines: steps.map(renderStep) };
}

/** FORWARD of an Engine before 28, with one network. */
const USER = '-A FORWARD -j DOCKER-USER';
const ISOLATION = '-A FORWARD -j DOCKER-ISOLATION-STAGE-1';
const ESTABLISHED = '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
const PORTS = '-A FORWARD -o docker0 -j DOCKER';
const OUT = '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT';
const NO_ICC = '-A FORWARD -i docker0 -o docker0 -j DROP';
const DOCKERS = [USER, ISOLATION, ESTABLISHED, PORTS, OUT, NO_ICC];

const VPN = '-A FORWARD -i wg0 -o wg0 -j ACCEPT';
const REJECT = '-A FORWARD -j REJECT --reject-with icmp-host-prohibited';
const LOG = '-A FORWARD -j LOG --log-prefix "end: "';

const to = (rules: readonly string[], rule: string, at: number): readonly string[] =>
  rules.filter((each) => each !== rule).toSpliced(at, 0, rule);

describe('a rule of others further down still takes the packets', () => {
  test.each([
    ['it is the next', [REJECT]],
    ['one that takes none of them is nearer', [VPN, REJECT]],
    ['it is hidden amid its own', [VPN, REJECT, LOG]],
    ['more than one is nearer', [VPN, LOG, REJECT]],
  ])('%s', (_, others) => {
    const recorded = [...DOCKERS, ...others];
    const { named, lines } = misplaced('filter', recorded, to(recorded, OUT, recorded.length - 1));
    expect(named).toEqual([OUT]);
    expect(lines).toEqual([OUT.replace('-A', '-D'), OUT.replace('-A FORWARD', '-I FORWARD 5')]);
  });

  test.each([
    ['to other interfaces alone', VPN],
    ['and gives them back', LOG],
  ])('not when it applies %s', (_, other) => {
    const recorded = [...DOCKERS, other];
    expect(misplaced('filter', recorded, to(recorded, OUT, DOCKERS.length)).named).toEqual([]);
  });
});

test('a rule recorded twice, on either side of a rule of others, stands as it stood', () => {
  const recorded = [OUT, ...DOCKERS, REJECT].toSpliced(
    1,
    0,
    VPN,
    LOG,
    '-A FORWARD -m mark --mark 0x1 -j DROP',
  );
  expect(misplaced('filter', recorded, recorded)).toEqual({ named: [], lines: [] });
});

describe('the rule that moved is the one named, and the only one put back', () => {
  test('a jump that went behind both a rule of others and the DROP it must precede', () => {
    const recorded = [...DOCKERS, REJECT];
    const { named, lines } = misplaced('filter', recorded, to(recorded, PORTS, DOCKERS.length));
    expect(named).toEqual([PORTS]);
    expect(lines).toHaveLength(2);
  });

  test('a DROP that went above everything', () => {
    const { named, lines } = misplaced('filter', DOCKERS, to(DOCKERS, NO_ICC, 0));
    expect(named).toEqual([NO_ICC]);
    expect(lines).toEqual([NO_ICC.replace('-A', '-D'), NO_ICC]);
  });

  const STAGES = ['a', 'b', 'c'].map((name) => `-A DOCKER-ISOLATION-STAGE-2 -o br-${name} -j DROP`);
  const RETURN = '-A DOCKER-ISOLATION-STAGE-2 -j RETURN';
  const JUMP = '-A DOCKER-ISOLATION-STAGE-1 -i br-a ! -o br-a -j DOCKER-ISOLATION-STAGE-2';

  // The last one and the RETURN would just have changed places: either may be called the one that moved.
  test.each(STAGES.slice(0, -1))('%s behind the RETURN, which stands where it stood', (stage) => {
    const recorded = [...STAGES, RETURN, JUMP];
    expect(misplaced('filter', recorded, to(recorded, stage, STAGES.length)).named).toEqual([stage]);
  });

  test('a RETURN above them all', () => {
    const recorded = [...STAGES, RETURN, JUMP];
    expect(misplaced('filter', recorded, to(recorded, RETURN, 0)).named).toEqual([RETURN]);
  });
});

test('a rule that goes up before a rule of others takes along those it must not precede, and no other', () => {
  const FOREIGN = ['-i virbr0 -o virbr0 -j ACCEPT', '-m comment --comment mine -j ACCEPT'].map(
    (spec) => `-A PREROUTING ${spec}`,
  ) as [string, string];
  const ALLOWED = '-A PREROUTING -d 172.26.0.2/32 -i wg0 -j ACCEPT';
  const GUARD = '-A PREROUTING -d 172.26.0.2/32 ! -i br-aaaaaaaaaaaa -j DROP';
  const OTHER = '-A PREROUTING -d 172.25.0.2/32 ! -i br-bbbbbbbbbbbb -j DROP';
  const recorded = [OTHER, FOREIGN[1], ALLOWED, GUARD, FOREIGN[0]];
  const { named, lines } = misplaced('raw', recorded, to(recorded, FOREIGN[0], 0));
  expect(named).toEqual([GUARD]);
  expect(lines.filter((line) => line.startsWith('-I') || line.startsWith('-A'))).toEqual([
    ALLOWED.replace('-A PREROUTING', '-I PREROUTING 1'),
    GUARD.replace('-A PREROUTING', '-I PREROUTING 2'),
    OTHER.replace('-A PREROUTING', '-I PREROUTING 4'),
  ]);
});

describe("a RETURN of Docker's in DOCKER-USER never cuts off what the user put there", () => {
  const [MINE, NEW, RETURN] = ['-s 203.0.113.1/32 -j DROP', '-s 203.0.113.2/32 -j DROP', '-j RETURN'].map(
    (spec) => `-A DOCKER-USER ${spec}`,
  ) as [string, string, string];

  test.each([
    ['a rule the user appended since', [MINE, RETURN], [MINE, NEW], [RETURN]],
    ['a rule that was dead until the user took the RETURN out', [RETURN, MINE], [MINE], [RETURN]],
    [
      'and lost content comes back before it',
      [MINE, RETURN],
      [RETURN],
      [MINE.replace('-A DOCKER-USER', '-I DOCKER-USER 1')],
    ],
    ['but in an emptied chain all stands as recorded', [MINE, RETURN, NEW], [], [MINE, RETURN, NEW]],
  ])('%s', (_, recorded, now, lines) => {
    expect(misplaced('filter', [USER, ...recorded], [USER, ...now]).lines).toEqual(lines);
  });
});
