import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';

interface Report {
  readonly firewallBackend: string;
  readonly state: string;
  readonly effects: readonly { readonly effect: string; readonly cause: string; readonly headline: string }[];
  readonly findings: readonly { readonly kind: string; readonly damage: boolean }[];
}

const reportOf = (stdout: string): Report => JSON.parse(stdout) as Report;

describeCli('check beside an Engine that writes with nftables', () => {
  test.each(['plain', 'modes', 'icc-false'])('%s: a healthy host has neither outage nor exposure', (name) =>
    withNftHost(name, async ({ run, tables }) => {
      const before = await tables();
      const { code, stdout } = await run('check --json');
      const { firewallBackend, effects, findings } = reportOf(stdout);
      expect(firewallBackend).toBe('nftables');
      expect(findings).toEqual([]);
      expect(effects).toEqual([]);
      expect(code).toBe(0);
      expect((await run('check')).said).toMatch(/Engine 29\.7\.2, nftables\)/);
      expect(await tables()).toBe(before);
    }),
  );

  test('after flush ruleset: what is open, what is cut, which rules are lost, in every form', () =>
    withNftHost('plain', async ({ run, nft }) => {
      await nft(['flush', 'ruleset']);
      const told = await run('check --rules');
      expect(told.code).toBe(1);
      expect(told.said).toMatch(/^DAMAGED/);
      expect(told.said).toContain('OUTAGE  1 container does not reach the outside: web');
      expect(told.said).toContain('EXPOSURE  1 container reachable from outside, by its own address: web');
      expect(told.said).toContain('reached from outside through docker-proxy alone');
      expect(told.said).toContain(
        'tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"\n      published port 8080/tcp no longer reaches web (172.17.0.2:80) from outside',
      );
      expect(told.said).toContain('Next: rulesguard restore --dry-run');
      const nagios = await run('check --nagios');
      expect(nagios.code).toBe(2);
      expect(nagios.said).toMatch(/CRITICAL/);
      const { state, effects } = reportOf((await run('check --json')).stdout);
      expect(state).toBe('damaged');
      expect(new Set(effects.map(({ cause }) => cause))).toEqual(new Set(['lost']));
      expect((await run('check --diff')).stdout).toContain('+++ live/ipv4/docker-bridges/filter-FORWARD');
    }));

  test('half-healed by Docker’s own next act', () =>
    withNftHost('plain', async ({ run, nft }) => {
      for (const chain of ['filter-FORWARD', 'nat-POSTROUTING', 'nat-PREROUTING', 'nat-OUTPUT']) {
        await nft(['flush', 'chain', 'ip', 'docker-bridges', chain]);
        await nft(['delete', 'chain', 'ip', 'docker-bridges', chain]);
      }
      const { code, said } = await run('check --rules');
      expect(code).toBe(1);
      expect(said.replaceAll(/\s+/g, ' ')).toContain(
        'half-healed: the table was lost, and Docker has written only part of it again since, without knowing; open: unpublished ports; cut: the way out of containers, translation of published ports',
      );
    }));

  test('FORWARD’s policy left at DROP by iptables is named, with the command', () =>
    withNftHost('plain', async ({ run, host }) => {
      await host.sh('iptables -P FORWARD DROP');
      const { code, said } = await run('check --rules');
      expect(code).toBe(1);
      expect(said).toMatch(/^OVERRIDDEN/);
      expect(said).toContain('policy DROP of FORWARD');
      expect(said).toContain('iptables -P FORWARD ACCEPT');
    }));

  test('an empty iptables is as good as a flushed one', () =>
    withNftHost('plain', async ({ run, host }) => {
      const before = await run('check');
      await host.sh('iptables -F');
      await host.sh('iptables -t nat -F');
      expect(await run('check')).toEqual(before);
    }));
});
