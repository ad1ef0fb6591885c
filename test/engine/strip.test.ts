import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileWithoutDocker } from '../support/incident/damages.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { expectRepaired } from '../support/incident/judge.ts';
import { FAMILIES, savesOf, toolOf } from '../support/incident/rules.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { must } from '../support/lab/run.ts';

describeEngines('strip', (era) => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());

  test("keeps the rules of others and DOCKER-USER, removes Docker's, and the result loads at boot", async () => {
    const { engine, host } = town;
    for (const family of FAMILIES) {
      const save = (await engine.execInside(toolOf(family, '-save'))).stdout;
      const { stdout } = await host.run(['strip'], 0, save);
      const undated = (text: string) => text.replaceAll(/^# .*\n/gm, '').replaceAll(/ \[\d+:\d+\]/g, '');
      expect(undated(stdout)).toBe(undated(fileWithoutDocker(town, family, 'with DOCKER-USER')));
      await must(engine.execInside, toolOf(family, '-restore'), [], { input: stdout });
    }
    const booted = await savesOf(engine);
    await host.run(['check'], 1);
    await host.run(['restore']);
    expectRepaired(town, booted, await savesOf(engine));
  });
});
