import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEngines } from '../../support/incident/eras.ts';
import { keyOf, linesOf, savesOf } from '../../support/incident/rules.ts';
import { raiseTown, type Town } from '../../support/incident/town.ts';

interface Report {
  readonly findings: readonly { readonly kind: string; readonly damage: boolean; readonly rule?: string }[];
}

describeEngines('rules that Docker itself deleted since the snapshot', (era) => {
  let town: Town;

  beforeAll(async () => {
    town = await raiseTown({ era });
    await town.host.run(['snapshot']);
    await town.engine.docker(['rm', '-f', 'web']);
    await town.engine.docker(['network', 'rm', 'front']);
  });
  afterAll(() => town.leave());

  test('are reported as stale, are not damage, and are not restored', async () => {
    const { host, engine } = town;
    const before = linesOf(await savesOf(engine)).map(keyOf);
    const check = await host.run(['check', '--json']);
    const { findings } = JSON.parse(check.stdout) as Report;
    expect(findings.filter(({ damage }) => damage)).toEqual([]);
    expect(findings.some(({ kind, rule }) => kind === 'stale' && rule?.includes('--dport 8080'))).toBe(true);
    await host.run(['restore']);
    expect(linesOf(await savesOf(engine)).map(keyOf)).toEqual(before);
  });

  test('are not restored when a flush deleted others beside them', async () => {
    const { host, engine } = town;
    await engine.execInside('iptables', ['-t', 'nat', '-F']);
    const { stdout } = await host.run(['restore']);
    expect(stdout).toMatch(/left out .*--dport 8080 .*: network front \(br-\w+\) no longer exists$/m);
    const { ipv4 } = await savesOf(engine);
    expect(ipv4).toContain('--dport 9000 -j DNAT');
    expect(ipv4).not.toContain('--dport 8080');
    await host.run(['check']);
  });
});
