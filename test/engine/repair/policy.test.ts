import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FLUSH_RULESET } from '../../support/incident/damages.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { expectRepaired, textOf } from '../../support/incident/judge.ts';
import { forwardPolicies, savesOf } from '../../support/incident/rules.ts';
import { raiseTown, type Town } from '../../support/incident/town.ts';
import { ALL_WELL, trafficOf } from '../../support/incident/traffic.ts';

const OPEN = ['ipv4 ACCEPT', 'ipv6 ACCEPT'];

describeEngines('after nft flush ruleset', (era) => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());
  beforeEach(async () => {
    await town.reset();
    await FLUSH_RULESET.run(town);
  });

  test('restore leaves the policy of FORWARD as it is, says so, and exits 1', async () => {
    const { engine, host } = town;
    const { stdout, stderr } = await host.run(['restore'], 1);
    expect(stdout + stderr).toMatch(/FORWARD/);
    expect(stdout + stderr).toMatch(/--policies/);
    expect(forwardPolicies(await savesOf(engine))).toEqual(OPEN);
    expect(await trafficOf(engine)).toEqual(ALL_WELL);
    const check = await host.run(['check', '--json'], 1);
    const { findings } = JSON.parse(check.stdout) as { readonly findings: readonly { kind: string }[] };
    expect(findings.map(({ kind }) => kind)).toEqual(['policy', 'policy']);
  });

  test('restore --policies restores it, in the same run or later', async () => {
    const { engine, host } = town;
    const damaged = await savesOf(engine);
    await host.run(['restore'], 1);
    await host.run(['restore', '--policies']);
    const repaired = await savesOf(engine);
    expect(forwardPolicies(repaired)).toEqual(forwardPolicies(town.golden));
    expectRepaired(town, damaged, repaired);
    await host.run(['check']);
  });

  test('restore --undo undoes all of it', async () => {
    const { engine, host } = town;
    const damaged = await savesOf(engine);
    await host.run(['restore', '--policies']);
    await host.run(['restore', '--undo']);
    // The tables themselves stay, empty and open.
    const open = (text: string) => !/ (:(INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING) ACCEPT)$/.test(text);
    expect(textOf(await savesOf(engine)).filter(open)).toEqual(textOf(damaged));
  });
});
