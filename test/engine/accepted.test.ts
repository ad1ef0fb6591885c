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

  test('a finding that is accepted: told and not counted by check, doctor and reach of the whole host, until it changes', async () => {
    const { engine, host } = town;
    await town.reset();
    const rule = ['FORWARD', '-p', 'tcp', '-m', 'tcp', '--dport', '80', '-j', 'DROP'];
    await must(engine.execInside, 'iptables', ['-I', ...rule]);
    const ids = async (): Promise<readonly string[]> => {
      const { effects } = JSON.parse((await host.run(['check', '--json'], 1)).stdout) as {
        readonly effects: readonly { readonly id: string }[];
      };
      return effects.map(({ id }) => id);
    };
    const found = await ids();
    expect(found.length).toBeGreaterThan(0);
    for (const verb of ['doctor', 'reach']) await host.run([verb], 1);

    const until = ['--reason', 'ticket 4711', '--until', '2099-12-31'];
    await host.run(['accept', found[0] ?? '', '--reason', 'ticket 4711', '--until', '2020-01-01'], 2);
    for (const id of found) await host.run(['accept', id, ...until]);
    expect((await host.run(['accept', 'list'])).stdout).toContain('until 2099-12-31');
    expect((await host.run(['check'])).stdout).toContain('Accepted until 2099-12-31');
    expect((await host.run(['doctor'])).stdout).toContain('accepted until 2099-12-31: ticket 4711');
    expect((await host.run(['reach'])).stdout).toContain('ACCEPTED');

    // Another rule closes something else.
    await must(engine.execInside, 'iptables', ['-I', 'FORWARD', '-p', 'udp', '-j', 'DROP']);
    expect((await ids()).length).toBeGreaterThan(0);
    for (const verb of ['doctor', 'reach']) await host.run([verb], 1);
    await must(engine.execInside, 'iptables', ['-D', 'FORWARD', '-p', 'udp', '-j', 'DROP']);

    for (const id of found) await host.run(['accept', 'remove', id]);
    expect(await ids()).toEqual(found);
    await must(engine.execInside, 'iptables', ['-D', ...rule]);
  });
});
