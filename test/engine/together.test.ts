import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { damagesOf } from '../support/incident/damages.ts';
import {
  NEWCOMERS,
  deploy,
  during,
  rulesOfNewcomer,
  takeAway,
  withdraw,
} from '../support/incident/deployment.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { expectRepaired, ownLines, policyLost, sorted } from '../support/incident/judge.ts';
import { shareOf } from '../support/incident/share.ts';
import { keyOf, savesOf } from '../support/incident/rules.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { ALL_WELL, trafficOf } from '../support/incident/traffic.ts';
import { httpProbe } from '../support/lab/probe.ts';
import { CLIENT, HOST } from '../support/lab/wire.ts';

describeEngines('at the same time, without a rule lost or doubled', (era) => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());
  beforeEach(() => town.reset());

  test.each(shareOf(era, damagesOf('nft')))('two restores after $name', async (damage) => {
    await damage.run(town);
    const damaged = await savesOf(town.engine);
    const words = ['restore', ...(policyLost(town, damaged) ? ['--policies'] : [])];
    await Promise.all([town.host.run(words), town.host.run(words)]);
    expectRepaired(town, damaged, await savesOf(town.engine));
    await town.host.run(['check']);
  });

  test('restores beside a dockerd that starts and stops containers', async () => {
    const rounds = await during(deploy(town), async () => {
      await takeAway(town);
      await town.host.run(['restore']);
    });
    expect(rounds).toBeGreaterThan(0);

    const newContainers = await Promise.all(
      [...NEWCOMERS].map(([name, port]) => rulesOfNewcomer(town, name, port)),
    );
    const expected = [...ownLines(town.golden).map(keyOf), ...newContainers.flat()].sort();
    expect(sorted(ownLines(await savesOf(town.engine)))).toEqual(expected);
    await town.host.run(['check']);
    expect(await trafficOf(town.engine)).toEqual(ALL_WELL);
    for (const port of NEWCOMERS.values())
      expect(await httpProbe(town.engine, HOST.ipv4, port)).toBe(CLIENT.ipv4);

    await withdraw(town);
    expect(sorted(ownLines(await savesOf(town.engine)))).toEqual(sorted(ownLines(town.golden)));
  });
});
