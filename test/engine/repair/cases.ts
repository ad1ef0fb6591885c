import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { damagesOf } from '../../support/incident/damages.ts';
import { expectNamed, expectRepaired, policyLost, textOf } from '../../support/incident/judge.ts';
import { savesOf } from '../../support/incident/rules.ts';
import { raiseTown, type Town } from '../../support/incident/town.ts';
import { ALL_WELL, trafficOf } from '../../support/incident/traffic.ts';
import type { Era } from '../../support/lab/eras.ts';
import { oneIn, shareOf } from '../../support/incident/share.ts';
import type { Variant } from '../../support/netns.ts';

/** Every damage on one Engine: found, named, repaired, and packets pass again both ways. */
export function repairCases(era: Era, variant: Variant): void {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era, variant });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());
  beforeEach(() => town.reset());

  test('all is well: check finds nothing, restore has nothing to do', async () => {
    const before = textOf(await savesOf(town.engine));
    await town.host.run(['check']);
    await town.host.run(['restore']);
    expect(textOf(await savesOf(town.engine))).toEqual(before);
  });

  // The other variant is tried on one Engine alone, which has no others to share with.
  test.each(variant === 'nft' ? oneIn(2, shareOf(era, damagesOf(variant))) : oneIn(4, damagesOf(variant)))(
    '$name',
    async (damage) => {
      const { engine, host } = town;
      const containers = await town.containers();
      await damage.run(town);
      const damaged = await savesOf(engine);
      await expectNamed(host, town, damaged);

      await host.run(['restore', ...(policyLost(town, damaged) ? ['--policies'] : [])]);
      const repaired = await savesOf(engine);
      expectRepaired(town, damaged, repaired);
      expect(await trafficOf(engine)).toEqual(ALL_WELL);
      await host.run(['check']);
      expect(await town.containers()).toBe(containers);
    },
  );
}
