import { expect, test } from 'vitest';
import { describeCli, withHost } from '../../support/cli.ts';

describeCli('run: a rule that ip6tables takes for another', () => {
  const OTHER = 'POSTROUTING -s fd00:6::/48 ! -o br-a0976a0332f7 -j MASQUERADE';

  test('is not said to be the one that was typed: Docker’s goes, and that is told before', () =>
    withHost(async (host) => {
      await host.sh(`ip6tables -t nat -A ${OTHER}`);
      const before = await host.rules();
      const line = `ip6tables-nft -t nat -D ${OTHER}`;
      const { code, stderr } = await host.attempt(['run', '--', ...line.split(' ')]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/WOULD BREAK/);
      expect(stderr).toContain('-s fd00:6::/64 ! -o br-a0976a0332f7 -j MASQUERADE');
      expect(await host.rules()).toBe(before);
    }, 'engine-28.5'));

  test('restore does not delete a copy of it by words that mean the other: it says so, and mends the rest', () =>
    withHost(async (host) => {
      const dockers = 'POSTROUTING -s fd00:6::/64 ! -o br-a0976a0332f7 -j MASQUERADE';
      await host.run('snapshot --force');
      await host.sh(`ip6tables -t nat -I ${OTHER.replace('POSTROUTING', 'POSTROUTING 1')}`);
      await host.sh(`ip6tables -t nat -A ${dockers}`);
      await host.sh('iptables -t nat -F POSTROUTING');
      const { code, stdout } = await host.attempt(['restore', '--assume-unchanged']);
      expect(code).toBe(1);
      expect(stdout).toMatch(/left out .*-s fd00:6::\/64 .*differ only in the length of a prefix/);
      const rules = await host.rules();
      expect(rules).toContain(`-A ${OTHER}`);
      expect(rules.match(/-A POSTROUTING -s 172\.17\.0\.0\/16 ! -o docker0 -j MASQUERADE/g)).toHaveLength(1);
    }, 'engine-28.5'));
});
