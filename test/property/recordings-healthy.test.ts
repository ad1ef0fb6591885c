import { type Observation, observationOf } from '../../src/reconcile/observation.ts';
import { type Planning, planFor } from '../../src/reconcile/repair-plan.ts';
import { SOURCES, type Reference } from '../../src/reconcile/reference.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { isBroken } from '../../src/reconcile/finding.ts';
import { isEmptyPlan, countSteps } from '../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../src/firewall/iptables/plan/simulate-plan.ts';
import type { HostRules, Ruleset } from '../../src/firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../src/net/family.ts';
import { liveOf, recordedHost, type RecordedHost } from '../support/recorded/observation.ts';
import { recordingNames } from '../support/recorded/recordings.ts';

const ENGINE_ALONE: Reference = { source: 'engine', stored: undefined };
const PLANNING: readonly Planning[] = [
  { policies: 'leave', assumeUnchanged: false },
  { policies: 'restore', assumeUnchanged: false },
  { policies: 'leave', assumeUnchanged: true },
  { policies: 'restore', assumeUnchanged: true },
];

/** Every reference restore can use on this host, with the Engine's reply and without. */
function observationsOf(
  { reply, stored }: RecordedHost,
  live: HostRules,
): readonly (readonly [string, Observation])[] {
  const silent = {
    answered: false,
    fault: new Fault('RG_ENGINE_DOWN', 3, 'the Docker Engine is not running'),
  } as const;
  return [
    ...SOURCES.map((source) => [source, observationOf({ source, stored }, liveOf(live), reply)] as const),
    ['no baseline', observationOf(ENGINE_ALONE, liveOf(live), reply)],
    ['no Engine', observationOf({ source: 'both', stored }, liveOf(live), silent)],
  ];
}

/** One rule to delete, and where it is. */
interface Place {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly index: number;
}

const rulesIn = (host: HostRules): readonly (Place & { readonly text: string })[] =>
  FAMILIES.flatMap((family) =>
    [...host[family].tables.values()].flatMap(({ name: table, chains }) =>
      [...chains.values()].flatMap(({ name: chain, rules }) =>
        rules.map(({ text }, index) => ({ family, table, chain, index, text })),
      ),
    ),
  );

function without(host: HostRules, { family, table, chain, index }: Place): HostRules {
  const tables = new Map(host[family].tables);
  const from = tables.get(table);
  const held = from?.chains.get(chain);
  if (from === undefined || held === undefined) throw new Error(`no chain ${table} ${chain}`);
  const chains = new Map(from.chains);
  chains.set(chain, { ...held, rules: held.rules.filter((_, i) => i !== index) });
  tables.set(table, { ...from, chains });
  const family2: Ruleset = { ...host[family], tables };
  return { ...host, [family]: family2 };
}

const sorted = (host: HostRules): readonly string[] =>
  rulesIn(host)
    .map(({ family, table, text }) => `${family} ${table} ${text}`)
    .sort();

/** `1` deletes every single rule, one after another: two minutes. Otherwise one of each kind, and some others. */
const EVERY = process.env['RULESGUARD_EVERY_RULE'] === '1';
const OTHERS = 5;

/** Two rules are of one kind if they differ only in names, addresses and numbers. */
const kindOf = ({ family, table, text }: Place & { readonly text: string }): string =>
  `${family} ${table} ${text.replaceAll(/\S*\d\S*/g, '#')}`;

function chosen(all: readonly (Place & { readonly text: string })[]): typeof all {
  if (EVERY) return all;
  const kinds = [...new Map(all.map((one) => [kindOf(one), one])).values()];
  const [others = []] = fc.sample(fc.shuffledSubarray([...all], { maxLength: OTHERS }), 1);
  return [...kinds, ...others];
}

/** Up to 27 such a start leaves the isolation's jump above DOCKER-USER's: to be found, and put in order (test/fixtures/README.md). */
const UNSOUND = ['engine-20.10-restarted', 'engine-26.1-restarted'];

describe.each(recordingNames().filter((name) => !UNSOUND.includes(name)))('%s', (name) => {
  const host = recordedHost(name);
  const { rules } = host.live;

  test('is healthy: restore has nothing to do, whatever its reference', () => {
    for (const [by, observation] of observationsOf(host, rules)) {
      expect(observation.findings.filter(isBroken), by).toEqual([]);
      expect(
        observation.findings.filter(
          ({ kind }) => kind === 'stale' || kind === 'orphan' || kind === 'ports-unknown',
        ),
        by,
      ).toEqual([]);
      for (const planning of PLANNING) expect(isEmptyPlan(planFor(observation, planning)), by).toBe(true);
    }
  });

  // Nobody else wrote a rule on these hosts: each is Docker's.
  test('after the loss of any one rule, exactly that rule is restored', () => {
    const wanted = sorted(rules);
    const [planning] = PLANNING;
    if (planning === undefined) throw new Error('no planning');
    for (const place of chosen(rulesIn(rules))) {
      const lost = without(rules, place);
      const observation = observationOf(ENGINE_ALONE, liveOf(lost), host.reply);
      const plan = planFor(observation, planning);
      expect(countSteps(plan), place.text).toBe(1);
      const after = simulatePlan(plan, lost);
      expect(after.refusals, place.text).toEqual([]);
      expect(sorted(after.rules), place.text).toEqual(wanted);
      const again = observationOf(ENGINE_ALONE, liveOf(after.rules), host.reply);
      expect(isEmptyPlan(planFor(again, planning)), place.text).toBe(true);
    }
  });
});
