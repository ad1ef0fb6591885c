import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownBaseline, recordFamilies } from '../../src/firewall/iptables/desired/recorded-rules.ts';
import { compare, ownLive } from '../../src/firewall/iptables/compare/compare.ts';
import type { Drift, Sides } from '../../src/firewall/iptables/compare/drift.ts';
import { isEmptyPlan, planRepair } from '../../src/firewall/iptables/plan/plan.ts';
import { simulatePlan } from '../../src/firewall/iptables/plan/simulate-plan.ts';
import type { HostRules } from '../../src/firewall/iptables/text/model.ts';
import { ownHost, type OwnedChain, type OwnedHost } from '../../src/firewall/iptables/ownership/ownership.ts';
import { writtenChains } from '../../src/firewall/iptables/ownership/written.ts';
import { FAMILIES, type Family } from '../../src/net/family.ts';
import { damage, doDamage, type Damage } from '../support/damage.ts';
import { moved, type Move } from '../support/generate/relays.ts';
import { recording, recordingNames } from '../support/recorded/recordings.ts';

/** Another sample in each run. If you change planning, run the 700 of each recording. */
const IS_CAMPAIGN = process.env['RULESGUARD_PROPERTY_ALL'] !== undefined;
const RUNS_PER_RECORDING = IS_CAMPAIGN ? 700 : 60;
/** The same damages in each run of `npm test`; others by this variable, or in a campaign. */
const SEED = Number(
  process.env['RULESGUARD_PROPERTY_SEED'] ?? (IS_CAMPAIGN ? Date.now() % 2 ** 31 : 20_261_202),
);

const foreignSetting: fc.Arbitrary<readonly Damage[]> = fc.array(
  damage.filter((one) => one.what === 'foreign'),
  { maxLength: 6 },
);

/** Whether Docker's rules were moved into relay chains, and whether that was before the baseline. */
interface Relays {
  readonly when: 'never' | 'before' | 'after';
  readonly move: Move;
}

const relays: fc.Arbitrary<Relays> = fc.record({
  when: fc.constantFrom('never', 'before', 'after'),
  move: fc.record({
    levels: fc.constantFrom(1, 2),
    before: fc.constantFrom([], ['-s 198.51.100.0/24 -j RETURN']),
    behind: fc.constantFrom([], ['-j RETURN']),
  }),
});

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

const writtenIn = ({ families }: OwnedHost, family: Family, table: string) =>
  writtenChains(families[family].get(table) ?? new Map<string, OwnedChain>());

function foreignRules(sides: Sides, recorded: Sides['desired']): string {
  const lines: string[] = [];
  for (const family of FAMILIES) {
    for (const table of sides.live[family].tables.values()) {
      for (const chain of table.chains.values()) {
        const owned = writtenIn(sides.liveOwned, family, table.name).get(chain.name);
        const dockers = new Set(
          writtenIn(recorded, family, table.name)
            .get(chain.name)
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
  const { host, networks } = recording(name);

  test('after any damage the simulated plan leaves no drift, no foreign rule moved, and nothing more to do', () => {
    fc.assert(
      fc.property(
        foreignSetting,
        relays,
        fc.array(damage, { minLength: 1, maxLength: 5 }),
        (setting, { when, move }, damages) => {
          const moving = (rules: HostRules): HostRules =>
            moved(rules, ownHost(rules, { networks, settled: true }), move);
          const foreseen = onBoth(host, setting);
          const sound = when === 'before' ? moving(foreseen) : foreseen;
          const { owned: base, objections } = ownBaseline({
            families: recordFamilies(
              ownLive({ families: { ipv4: new Map(), ipv6: new Map() }, undecided: [] }, sound, {
                networks,
                settled: true,
              }),
            ),
            engine: { version: '', apiVersion: '', networks },
          });
          expect(objections).toEqual([]);
          const before = sidesOf(base, onBoth(when === 'after' ? moving(sound) : sound, damages));
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
                steps.map(({ chain }) => `${family} ${table} ${chain.replace(/^BOX_([A-Z]+).*/, '$1')}`),
              ),
            ),
          );
          const found = new Set(
            [...drift.chains, ...drift.policies].map(
              ({ family, table, chain }) => `${family} ${table} ${chain}`,
            ),
          );
          expect([...touched].filter((chain) => !found.has(chain))).toEqual([]);
        },
      ),
      { numRuns: RUNS_PER_RECORDING, seed: SEED },
    );
  });
});
