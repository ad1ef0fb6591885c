import { describe, expect, test } from 'vitest';
import {
  parseDeclared,
  printDeclared,
  withDeclared,
} from '../../../../../src/firewall/iptables/desired/declared.ts';
import { compare, ownLive } from '../../../../../src/firewall/iptables/compare/compare.ts';
import { planRepair } from '../../../../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../../../../src/firewall/iptables/plan/simulate-plan.ts';
import { makeRule, rulesOf } from '../../../../../src/firewall/iptables/text/model.ts';
import { faultOf, hostOf } from '../../../../support/text.ts';

const JUMP = '-A FORWARD -j DOCKER-USER';
const RETURN = '-A DOCKER-USER -j RETURN';
const OFFICE = '-A DOCKER-USER -s 192.0.2.0/24 -i eth0 -j RETURN';
const CLOSE = '-A DOCKER-USER -i eth0 -p tcp -m tcp --dport 5432 -j DROP';
const BAN = '-A DOCKER-USER -p tcp -j f2b-web';
const OPEN = '-A DOCKER-USER -i eth0 -j ACCEPT';
const BLOCKED = '-A DOCKER-USER -m set --match-set mine src -j ACCEPT';

const fileOf = (...lines: readonly string[]): string =>
  `*filter\n:DOCKER-USER - [0:0]\n${lines.map((line) => `${line}\n`).join('')}COMMIT\n`;

describe('a declaration', () => {
  test('is read as it is printed', () => {
    const declared = { rules: [OFFICE, CLOSE].map((text) => makeRule(text)), closesForward: true };
    const text = printDeclared(declared);
    expect(text).toContain(':FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n');
    expect(parseDeclared(text, 'file')).toEqual(declared);
  });

  test('takes comments and counters for nothing', () => {
    const text = `# mine\n\n${fileOf(`[5:300] ${CLOSE}`)}`;
    expect(parseDeclared(text, 'file').rules).toEqual([makeRule(CLOSE)]);
  });

  test.each([
    ['a rule of another chain', '*filter\n:DOCKER-USER - [0:0]\n-A FORWARD -j DROP\nCOMMIT\n', 3],
    ['another table', '*nat\nCOMMIT\n', 1],
    ['another chain', '*filter\n:MINE - [0:0]\nCOMMIT\n', 2],
    ['a policy that opens', '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n', 2],
    ['no COMMIT', '*filter\n:DOCKER-USER - [0:0]\n', 2],
    ["a chain of somebody's", fileOf(CLOSE, BAN), 4],
    ['a goto', fileOf('-A DOCKER-USER -g MINE'), 3],
    ["a set of somebody's", fileOf(BLOCKED), 3],
    ["Docker's RETURN", fileOf(RETURN), 3],
    ['the same twice', fileOf(CLOSE, CLOSE), 4],
    ['an address without a length', fileOf('-A DOCKER-USER -s 192.0.2.1 -j DROP'), 3],
    ['a port without its match', fileOf('-A DOCKER-USER -p tcp --dport 22 -j DROP'), 3],
    ['a long option', fileOf('-A DOCKER-USER --source 192.0.2.1/32 -j DROP'), 3],
    ['no rule', '*filter\n:DOCKER-USER - [0:0]\nwhatever\nCOMMIT\n', 3],
  ])('with %s is refused, by its line', (_, text, line) => {
    const { code, exit, message } = faultOf(() => parseDeclared(text, '/etc/rulesguard/docker-user.v4'));
    expect({ code, exit }).toEqual({ code: 'RG_DECLARED', exit: 2 });
    expect(message).toMatch(new RegExp(`docker-user.v4.* line ${String(line)}\\b`));
  });
});

const sidesOf = (declared: readonly string[], now: readonly string[], closesForward = false) => {
  const live = hostOf({ filter: [JUMP, ...now] });
  const none = { families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] };
  const recorded = ownLive(
    none,
    hostOf({ filter: [JUMP, '-A DOCKER-USER -s 203.0.113.1/32 -j DROP', RETURN] }),
    {},
  );
  const rules = declared.map((text) => makeRule(text));
  const desired = withDeclared(recorded, { ipv4: { rules, closesForward } });
  return { desired, live, liveOwned: ownLive(desired, live, {}) };
};

describe('declared rules', () => {
  test.each<readonly [string, readonly string[], readonly string[], readonly string[]]>([
    ['that were flushed', [OFFICE, CLOSE], [], [OFFICE, CLOSE, RETURN]],
    ["that are gone from before Docker's RETURN", [OFFICE, CLOSE], [RETURN], [OFFICE, CLOSE, RETURN]],
    ['of which one is gone', [OFFICE, CLOSE], [OFFICE, RETURN], [OFFICE, CLOSE, RETURN]],
    ['beside a ban that came since', [CLOSE], [BAN, RETURN], [BAN, CLOSE, RETURN]],
    [
      'with a rule in front that opens what they close',
      [CLOSE],
      [OPEN, CLOSE, RETURN],
      [CLOSE, OPEN, RETURN],
    ],
    ['that are gone, where one that opens was put', [CLOSE], [BAN, OPEN, RETURN], [BAN, CLOSE, OPEN, RETURN]],
    ["behind Docker's RETURN", [CLOSE], [RETURN, CLOSE], [CLOSE, RETURN]],
    ['in another order', [OFFICE, CLOSE], [CLOSE, OFFICE, RETURN], [OFFICE, CLOSE, RETURN]],
  ])('%s come back, and nothing else moves', (_, declared, now, after) => {
    const sides = sidesOf(declared, now);
    const drift = compare(sides);
    expect(drift.chains.map(({ chain }) => chain)).toContain('DOCKER-USER');
    const plan = planRepair(drift, sides, { policies: 'leave' });
    const repaired = simulatePlan(plan, sides.live);
    expect(repaired.refusals).toEqual([]);
    expect(rulesOf(repaired.rules.ipv4, 'filter', 'DOCKER-USER').map(({ text }) => text)).toEqual(after);
    expect(
      compare({ ...sides, live: repaired.rules, liveOwned: ownLive(sides.desired, repaired.rules, {}) })
        .chains,
    ).toEqual([]);
  });

  test.each<readonly [string, readonly string[]]>([
    ["a ban's chain, whatever it does", [BAN, CLOSE, RETURN]],
    ["a set of somebody's", [BLOCKED, CLOSE, RETURN]],
    ['what opens something else', ['-A DOCKER-USER -i eth1 -j ACCEPT', CLOSE, RETURN]],
    ['what closes more', ['-A DOCKER-USER -i eth0 -j DROP', CLOSE, RETURN]],
    ['what comes behind', [CLOSE, OPEN, RETURN]],
  ])('let be %s', (_, now) => {
    const { chains, undeclared, lostSingly } = compare(sidesOf([CLOSE], now));
    expect({ chains, lostSingly }).toEqual({ chains: [], lostSingly: [] });
    expect(undeclared).toHaveLength(1);
  });

  test('a declared policy is set back unasked, one that is not is left', () => {
    const policiesOf = (closes: boolean): readonly string[] => {
      const sides = sidesOf([CLOSE], [CLOSE, RETURN], closes);
      const plan = planRepair(compare(sides), sides, { policies: 'leave' });
      return plan.families.ipv4.tables.flatMap(({ steps }) =>
        steps.flatMap((step) => (step.op === 'policy' ? [`${step.chain} ${step.policy}`] : [])),
      );
    };
    expect(policiesOf(true)).toEqual(['FORWARD DROP']);
    expect(policiesOf(false)).toEqual([]);
  });
});
