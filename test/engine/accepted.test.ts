import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { must } from '../support/lab/run.ts';

/** An operator's own doing: networks that are meant to talk to each other. */
describeEngine('a rule the user does without', '26.1', () => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era: '26.1' });
  });
  afterAll(async () => {
    await town.leave();
  });

  test('recorded with --force it is not asked for again, and everything else still is', async () => {
    const { engine, host } = town;
    const id = await engine.docker(['network', 'inspect', '-f', '{{.Id}}', 'front']);
    const open = ['-D', 'DOCKER-ISOLATION-STAGE-2', '-o', `br-${id.slice(0, 12)}`, '-j', 'DROP'];
    await must(engine.execInside, 'iptables', open);

    expect((await host.run(['check'], 1)).stdout).toContain('containers of other networks can now reach');
    expect((await host.run(['snapshot'], 1)).stderr).toContain('DOCKER-ISOLATION-STAGE-2');
    await host.run(['snapshot', '--force']);
    expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);

    await must(engine.execInside, 'iptables', ['-F', 'DOCKER-ISOLATION-STAGE-2']);
    await host.run(['restore']);
    const rules = await must(engine.execInside, 'iptables', ['-S', 'DOCKER-ISOLATION-STAGE-2']);
    expect(rules).toContain('-o docker0 -j DROP');
    expect(rules).not.toContain(id.slice(0, 12));

    // The Engine alone knows nothing of anybody's wishes.
    expect((await host.run(['check', '--source', 'engine'], 1)).stdout).toContain(id.slice(0, 12));
  });

  test('a snapshot does not record that the user lost a filter or the policy, which no Engine knows', async () => {
    const { engine, host } = town;
    await town.reset();
    await host.run(['snapshot', '--force']);
    await must(engine.execInside, 'iptables', ['-F', 'DOCKER-USER']);
    await must(engine.execInside, 'iptables', ['-P', 'FORWARD', 'ACCEPT']);

    const { stderr } = await host.run(['snapshot', '--if-changed'], 1);
    expect(stderr).toContain('content-lost');
    expect(stderr).toContain('policy DROP became ACCEPT');
    expect((await host.run(['check'], 1)).stdout).toMatch(/^DAMAGED/);
  });
});
