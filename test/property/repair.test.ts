import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownBaseline, recordFamilies } from '../../src/firewall/iptables/desired/recorded-rules.ts';
import { compare, ownLive } from '../../src/firewall/iptables/compare/compare.ts';
import type { Drift, Sides } from '../../src/firewall/iptables/compare/drift.ts';
import { isEmptyPlan, planRepair } from '../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../src/firewall/iptables/plan/simulate-plan.ts';
import type { HostRules } from '../../src/firewall/iptables/text/model.ts';
import { FAMILIES } from '../../src/net/family.ts';
import { damage, doDamage, type Damage } from '../support/damage.ts';
import { recording, recordingNames } from '../support/recorded/recordings.ts';

/** Another sample in each run. If you change planning, run the 700 of each recording. */
const RUNS_PER_RECORDING = process.env['RULESGUARD_PROPERTY_ALL'] === undefined ? 60 : 700;

const foreignSetting: fc.Arbitrary<readonly Damage[]> = fc.array(
  damage.filter((one) => one.what === 'foreign'),
  { maxLength: 6 },
);

const repairable = (drift: Drift): readonly unknown[] => drift.chains;

const sidesOf = (base: Sides['desired'], live: HostRules): Sides => ({
  desired: base,
  live,
  liveOwned: ownLive(base, live, {}),
});

const onBoth = (host: HostRules, damages: readonly Damage[]): HostRules => ({
  ipv4: doDamage(host.ipv4, damages),
  ipv6: doDamage(host.ipv6, damages),
});

function foreignRules(sides: Sides, recorded: Sides['desired']): string {
  const lines: string[] = [];
  for (const family of FAMILIES) {
    for (const table of sides.live[family].tables.values()) {
      for (const chain of table.chains.values()) {
        const owned = sides.liveOwned.families[family].get(table.name)?.get(chain.name);
        const dockers = new Set(
          recorded.families[family]
            .get(table.name)
            ?.get(chain.name)
            ?.rules.filter(({ owner }) => owner !== 'foreign')
            .map(({ rule }) => rule.text),
        );
        chain.rules.forEach((rule, i) => {
          if ((owned?.rules[i]?.owner ?? 'foreign') === 'foreign' && !dockers.has(rule.text))
            lines.push(`${family} ${table.name} ${rule.text} ${rule.counters}`);
        });
      }
    }
  }
  return lines.join('\n');
}

/** The others differ from one of these by a setting or two, not by the shapes of their rules. */
const SAME_RULES = /-(?:noproxy-.*|ipv4|restarted|direct|tuned)$/;

describe.each(recordingNames().filter((name) => !SAME_RULES.test(name)))('repair of %s', (name) => {
  const { host } = recording(name);

  test('after any damage the simulated plan leaves no drift, no foreign rule moved, and nothing more to do', () => {
    fc.assert(
      fc.property(foreignSetting, fc.array(damage, { minLength: 1, maxLength: 5 }), (setting, damages) => {
        const sound = onBoth(host, setting);
        const { owned: base, objections } = ownBaseline({
          families: recordFamilies(
            ownLive({ families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] }, sound, {
              networks: recording(name).networks,
              settled: true,
            }),
          ),
          engine: { version: '', apiVersion: '', networks: recording(name).networks },
        });
        expect(objections).toEqual([]);
        const before = sidesOf(base, onBoth(sound, damages));
        const drift = compare(before);
        const plan = planRepair(drift, before, { policies: 'restore' });
        const { rules, refusals } = simulatePlan(plan, before.live);
        expect(refusals).toEqual([]);
        const after = sidesOf(base, rules);
        const left = compare(after);
        expect(repairable(left)).toEqual([]);
        expect(isEmptyPlan(planRepair(left, after, { policies: 'restore' }))).toBe(true);
        expect(foreignRules(after, base)).toBe(foreignRules(before, base));
        const touched = new Set(
          FAMILIES.flatMap((family) =>
            plan.families[family].tables.flatMap(({ table, steps }) =>
              steps.map(({ chain }) => `${family} ${table} ${chain}`),
            ),
          ),
        );
        const found = new Set(
          [...drift.chains, ...drift.policies].map(
            ({ family, table, chain }) => `${family} ${table} ${chain}`,
          ),
        );
        expect([...touched].filter((chain) => !found.has(chain))).toEqual([]);
      }),
      { numRuns: RUNS_PER_RECORDING },
    );
  });
});
