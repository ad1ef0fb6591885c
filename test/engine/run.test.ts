import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngines } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';

describeEngines('a guarded change beside a running Engine', (era) => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era });
  });
  afterAll(() => town.leave());

  const run = (mode: string, script: string) =>
    town.host.attempt(['run', '--mode', mode, '--', 'sh', '-c', script]);

  test('names the containers in what it breaks', async () => {
    const { code, stderr } = await run('report', 'iptables -F DOCKER');
    expect(code).toBe(1);
    expect(stderr).toMatch(/published ports unreachable from outside: (?:web|api) \d+/);
    await town.host.run(['restore']);
  });

  test('is not blamed for rules that Docker deletes meanwhile', async () => {
    const running = run('report', 'sleep 3');
    await town.engine.docker(['rm', '-f', 'web']);
    expect(await running).toMatchObject({ code: 0, stderr: '' });
  });

  test('is repaired with the rules of a container that started meanwhile and is in no baseline', async () => {
    const running = run('repair', 'iptables -t nat -F; sleep 4; iptables -F');
    await town.engine.docker(['run', '-d', '--name', 'late', '-p', '8099:80', 'lab', '80/tcp']);
    const { code, stderr } = await running;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('REPAIRED');
    expect((await town.engine.execInside('iptables-save')).stdout).toContain('--dport 8099 -j DNAT');
    await town.host.run(['check', '--source', 'engine']);
  });
});
