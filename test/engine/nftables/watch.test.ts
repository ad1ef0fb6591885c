import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeEngine } from '../../support/incident/eras.ts';
import { BY_NFTABLES, peopled, plainTables, raiseLive, type LiveNft } from '../../support/nftables/live.ts';
import { until } from '../../support/until.ts';
import { namedAndRepaired } from '../../support/watch/named.ts';
import { startWatch, type Resident } from '../../support/watch/resident.ts';

describeEngine('rulesguard watch beside a live Engine that writes with nftables', '29.7', () => {
  let live: LiveNft;
  let watching: Resident | undefined;

  beforeAll(async () => {
    live = await raiseLive(BY_NFTABLES);
    await peopled(live, 3);
    await live.host.run(['snapshot']);
  });
  afterEach(async () => {
    await watching?.stop();
    watching = undefined;
  });
  afterAll(() => live.leave());

  const start = async (): Promise<Resident> => {
    watching = await startWatch(live.engine, live.host, ['--mode', 'repair']);
    await watching.quiet();
    return watching;
  };

  test.each([
    'nft flush ruleset',
    'nft delete table ip docker-bridges',
    'nft delete table ip6 docker-bridges',
    'nft flush chain ip docker-bridges nat-POSTROUTING',
  ])('%s: its author is named, and the tables are as before', async (line) => {
    const whole = plainTables(await live.tables());
    const resident = await start();
    const { effects = [], repair } = await namedAndRepaired(live.engine, resident, line, /nft/);
    expect(effects.length).toBeGreaterThan(0);
    expect(repair?.journal).toHaveLength(1);
    expect(plainTables(await live.tables())).toBe(whole);
    expect((await live.host.run(['check'])).stdout).toMatch(/^INTACT/);
    expect((await live.host.run(['log'])).stdout).toContain(line);
  });

  test('what Docker does itself is no damage: containers, networks, a restart of dockerd', async () => {
    const { engine } = live;
    const resident = await start();
    const from = resident.noted().length;
    for (const port of ['7001', '7002']) {
      await engine.docker(['run', '-d', '--name', `c${port}`, '-p', `${port}:80`, 'lab']);
      await engine.docker(['network', 'create', `n${port}`]);
      await engine.docker(['network', 'connect', `n${port}`, `c${port}`]);
    }
    for (const port of ['7001', '7002']) {
      await engine.docker(['rm', '-f', `c${port}`]);
      await engine.docker(['network', 'rm', `n${port}`]);
    }
    await engine.daemon.stop();
    await engine.daemon.start(BY_NFTABLES);
    await until(() => resident.noted(from, 'engine').some(({ says }) => says.includes('answers again')));
    await resident.quiet();
    expect(resident.noted(from, 'damage', 'repaired', 'not-repaired', 'fight', 'failed')).toEqual([]);
  });

  test('a flush in the middle of what Docker does: repaired, and nothing of Docker’s is missing or left over', async () => {
    const { engine, nft, tables, host } = live;
    await engine.docker(['start', 'c0', 'c1', 'c2']);
    const whole = plainTables(await tables());
    const resident = await start();
    const from = resident.noted().length;
    const busy = (async () => {
      for (const name of ['guest1', 'guest2', 'guest3']) {
        await engine.docker(['run', '-d', '--name', name, '-p', '7000:80', 'lab']);
        await engine.docker(['rm', '-f', name]);
      }
    })();
    await nft('flush ruleset');
    await busy;
    await resident.until('repaired', from);
    await resident.quiet();
    await until(async () => plainTables(await tables()) === whole);
    expect((await host.run(['check'])).stdout).toMatch(/^INTACT/);
  });
});
