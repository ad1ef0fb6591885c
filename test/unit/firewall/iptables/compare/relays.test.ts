import { describe, expect, test } from 'vitest';
import { compare, ownLive } from '../../../../../src/firewall/iptables/compare/compare.ts';
import type { Sides } from '../../../../../src/firewall/iptables/compare/drift.ts';
import { ownBaseline, recordFamilies } from '../../../../../src/firewall/iptables/desired/recorded-rules.ts';
import { ownHost, type OwnedHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { strip } from '../../../../../src/firewall/iptables/ownership/strip.ts';
import { isEmptyPlan, planRepair, type Plan } from '../../../../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../../../../src/firewall/iptables/plan/simulate-plan.ts';
import {
  makeRule,
  rulesOf,
  type Chain,
  type HostRules,
} from '../../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { renderStep } from '../../../../../src/firewall/iptables/text/restore-input.ts';
import { recording } from '../../../../support/recorded/recordings.ts';
import { moved, type Move } from '../../../../support/generate/relays.ts';

const { host, networks, owned } = recording('engine-28.5-plain');
const old = recording('engine-20.10-plain');

const knowing = { networks, settled: true };

const recordedOf = (rules: HostRules, known = knowing): OwnedHost => {
  const { owned: base, objections } = ownBaseline({
    families: recordFamilies(ownHost(rules, known)),
    engine: { version: '', apiVersion: '', networks: known.networks },
  });
  expect(objections).toEqual([]);
  return base;
};

const sidesOf = (desired: OwnedHost, live: HostRules): Sides => ({
  desired,
  live,
  liveOwned: ownLive(desired, live, knowing),
});

const planOf = (sides: Sides): Plan => planRepair(compare(sides), sides, { policies: 'restore' });

const stepsOf = (plan: Plan): readonly string[] =>
  plan.families.ipv4.tables.flatMap(({ table, steps }) =>
    steps.map((step) => `${table} ${renderStep(step).replace(/^\[\S+\] /, '')}`),
  );

const texts = (rules: HostRules, table: string, chain: string): readonly string[] =>
  rulesOf(rules.ipv4, table, chain).map(({ text }) => text);

/** A host with rules taken out of it. */
const without = (rules: HostRules, gone: (text: string) => boolean): HostRules => ({
  ...rules,
  ipv4: {
    tables: new Map(
      [...rules.ipv4.tables].map(([name, table]) => [
        name,
        {
          name,
          chains: new Map(
            [...table.chains].map(([chain, one]) => [
              chain,
              { ...one, rules: one.rules.filter(({ text }) => !gone(text)) },
            ]),
          ),
        },
      ]),
    ),
  },
});

const WAYS: readonly (readonly [string, Move])[] = [
  ['one chain each', {}],
  ['two levels of chains', { levels: 2 }],
  ['chains with a RETURN for some before them', { before: ['-s 198.51.100.0/24 -j RETURN'] }],
  ['chains with a RETURN behind them', { behind: ['-j RETURN'] }],
  ['FORWARD alone', { only: ['filter FORWARD'] }],
  ['nat alone', { only: ['nat PREROUTING', 'nat OUTPUT', 'nat POSTROUTING'] }],
  ['jumps with a comment', { condition: '-m comment --comment "the box" ' }],
];

describe.each(WAYS)("Docker's rules moved into %s", (_, move) => {
  test.each([
    ['28.5', host, owned],
    ['20.10', old.host, old.owned],
  ])('are in place (%s), by a record from before and by the expected rules', (_, rules, desired) => {
    const sides = sidesOf(desired, moved(rules, desired, move));
    const { chains, extras } = compare(sides);
    expect({ chains, extras }).toEqual({ chains: [], extras: [] });
    expect(isEmptyPlan(planOf(sides))).toBe(true);
  });

  test('are recorded where they are, and are what is compared with when they are moved back', () => {
    const desired = recordedOf(moved(host, owned, move));
    expect(compare(sidesOf(desired, moved(host, owned, move))).chains).toEqual([]);
    expect(compare(sidesOf(desired, host)).chains).toEqual([]);
  });
});

test('rules that only some packets reach are lost for the others; they come back behind the jump, after the filter of whoever moved them', () => {
  const sides = sidesOf(owned, moved(host, owned, { condition: '-i eth0 ', only: ['filter FORWARD'] }));
  const plan = planOf(sides);
  expect(stepsOf(plan)).toEqual(['filter -A FORWARD -j DOCKER-USER', 'filter -A FORWARD -j DOCKER-FORWARD']);
  expect(texts(simulatePlan(plan, sides.live).rules, 'filter', 'FORWARD')).toEqual([
    '-A FORWARD -j BOX_FW',
    '-A FORWARD -i eth0 -j BOX_FORWARD',
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-FORWARD',
  ]);
});

test('a relay chain that was emptied: its rules come back into the built-in chain, behind the jump to it', () => {
  const whole = moved(host, owned);
  const sides = sidesOf(
    recordedOf(whole),
    without(whole, (text) => text.startsWith('-A BOX_FORWARD ')),
  );
  const { rules } = simulatePlan(planOf(sides), sides.live);
  expect(texts(rules, 'filter', 'FORWARD')).toEqual([
    '-A FORWARD -j BOX_FW',
    '-A FORWARD -j BOX_FORWARD',
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-FORWARD',
  ]);
});

/** A host with the rules of one chain changed. */
const edited = (
  rules: HostRules,
  [table, name]: readonly [table: string, chain: string],
  edit: (rules: Chain['rules']) => Chain['rules'],
): HostRules => {
  const found = rules.ipv4.tables.get(table);
  const chain = found?.chains.get(name);
  if (found === undefined || chain === undefined) throw new Error(`no ${table} ${name}`);
  const chains = new Map(found.chains).set(name, { ...chain, rules: edit(chain.rules) });
  return { ...rules, ipv4: { tables: new Map(rules.ipv4.tables).set(table, { name: table, chains }) } };
};

describe('one rule lost of a relay chain', () => {
  test.each([
    ['DOCKER-USER', ['filter -I BOX_FORWARD 1 -j DOCKER-USER']],
    ['DOCKER-FORWARD', ['filter -A BOX_FORWARD -j DOCKER-FORWARD']],
  ])('comes back there: the jump to %s, whether the record is from before or after the move', (to, steps) => {
    const whole = moved(host, owned);
    for (const desired of [owned, recordedOf(whole)]) {
      const sides = sidesOf(
        desired,
        without(whole, (text) => text === `-A BOX_FORWARD -j ${to}`),
      );
      expect(stepsOf(planOf(sides))).toEqual(steps);
    }
  });

  test('comes back before a RETURN at the end', () => {
    const whole = moved(host, owned, { behind: ['-j RETURN'] });
    const sides = sidesOf(
      owned,
      without(whole, (text) => text === '-A BOX_FORWARD -j DOCKER-FORWARD'),
    );
    expect(stepsOf(planOf(sides))).toEqual(['filter -I BOX_FORWARD 2 -j DOCKER-FORWARD']);
  });
});

/** The host with the rules of BOX_FORWARD, which are two jumps, in this order, as often as they are named. */
const reordered = (host: HostRules, order: readonly string[]): HostRules =>
  edited(host, ['filter', 'BOX_FORWARD'], (rules) =>
    order.flatMap((to) => rules.filter(({ text }) => text.endsWith(` -j ${to}`))),
  );

test.each([
  ['the wrong order', ['DOCKER-FORWARD', 'DOCKER-USER']],
  ['a copy that came too early', ['DOCKER-FORWARD', 'DOCKER-USER', 'DOCKER-FORWARD']],
  ['copies before and behind', ['DOCKER-FORWARD', 'DOCKER-FORWARD', 'DOCKER-USER', 'DOCKER-FORWARD']],
  ['one rule doubled, and the one before it lost', ['DOCKER-FORWARD', 'DOCKER-FORWARD']],
  ['one rule doubled, and the one behind it lost', ['DOCKER-USER', 'DOCKER-USER']],
])('in a relay chain is put right there: %s', (_, order) => {
  const live = reordered(moved(host, owned), order);
  for (const desired of [owned, recordedOf(moved(host, owned))]) {
    const sides = sidesOf(desired, live);
    expect(texts(simulatePlan(planOf(sides), live).rules, 'filter', 'BOX_FORWARD')).toEqual([
      '-A BOX_FORWARD -j DOCKER-USER',
      '-A BOX_FORWARD -j DOCKER-FORWARD',
    ]);
  }
});

test('a rule that is moved stays in its relay chain, though a rule of others that was recorded before it is in the built-in chain', () => {
  const others = '-A POSTROUTING -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE';
  const foreseen = edited(old.host, ['nat', 'POSTROUTING'], (rules) => [makeRule(others), ...rules]);
  const whole = moved(foreseen, ownHost(foreseen, { networks: old.networks, settled: true }));
  const live = edited(whole, ['nat', 'BOX_POSTROUTING'], (rules) => [...rules.slice(0, 1), ...rules]);
  const sides = sidesOf(recordedOf(foreseen, { networks: old.networks, settled: true }), live);
  const plan = planOf(sides);
  expect(texts(simulatePlan(plan, live).rules, 'nat', 'BOX_POSTROUTING')).toEqual(
    texts(whole, 'nat', 'BOX_POSTROUTING'),
  );
  expect(stepsOf(plan).filter((step) => !/^nat -[ADI] BOX_POSTROUTING /.test(step))).toEqual([]);
});

test('what Docker wrote into the built-in chain again serves from there; the moved copy is left to whoever moved it', () => {
  const whole = moved(host, owned);
  const forward = rulesOf(host.ipv4, 'filter', 'FORWARD').filter(({ text }) => text.includes('DOCKER'));
  const live = edited(whole, ['filter', 'FORWARD'], (rules) => [...forward, ...rules]);
  const { chains: differing, extras } = compare(sidesOf(owned, live));
  expect({ differing, extras }).toEqual({ differing: [], extras: [] });
});

test("a chain of somebody's own that accepts what a bridge sends is no relay chain", () => {
  const whole = moved(old.host, old.owned, { only: ['filter FORWARD'] });
  const own = without(whole, (text) => text.startsWith('-A BOX_FORWARD ') && text.includes('DOCKER'));
  const judged = ownHost(own, { networks: old.networks, settled: true });
  const rules = judged.families.ipv4.get('filter')?.get('FORWARD')?.rules ?? [];
  expect(rules.filter(({ owner }) => owner === 'docker')).toEqual([]);
});

test.each(WAYS)('strip takes them: %s', (_, move) => {
  const { ipv4 } = moved(host, owned, move);
  const save = parseSave(saved(ipv4));
  const stripped = strip(save, ownHost({ ipv4: save.ruleset, ipv6: host.ipv6 }).families.ipv4);
  expect(stripped).not.toMatch(/DOCKER|docker0|br-/);
  expect(stripped.match(/^-A BOX_.*$/gm) ?? []).toEqual(
    save.items.flatMap((item) =>
      'text' in item && /^-A BOX_(?!.*DOCKER|.*docker0|.*br-)/.test(item.text) ? [item.text] : [],
    ),
  );
});

const saved = ({ tables }: HostRules['ipv4']): string =>
  [...tables.values()]
    .map(({ name, chains }) =>
      [
        `*${name}`,
        ...[...chains.values()].map((chain) => `:${chain.name} ${chain.policy} [0:0]`),
        ...[...chains.values()].flatMap(({ rules }) => rules.map(({ text }) => text)),
        'COMMIT\n',
      ].join('\n'),
    )
    .join('');
