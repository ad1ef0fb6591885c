import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ONLY_IPV4, damagesOf, type Damage } from '../support/incident/damages.ts';
import { deploy, during, rulesOfNewcomer, withdraw } from '../support/incident/deployment.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { sorted } from '../support/incident/judge.ts';
import { baselinesOf, recordedRules } from '../support/incident/recorded.ts';
import { isRule } from '../support/incident/rules.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { createHost, told, type Host } from '../support/host.ts';

describeEngines('snapshot', (era) => {
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

  test('records every rule of Docker, and no other as such', async () => {
    await fresh.run(['snapshot']);
    expect(recordedRules(fresh).toSorted()).toEqual(sorted(town.dockers.filter(isRule)));
  });

  const refusedAfter = async (damage: Damage) => {
    await damage.run(town);
    const outcome = await fresh.attempt(['snapshot']);
    expect(outcome.code, told(['snapshot'], outcome)).not.toBe(0);
    expect(outcome.stderr).toMatch(/DOCKER|Docker/);
    // Nothing was recorded: there is still nothing to compare with.
    await fresh.run(['check'], 3);
  };

  test.each(damagesOf('nft'))('after $name it is refused with reasons', refusedAfter);

  // A family without a trace of Docker must not be taken for one that Docker was told to leave alone.
  test(`after ${ONLY_IPV4.name} it is refused with reasons`, () => refusedAfter(ONLY_IPV4));

  test('--force records a damaged state, and that is then what check compares with', async () => {
    const [postrouting] = damagesOf('nft');
    await postrouting?.run(town);
    await fresh.run(['snapshot', '--force']);
    expect(baselinesOf(fresh)).toHaveLength(1);
    await fresh.run(['check']);
  });

  test('while dockerd adds and deletes rules it records whole containers only', async () => {
    const subnet = await town.engine.docker([
      ...['network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}}{{end}}', 'front'],
    ]);
    const newcomer = new RegExp(
      `\\b${subnet.split('.').slice(0, 2).join('\\.')}\\.0\\.(?:[3-9]|\\d\\d+)(?=[/:])`,
    );
    const whole = (await rulesOfNewcomer(town, 'web', 8080)).length;
    const halves: string[] = [];
    let seen = 0;
    const deployments = async () => {
      for (let round = 0; round < 3; round++) {
        await deploy(town);
        await withdraw(town);
      }
    };
    await during(deployments(), async () => {
      await fresh.run(['snapshot']);
      const rules = new Map<string, string[]>();
      for (const rule of recordedRules(fresh)) {
        const address = newcomer.exec(rule)?.[0];
        if (address !== undefined) rules.set(address, [...(rules.get(address) ?? []), rule]);
      }
      seen += rules.size;
      for (const found of rules.values()) if (found.length !== whole) halves.push(found.join('\n'));
    });
    expect(halves).toEqual([]);
    expect(seen).toBeGreaterThan(0);
  });
});
