import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FAMILIES } from '../../../src/net/family.ts';
import type { Variant } from '../../../src/firewall/iptables/text/model.ts';
import { oneIn } from '../incident/share.ts';
import { describeVariant } from '../kernel.ts';
import { KINDS, mutationsOf, titleOf, type Mutation } from './mutate.ts';
import { oneOfEach, surviveCli } from './cli.ts';
import { reset, survive } from './run.ts';
import { SAMPLES, settle, type Settled } from './samples.ts';
import { createNetns, type Netns } from '../netns.ts';

interface Tally {
  mutations: number;
  found: number;
  repaired: number;
  harmless: number;
}

/** Every second mutation of every sample in one variant, the others in the other one; all of them in both in a campaign. */
export function mutationSuite(variant: Variant): void {
  const tallies = new Map<Mutation['what'], Tally>(
    KINDS.map((what) => [what, { mutations: 0, found: 0, repaired: 0, harmless: 0 }]),
  );
  describeVariant(`each rule and chain of Docker's, one at a time · ${variant}`, variant, () => {
    describe.each(SAMPLES)('%s', (sample) => {
      let ns: Netns;
      let settled: Settled;
      beforeAll(async () => {
        ns = await createNetns();
        settled = await settle(ns, variant, sample);
      });
      afterAll(() => ns.dispose());
      // Of a rule that was doubled, either copy's counters may be left.
      beforeEach(async () => {
        for (const family of FAMILIES) await reset({ family }, settled);
      });

      test.each(KINDS)('%s', async (what) => {
        const troubles: string[] = [];
        const mutations = oneIn(
          12,
          mutationsOf(settled.base, settled.rules).filter((mutation) => mutation.what === what),
          variant === 'nft' ? 0 : 1,
        );
        const tally = tallies.get(what);
        for (const mutation of mutations) {
          const { found, troubles: its } = await survive(mutation, settled);
          troubles.push(...its.map((trouble) => `${titleOf(mutation)}: ${trouble}`));
          if (tally === undefined) continue;
          tally.mutations++;
          if (found) tally.found++;
          if (its.length === 0) tally[found ? 'repaired' : 'harmless']++;
        }
        expect(mutations.length).toBeGreaterThan(0);
        expect(troubles).toEqual([]);
      });

      test('one of each, through the program', async () => {
        const chosen = oneOfEach(mutationsOf(settled.base, settled.rules), settled);
        expect(chosen.map(({ what }) => what)).toEqual(KINDS);
        expect(await surviveCli(chosen, settled)).toEqual([]);
      });
    });

    afterAll(() => {
      const row = (...cells: readonly (string | number)[]): string =>
        cells.map((cell, i) => (i === 0 ? String(cell).padEnd(14) : String(cell).padStart(12))).join('');
      const rows = [...tallies].map(([what, { mutations, found, repaired, harmless }]) =>
        row(what, mutations, found, repaired, harmless),
      );
      console.log([row(variant, 'mutations', 'found', 'repaired', 'harmless'), ...rows].join('\n'));
    });
  });
}
