import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ONLY_IPV4, damagesOf } from '../support/incident/damages.ts';
import { deploy, during, rulesOfNewcomer, withdraw } from '../support/incident/deployment.ts';
import { describeEngines } from '../support/incident/eras.ts';
import { ownLines, sorted } from '../support/incident/judge.ts';
import { baselinesOf, recordedRules } from '../support/incident/recorded.ts';
import { difference, isRule, linesOf, savesOf, type Line, type Saves } from '../support/incident/rules.ts';
import { oneIn, shareOf } from '../support/incident/share.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { createHost, told, type Host } from '../support/host.ts';

/** A loss as the refusal lists it; of a chain only where it was. */
function reasonFor(line: Line): string {
  const where = `${line.family === 'ipv6' ? 'ipv6 ' : ''}${line.table} ${line.chain}`;
  return isRule(line) ? `${where}: missing: ${line.text}` : `${where}: chain-missing:`;
}

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

  test('records every rule of Docker as Docker’s, and no other', async () => {
    await fresh.run(['snapshot']);
    expect(recordedRules(fresh).toSorted()).toEqual(sorted(town.dockers.filter(isRule)));
  });

  // The last one removes every rule of Docker from a family in which Docker does write rules.
  test.each(oneIn(2, shareOf(era, [...damagesOf('nft'), ONLY_IPV4])))(
    'after $name it is refused with a list, and --repair-first records the repaired rules',
    async (damage) => {
      await damage.run(town);
      const damaged = await savesOf(town.engine);
      const lost = difference(town.dockers, linesOf(damaged));
      const outcome = await fresh.attempt(['snapshot', '--all']);
      expect(outcome.code, told(['snapshot', '--all'], outcome)).toBe(1);
      const [headline = '', ...list] = outcome.stderr.trimEnd().split('\n');
      expect(headline).toMatch(/^rulesguard: not recorded: Docker's rules look damaged/);
      expect(list.pop()).toContain('rulesguard snapshot --repair-first');
      const reasons = list.map((line) => line.trim().replace(/(?<=: chain-missing:) .*$/, ''));
      expect(reasons.toSorted()).toEqual(lost.map(reasonFor).toSorted());
      expect(baselinesOf(fresh)).toEqual([]);

      await fresh.run(['snapshot', '--repair-first']);
      expect(recordedRules(fresh).toSorted()).toEqual(sorted(town.dockers.filter(isRule)));
      const others = (saves: Saves) => sorted(difference(ownLines(saves), town.dockers));
      const repaired = await savesOf(town.engine);
      expect(others(repaired)).toEqual(others(damaged));
      expect(difference(town.dockers, linesOf(repaired))).toEqual([]);
      await fresh.run(['check']);
      expect((await fresh.run(['snapshot', '--if-changed'])).stdout).toMatch(/^UNCHANGED/);
    },
  );

  test('--force records a damaged state, and check then accepts it', async () => {
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
    const newContainer = new RegExp(
      `\\b${subnet.split('.').slice(0, 2).join('\\.')}\\.0\\.(?:[3-9]|\\d\\d+)(?=[/:])`,
    );
    const whole = (await rulesOfNewcomer(town, 'web', 8080)).length;
    const halves: string[] = [];
    let seen = 0;
    let refused = 0;
    const deployments = async () => {
      for (let round = 0; round < 3; round++) {
        await deploy(town);
        await withdraw(town);
      }
    };
    await during(deployments(), async () => {
      const { code, stderr } = await fresh.attempt(['snapshot']);
      // On a busy machine the rules may not come to rest for as long as a snapshot waits for that: it says so, and records nothing.
      if (code !== 0) {
        expect(stderr).toMatch(/still changing/);
        refused++;
        return;
      }
      const rules = new Map<string, string[]>();
      for (const rule of recordedRules(fresh)) {
        const address = newContainer.exec(rule)?.[0];
        if (address !== undefined) rules.set(address, [...(rules.get(address) ?? []), rule]);
      }
      seen += rules.size;
      for (const found of rules.values()) if (found.length !== whole) halves.push(found.join('\n'));
    });
    expect(halves).toEqual([]);
    expect(seen + refused).toBeGreaterThan(0);
  });
});
