import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROGRAM } from '../support/cli.ts';
import { describeEngine } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { IMAGE } from '../support/lab/engine.ts';
import { LAB_ENV, must } from '../support/lab/run.ts';

const ERA = '28.5';

describeEngine('an unconfirmed change while containers start and stop', ERA, () => {
  let town: Town;
  let folder: string;

  beforeAll(async () => {
    town = await raiseTown({ era: ERA });
    folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-pending-'));
  });
  afterAll(async () => {
    await town.leave();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The rules that name nothing of Docker's. */
  const foreign = async (): Promise<readonly string[]> =>
    (await must(town.engine.execInside, 'iptables-save'))
      .split('\n')
      .filter((line) => line.startsWith('-A ') && !/docker|br-|172\.|DOCKER/.test(line));

  test("after the rollback Docker's rules are what the Engine requires now, all others are as before the change", async () => {
    const { engine } = town;
    const before = await foreign();
    const address = ['inspect', '-f', '{{.NetworkSettings.Networks.front.IPAddress}}', 'web'];
    const old = await engine.docker(address);
    const state = path.join(folder, 'state');
    const places = ['--state-dir', state, '--run-dir', path.join(folder, 'run')];
    const change = 'iptables -I INPUT -p tcp --dport 9 -j DROP; iptables -t nat -F';
    const running = engine.exec(
      process.execPath,
      [PROGRAM, 'run', ...places, '--mode', 'report', '--confirm', '60', '--', 'sh', '-c', change],
      { env: { PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}`, NO_COLOR: '1' } },
    );
    const pending = path.join(state, 'pending');
    while (!existsSync(pending) || !readdirSync(pending).some((name) => name.endsWith('.json')))
      await sleep(50);
    while (!(await must(engine.execInside, 'iptables-save')).includes('--dport 9 ')) await sleep(50);

    await engine.docker(['stop', '-t', '0', 'web']);
    await engine.docker(['run', '-d', '--name', 'newer', '--network', 'front', '-p', '8090:80', IMAGE]);
    await engine.docker(['start', 'web']);
    expect(await engine.docker(address)).not.toBe(old);
    const done = await engine.exec(process.execPath, [PROGRAM, 'rollback', ...places], {
      env: { PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}`, NO_COLOR: '1' },
    });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('ROLLED BACK') as string });

    expect((await running).code).toBe(1);
    expect(await foreign()).toEqual(before);
    const rules = await must(engine.execInside, 'iptables-save');
    expect(rules).toContain('--dport 8090 ');
    // Valid when it was recorded; now it would lead packets to another container.
    expect(rules).not.toContain(`--dport 8080 -j DNAT --to-destination ${old.trim()}:80`);
    expect(rules).toMatch(/--dport 8080 -j DNAT --to-destination \S+:80/);
    expect((await town.host.run(['check', '--source', 'engine'])).stdout).toMatch(/^INTACT/);
  });
});
