import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeEngine } from '../../support/incident/eras.ts';
import { textOf } from '../../support/incident/judge.ts';
import { savesOf } from '../../support/incident/rules.ts';
import { raiseTown, type Town } from '../../support/incident/town.ts';
import { must } from '../../support/lab/run.ts';

describeEngine('rules in the other variant', '20.10', () => {
  let town: Town;

  const legacy = (input: string) => must(town.engine.execInside, 'iptables-legacy-restore', [], { input });

  beforeAll(async () => {
    town = await raiseTown({ era: '20.10' });
    await town.host.run(['snapshot']);
  });
  afterAll(() => town.leave());
  beforeEach(() => legacy('*filter\n:INPUT ACCEPT\nCOMMIT\n*nat\n:INPUT ACCEPT\nCOMMIT\n'));

  test('rules of others in the legacy variant do not matter', async () => {
    await legacy('*filter\n:ferm - [0:0]\n-A INPUT -j ferm\n-A ferm -i lo -j ACCEPT\nCOMMIT\n');
    await town.host.run(['check']);
    await town.host.run(['restore']);
  });

  test.each([['snapshot'], ['check'], ['restore']])(
    "Docker's in both: %s cannot tell which are in force",
    async (verb) => {
      await legacy(town.golden.ipv4);
      const before = textOf(await savesOf(town.engine));
      const { stderr } = await town.host.run([verb], 3);
      expect(stderr).toMatch(/nft/);
      expect(stderr).toMatch(/legacy/);
      expect(textOf(await savesOf(town.engine))).toEqual(before);
    },
  );
});

describeEngine('finding the variant', '20.10', () => {
  test('creates no legacy table on a host that uses nft', async () => {
    const town = await raiseTown({ era: '20.10' });
    try {
      for (const verb of ['snapshot', 'check', 'restore']) await town.host.run([verb]);
      const tables = 'cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null || true';
      expect(await must(town.engine.exec, 'sh', ['-c', tables])).toBe('');
    } finally {
      await town.leave();
    }
  });
});
