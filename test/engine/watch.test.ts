import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeEngine } from '../support/incident/eras.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { ALL_WELL, trafficOf } from '../support/incident/traffic.ts';
import { IMAGE } from '../support/lab/engine.ts';
import { must } from '../support/lab/run.ts';
import { until } from '../support/until.ts';
import { namedAndRepaired } from '../support/watch/named.ts';
import { startWatch, type Resident } from '../support/watch/resident.ts';

const ERA = '28.5';

describeEngine('rulesguard watch beside a real Engine', ERA, () => {
  let town: Town;
  let watching: Resident | undefined;

  beforeAll(async () => {
    town = await raiseTown({ era: ERA });
    await town.host.run(['snapshot']);
  });
  afterEach(async () => {
    await watching?.stop();
    watching = undefined;
    await town.reset();
  });
  afterAll(async () => {
    await town.leave();
  });

  const start = async (...args: readonly string[]): Promise<Resident> => {
    watching = await startWatch(town.engine, town.host, args);
    return watching;
  };

  describe('in mode repair', () => {
    test.each([
      ['iptables -t nat -F', /iptables/],
      ['iptables -F FORWARD', /iptables/],
      ['nft flush ruleset', /nft/],
    ])('%s: named, repaired, and packets pass again', async (line, program) => {
      const { engine } = town;
      const resident = await start('--mode', 'repair');
      const { effects = [], repair } = await namedAndRepaired(engine, resident, line, program);
      await until(async () => isDeepStrictEqual(await trafficOf(engine), ALL_WELL));
      expect(effects.length).toBeGreaterThan(0);
      expect(repair?.journal).toHaveLength(1);
      expect((await town.host.run(['check', '--source', 'engine'])).stdout).toMatch(/^INTACT/);
      const { stdout } = await town.host.run(['log']);
      expect(stdout).toContain('REPAIRED');
      expect(stdout).toContain(line);
    });

    test('paused: noted and left; then repaired', async () => {
      const { engine, host } = town;
      const resident = await start('--mode', 'repair');
      await resident.quiet();
      const from = resident.noted().length;
      await host.run(['watch', '--pause', '10m']);
      await must(engine.execInside, 'iptables', ['-t', 'nat', '-F']);
      await resident.until('damage', from);
      await resident.until('paused', from);
      expect(resident.noted(from, 'repaired')).toEqual([]);
      await host.run(['watch', '--resume']);
      await resident.until('repaired', from);
      expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);
    });

    test('what Docker does itself is no damage: containers, networks, a restart of dockerd', async () => {
      const { engine, host } = town;
      // Docker appends its jumps anew: behind those of neighbours which they stood before. What counts is what it leaves each time.
      const restart = async () => {
        await engine.daemon.stop();
        await engine.daemon.start();
      };
      await restart();
      await engine.docker(['start', 'web', 'api']);
      await host.run(['snapshot', '--force']);
      const resident = await start('--mode', 'repair');
      await resident.quiet();
      const from = resident.noted().length;
      for (const port of ['7001', '7002', '7003']) {
        await engine.docker(['run', '-d', '--name', `c${port}`, '-p', `${port}:80`, IMAGE]);
        await engine.docker(['network', 'create', `n${port}`]);
        await engine.docker(['network', 'connect', `n${port}`, `c${port}`]);
      }
      for (const port of ['7001', '7002', '7003']) {
        await engine.docker(['rm', '-f', `c${port}`]);
        await engine.docker(['network', 'rm', `n${port}`]);
      }
      await restart();
      await until(() => resident.noted(from, 'engine').some(({ says }) => says.includes('answers again')));
      await resident.quiet();
      expect(resident.noted(from, 'damage', 'repaired', 'not-repaired', 'fight', 'failed')).toEqual([]);
      await engine.docker(['start', 'web', 'api']);
    });
  });

  test('in mode report, the default, no rule is written', async () => {
    const { engine, host } = town;
    const resident = await start();
    await must(engine.execInside, 'iptables', ['-t', 'nat', '-F']);
    const before = await must(engine.execInside, 'iptables-save');
    await resident.until('damage');
    await resident.quiet();
    const timeless = (save: string) => save.replaceAll(/^[#:].*\n?/gm, '');
    expect(timeless(await must(engine.execInside, 'iptables-save'))).toBe(timeless(before));
    expect((await host.attempt(['check'])).code).toBe(1);
  });

  test('it ends when it is told to, leaves no process behind, and exits 0', async () => {
    const resident = await start();
    const children = await must(town.engine.exec, 'sh', [
      '-c',
      `cat /proc/${String(resident.pid)}/task/*/children`,
    ]);
    expect(children.trim().split(' ').length).toBeGreaterThanOrEqual(1);
    watching = undefined;
    expect((await resident.stop()).code).toBe(0);
    for (const pid of children.trim().split(' ')) await until(() => !isRunning(Number(pid)));
  });
});

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
