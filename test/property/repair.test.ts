import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownBaseline, recordFamilies } from '../../src/guard/baseline.ts';
import { compare, ownLive, type Drift, type Sides } from '../../src/guard/compare.ts';
import { isEmptyPlan, planRepair } from '../../src/guard/plan.ts';
import { simulatePlan } from '../../src/guard/simulate-plan.ts';
import type { HostRules } from '../../src/docker/ownership.ts';
import { FAMILIES } from '../../src/iptables/model.ts';
import { damage, doDamage, type Damage } from '../support/damage.ts';
import { recording, recordingNames } from '../support/recordings.ts';

const RUNS_PER_RECORDING = 700;

const foreignSetting: fc.Arbitrary<readonly Damage[]> = fc.array(
  damage.filter((one) => one.what === 'foreign'),
  { maxLength: 6 },
);

const repairable = (drift: Drift): readonly unknown[] => drift.chains;

const sidesOf = (base: Sides['base'], live: HostRules): Sides => ({
  base,
  live,
  liveOwned: ownLive(base, live, {}),
});

const onBoth = (host: HostRules, damages: readonly Damage[]): HostRules => ({
  ipv4: doDamage(host.ipv4, damages),
  ipv6: doDamage(host.ipv6, damages),
});

function foreignRules(sides: Sides, recorded: Sides['base']): string {
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
const VARIANTS = /-(?:noproxy-.*|ipv4|restarted|direct|tuned)$/;

describe.each(recordingNames().filter((name) => !VARIANTS.test(name)))('repair of %s', (name) => {
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
