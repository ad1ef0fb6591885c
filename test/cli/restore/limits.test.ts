import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, filesOf, withHost } from '../../support/cli.ts';
import { inForce, withNeighbours } from '../../support/generate/neighbourhood.ts';

/** As in a container that may change rules, but not make namespaces. */
const NO_NAMESPACES = ['setpriv', '--inh-caps=-sys_admin', '--bounding-set=-sys_admin'];

describeCli('restore where something stands in its way', () => {
  test('no namespace to rehearse in: nothing is changed, and it says how to go without', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      const whole = await inForce(host);
      await host.sh('iptables -t nat -F');
      const damaged = await host.rules();
      const refused = await host.attempt(['restore', '--assume-unchanged'], { through: NO_NAMESPACES });
      expect(refused.code).toBe(3);
      expect(refused.stderr).toMatch(/no network namespace could be made.*--no-rehearse/s);
      expect(await host.rules()).toBe(damaged);
      expect(filesOf(host, 'journal')).toEqual([]);

      const { code, stdout } = await host.attempt(['restore', '--assume-unchanged', '--no-rehearse'], {
        through: NO_NAMESPACES,
      });
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^REPAIRED/) as string,
      });
      expect(await inForce(host)).toEqual(whole);
    }));

  test('content of DOCKER-USER that no restore could load is named, and all else comes back', () =>
    withHost(async (host) => {
      const add = String.raw`iptables-nft -I DOCKER-USER -m comment --comment $'two\nlines' -j DROP`;
      await host.ns.exec('bash', ['-c', add]);
      await host.sh('iptables -N MINE');
      await host.sh('iptables -I DOCKER-USER -j MINE');
      await host.sh('iptables -I DOCKER-USER -s 198.51.100.7 -j DROP');
      await host.run('snapshot');
      await host.sh('iptables -F');
      await host.sh('iptables -X MINE');
      const told = await host.run('restore --assume-unchanged', 1);
      expect(told).toMatch(/^REPAIRED {2}14 findings in 14 steps/);
      expect(told).toMatch(/left out .*DOCKER-USER .*two\\x0alines.*: it holds a newline/);
      expect(told).toMatch(
        /left out .*DOCKER-USER .*-j MINE: chain MINE, which it jumps to, no longer exists/,
      );
      expect((await inForce(host)).filter((line) => / -A DOCKER-USER /.test(line))).toEqual([
        'ipv4 filter -A DOCKER-USER -s 198.51.100.7/32 -j DROP',
      ]);
      expect(await host.run('check', 0)).toMatch(/^INTACT/);
    }));

  test("someone else's rules file was loaded over Docker's: Docker's come back, theirs stay", () =>
    withNeighbours(async (host) => {
      const whole = await inForce(host);
      const file = path.join(host.folder, 'rules.v4');
      const theirs = [
        '-A INPUT -i lo -j ACCEPT',
        '-A FORWARD -i eth0 -o eth1 -j ACCEPT',
        '-A FORWARD -j REJECT',
      ];
      const nat = '*nat\n:PREROUTING ACCEPT [0:0]\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n';
      writeFileSync(
        file,
        `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n${theirs.join('\n')}\nCOMMIT\n${nat}`,
      );
      await host.sh(`iptables-nft-restore ${file}`);
      await host.run('restore --assume-unchanged');
      const lines = await inForce(host);
      for (const line of whole.filter((one) => /ipv4 (nat|filter) /.test(one) && !one.includes('mine')))
        expect(lines).toContain(line);
      const forward = lines.filter((line) => line.includes('-A FORWARD') && line.includes('ipv4'));
      expect(forward.map((line) => line.replace(/^.* -A FORWARD /, ''))).toEqual([
        '-j DOCKER-USER',
        '-j DOCKER-FORWARD',
        '-i eth0 -o eth1 -j ACCEPT',
        '-j REJECT --reject-with icmp-port-unreachable',
      ]);
      expect(lines).toContain('ipv4 filter :INPUT DROP');
      await host.run('check');
    }));

  test('two at once: one repairs, the other finds nothing to do', () =>
    withNeighbours(async (host) => {
      const whole = await inForce(host);
      await host.sh('iptables -t nat -D POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE');
      await host.sh('iptables -D FORWARD -j DOCKER-USER');
      const both = await Promise.all([
        host.attempt(['restore', '--assume-unchanged']),
        host.attempt(['restore', '--assume-unchanged']),
      ]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      expect(both.map(({ stdout }) => stdout.split(/ {2}|:/)[0]).sort()).toEqual(['INTACT', 'REPAIRED']);
      expect(await inForce(host)).toEqual(whole);
    }));

  test('a set that is gone: its rule is left out and named, what it would have let through behind it too, all else comes back', () =>
    withHost(async (host) => {
      await host.sh('ipset create banned hash:ip');
      await host.sh('iptables -A DOCKER-USER -s 198.51.100.7 -j DROP');
      await host.sh('iptables -A DOCKER-USER -m set --match-set banned src -j DROP');
      await host.sh('iptables -A DOCKER-USER -s 198.51.100.8 -j ACCEPT');
      await host.sh('iptables -A DOCKER-USER -s 198.51.100.9 -j DROP');
      await host.run('snapshot');
      const whole = await inForce(host);
      await host.sh('iptables -F');
      await host.sh('ipset destroy banned');
      const told = await host.run('restore --assume-unchanged', 1);
      expect(told).toMatch(/^REPAIRED/);
      expect(told).toMatch(/left out .*--match-set banned src -j DROP: iptables does not take it: .*banned/);
      expect(told).toMatch(
        /left out .*198\.51\.100\.8\/32 -j ACCEPT: it comes after a rule that is left out/,
      );
      expect(await inForce(host)).toEqual(whole.filter((line) => !/banned|198\.51\.100\.8/.test(line)));
    }));

  test('a match whose extension this host lacks: its rule is left out and named, all else comes back', () =>
    withHost(async (host) => {
      await host.sh('iptables -A DOCKER-USER -s 198.51.100.7 -j DROP');
      await host.sh('iptables -A DOCKER-USER -m recent --name seen --rcheck -j DROP');
      await host.run('snapshot');
      const whole = await inForce(host);
      await host.sh('iptables -F');
      const [extension = ''] = (await host.sh('find /usr/lib -name libxt_recent.so')).split('\n');
      const through = ['unshare', '-m', 'sh', '-c', `mount --bind /dev/null ${extension}; exec "$@"`, '-'];
      const { code, stdout } = await host.attempt(['restore', '--assume-unchanged'], { through });
      expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^REPAIRED/) as string });
      expect(stdout).toMatch(/left out .*-m recent .* -j DROP: iptables does not take it: /);
      expect(await inForce(host)).toEqual(whole.filter((line) => !line.includes('-m recent')));
    }));
});
