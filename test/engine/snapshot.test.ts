import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { damagesOf } from '../support/incident/damages.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { createHost, type Host } from '../support/host.ts';

describeEngines('snapshot of a damaged state', (era) => {
  let town: Town;
  let fresh: Host;

  beforeAll(async () => {
    town = await raiseTown({ era });
  });
  afterAll(() => town.leave());
  beforeEach(async () => {
    await town.reset();
    fresh = createHost(town.engine);
    return () => {
      fresh.dispose();
    };
  });

  test.each(damagesOf('nft'))('after $name it is refused', async (damage) => {
    await damage.run(town);
    const { code, stderr } = await fresh.attempt(['snapshot']);
    expect(code).not.toBe(0);
    expect(stderr).not.toBe('');
    // Nothing was recorded: there is still nothing to compare with.
    await fresh.run(['check'], 3);
  });
});
