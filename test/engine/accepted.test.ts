import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { must } from '../support/lab/run.ts';

/** An operator deleted a rule on purpose: two networks are meant to reach each other. */
describeEngine('a rule that is missing on purpose', '26.1', () => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era: '26.1' });
  });
  afterAll(async () => {
    await town.leave();
  });

  test('recorded with --force it is not reported again, and every other loss still is', async () => {
    const { engine, host } = town;
    const id = await engine.docker(['network', 'inspect', '-f', '{{.Id}}', 'front']);
    const open = ['-D', 'DOCKER-ISOLATION-STAGE-2', '-o', `br-${id.slice(0, 12)}`, '-j', 'DROP'];
    await must(engine.execInside, 'iptables', open);

    expect((await host.run(['check'], 1)).stdout).toContain('-A DOCKER-ISOLATION-STAGE-2');
    expect((await host.run(['snapshot'], 1)).stderr).toContain('DOCKER-ISOLATION-STAGE-2');
    await host.run(['snapshot', '--force']);
    expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);

    await must(engine.execInside, 'iptables', ['-F', 'DOCKER-ISOLATION-STAGE-2']);
    await host.run(['restore']);
    const rules = await must(engine.execInside, 'iptables', ['-S', 'DOCKER-ISOLATION-STAGE-2']);
    expect(rules).toContain('-o docker0 -j DROP');
    expect(rules).not.toContain(id.slice(0, 12));

    // With --source engine nothing is accepted as missing.
    expect((await host.run(['check', '--source', 'engine'], 1)).stdout).toContain(id.slice(0, 12));
  });

  test('a snapshot is refused when rules in DOCKER-USER or the policy were lost, which no Engine exposes', async () => {
    const { engine, host } = town;
    await town.reset();
    await host.run(['snapshot', '--force']);
    await must(engine.execInside, 'iptables', ['-F', 'DOCKER-USER']);
    await must(engine.execInside, 'iptables', ['-P', 'FORWARD', 'ACCEPT']);

    const { stderr } = await host.run(['snapshot', '--if-changed'], 1);
    expect(stderr).toContain('content-lost');
    expect(stderr).toContain('policy changed from DROP to ACCEPT');
    expect((await host.run(['check'], 1)).stdout).toMatch(/^DAMAGED/);
  });
});
