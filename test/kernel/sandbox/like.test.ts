import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';

const rehearse = (host: CliHost, script: string) => host.attempt(['run', '-n', '--', 'sh', '-c', script]);

describeCli('a sandbox has the host’s', () => {
  test('interfaces, addresses, routes and sysctls', () =>
    withHost(async (host) => {
      for (const line of [
        'ip link add eth7 type bridge',
        'ip address add 198.51.100.7/24 dev eth7',
        'ip link set eth7 up',
        'ip route add 203.0.113.0/24 via 198.51.100.1',
        'sysctl -qw net.ipv4.ip_forward=1',
      ])
        await host.sh(line);
      const script =
        'ip -4 -o address show dev eth7 | grep -q 198.51.100.7/24 && ip route | grep -q "^203.0.113.0/24 via 198.51.100.1" && grep -q 1 /proc/sys/net/ipv4/ip_forward';
      const { code, stderr } = await rehearse(host, script);
      expect(code, stderr).toBe(0);
    }));

  test('sets, and nftables’ own tables', () =>
    withHost(async (host) => {
      await host.sh('ipset create bad hash:ip');
      await host.sh('ipset add bad 203.0.113.5');
      await host.sh('iptables -A INPUT -m set --match-set bad src -j DROP');
      await host.sh('nft add table inet mine');
      const script =
        'ipset test bad 203.0.113.5 && nft list table inet mine && ipset destroy bad; test $? -ne 0';
      const { code, stderr } = await rehearse(host, script);
      expect(code, stderr).toBe(0);
    }));

  test('current directory', () =>
    withHost(async (host) => {
      const { code } = await host.attempt([
        'run',
        '-n',
        '--',
        'sh',
        '-c',
        `test "$PWD" = "${process.cwd()}"`,
      ]);
      expect(code).toBe(0);
    }));

  test('rules, or the message names the rule that does not load', () =>
    withHost(async (host) => {
      await host.sh('ipset create gone hash:ip');
      await host.sh('iptables -A INPUT -m set --match-set gone src -j DROP');
      // Without ipset the sandbox has no such set.
      const tools = path.join(host.folder, 'tools');
      mkdirSync(tools);
      writeFileSync(path.join(tools, 'ipset'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      const { code, stderr } = await host.attempt(['run', '-n', '--', 'sh', '-c', 'true'], {
        env: { PATH: `${tools}:${process.env['PATH'] ?? ''}:/usr/sbin` },
      });
      expect(code).toBe(3);
      expect(stderr).toContain('is not like this host');
    }));
});
