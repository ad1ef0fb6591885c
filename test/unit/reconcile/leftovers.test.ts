import { describe, expect, test } from 'vitest';
import {
  makeRule,
  rulesOf,
  type Chain,
  type HostRules,
  type Ruleset,
} from '../../../src/firewall/iptables/text/model.ts';
import { isDamage } from '../../../src/reconcile/finding.ts';
import { observationOf, type Observation } from '../../../src/reconcile/observation.ts';
import { planFor } from '../../../src/reconcile/repair-plan.ts';
import { isEmptyPlan } from '../../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../../src/firewall/iptables/plan/simulate-plan.ts';
import { liveOf, recordedHost } from '../../support/recorded/observation.ts';
import { recording } from '../../support/recorded/recordings.ts';

/** What 28.0.0 wrote for the default bridge, read from its source. */
const OF_28_0_0 = [
  '-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
  '-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER',
  '-A FORWARD -i docker0 -j ACCEPT',
];

/** A ruleset with rules added at the end or the beginning of their chains. */
function withRules({ tables }: Ruleset, table: string, texts: readonly string[], at: 'top' | 'end'): Ruleset {
  const known = tables.get(table);
  const chains = new Map(known?.chains);
  for (const rule of (at === 'top' ? texts.toReversed() : texts).map((text) => makeRule(text))) {
    const chain: Chain = chains.get(rule.chain) ?? { name: rule.chain, policy: '-', counters: '', rules: [] };
    chains.set(rule.chain, {
      ...chain,
      rules: at === 'top' ? [rule, ...chain.rules] : [...chain.rules, rule],
    });
  }
  return { tables: new Map(tables).set(table, { name: table, chains }) };
}

/** Rules of another Engine's recording that a host does not have, of the default bridge alone. */
const beyond = (host: HostRules, name: string, table: string): readonly string[] =>
  [...(recording(name).host.ipv4.tables.get(table)?.chains.values() ?? [])]
    .flatMap(({ rules }) => rules)
    .filter(({ chain, text }) => !rulesOf(host.ipv4, table, chain).some((one) => one.text === text))
    .map(({ text }) => text)
    // DOCKER-USER is the user's: its RETURN stays at an upgrade.
    .filter((text) => !/ br-|172\.1[89]\.|^-A DOCKER-USER /.test(text));

function observed(name: string, ipv4: Ruleset): Observation {
  const { reply, live } = recordedHost(name);
  const rules = { ...live.rules, ipv4 };
  return observationOf({ source: 'both', stored: undefined }, liveOf(rules), reply);
}

const notices = ({ findings }: Observation) =>
  findings.filter(({ kind }) => kind !== 'unknown-chain').map(({ kind, rule }) => ({ kind, rule }));

test("28.0.0's rules beside 28.5's are leftovers, one finding each, and nothing is written", () => {
  const { live } = recordedHost('engine-28.5-plain');
  const seen = observed('engine-28.5-plain', withRules(live.rules.ipv4, 'filter', OF_28_0_0, 'end'));
  expect(notices(seen)).toEqual(OF_28_0_0.map((rule) => ({ kind: 'orphan', rule })));
  expect(isEmptyPlan(planFor(seen, { policies: 'restore', assumeUnchanged: false }))).toBe(true);
});

test("leftovers before DOCKER-USER: that the user's rules come too late is the one damage, and none of them is moved", () => {
  const { live } = recordedHost('engine-28.5-plain');
  const seen = observed('engine-28.5-plain', withRules(live.rules.ipv4, 'filter', OF_28_0_0, 'top'));
  expect(seen.findings.filter(isDamage).map(({ kind, rule }) => ({ kind, rule }))).toEqual([
    { kind: 'misplaced', rule: '-A FORWARD -j DOCKER-USER' },
  ]);
  const { steps } =
    planFor(seen, { policies: 'leave', assumeUnchanged: false }).families.ipv4.tables[0] ?? {};
  expect(steps?.map((step) => ('rule' in step ? step.rule.text : ''))).toEqual([
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-USER',
  ]);
});

describe.each([
  ['engine-28.5-plain', 'engine-20.10-plain'],
  ['engine-28.5-plain', 'engine-26.1-plain'],
  ['engine-28.5-plain', 'engine-29.7-ipv4'],
  ['engine-26.1-plain', 'engine-28.5-plain'],
  ['engine-20.10-plain', 'engine-28.5-plain'],
  ['engine-29.7-ipv4', 'engine-28.5-plain'],
  ['engine-29.7-ipv4', 'engine-20.10-plain'],
])('on %s the filter rules of %s', (here, there) => {
  const { live } = recordedHost(here);
  const left = beyond(live.rules, there, 'filter');

  test('are leftovers and no damage', () => {
    expect(left.length).toBeGreaterThan(0);
    const seen = observed(here, withRules(live.rules.ipv4, 'filter', left, 'end'));
    expect(seen.findings.filter(isDamage)).toEqual([]);
    expect(notices(seen).filter(({ kind }) => kind !== 'orphan')).toEqual([]);
  });
});

test("DOCKER-FORWARD before DOCKER-USER is one finding, of the user's rules; a restore puts it right and nothing is lost", () => {
  const { live } = recordedHost('engine-28.5-plain');
  const { tables } = live.rules.ipv4;
  const filter = tables.get('filter');
  const forward = filter?.chains.get('FORWARD');
  if (filter === undefined || forward === undefined) throw new Error('no FORWARD');
  const chains = new Map(filter.chains).set('FORWARD', { ...forward, rules: forward.rules.toReversed() });
  const seen = observed('engine-28.5-plain', {
    tables: new Map(tables).set('filter', { name: 'filter', chains }),
  });
  expect(seen.findings.map(({ kind, severity, consequence }) => [kind, severity, consequence])).toEqual([
    [
      'misplaced',
      'exposure',
      'out of order: comes before -j DOCKER-USER: traffic no longer passes DOCKER-USER: your own rules for containers have no effect',
    ],
  ]);
  const { rules } = simulatePlan(
    planFor(seen, { policies: 'leave', assumeUnchanged: false }),
    seen.live.rules,
  );
  expect(rulesOf(rules.ipv4, 'filter', 'FORWARD').map(({ text }) => text)).toEqual(
    forward.rules.map(({ text }) => text),
  );
});
