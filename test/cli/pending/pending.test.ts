import { existsSync, readFileSync, chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { confirming, describeCli, PROGRAM, timeless, withHost, type CliHost } from '../../support/cli.ts';
import { endingsOf, inShell, pendingFiles } from '../../support/pending.ts';
import { until } from '../../support/until.ts';

/** Flushes all there is: a firewall script at its worst. */
const FLUSH_ALL =
  'for t in iptables ip6tables; do $t -P FORWARD ACCEPT; $t -F; $t -X; $t -t nat -F; $t -t nat -X; $t -t raw -F; $t -t mangle -F; done; nft flush ruleset; ipset destroy blocked';

/** Foreign rules, policies, a set, tables of nftables' own, and a comment with bytes of no alphabet. */
async function furnish(host: CliHost): Promise<void> {
  const script = [
    'ipset create blocked hash:ip; ipset add blocked 192.0.2.7',
    'iptables -A INPUT -m set --match-set blocked src -j DROP',
    String.raw`iptables -A INPUT -p tcp --dport 22 -m comment --comment "$(printf 'caf\303\251 \377')" -j ACCEPT`,
    'iptables -N mine; iptables -A mine -s 198.51.100.0/24 -j RETURN; iptables -I FORWARD -j mine',
    'ip6tables -A INPUT -s 2001:db8::/32 -j DROP; ip6tables -P FORWARD DROP',
    'iptables -t mangle -A POSTROUTING -j MARK --set-mark 7',
    "nft 'add table inet site; add chain inet site in { type filter hook input priority 5; policy accept; }; add rule inet site in tcp dport 8443 drop'",
  ].join('\n');
  const { code, stderr } = await host.ns.exec('sh', ['-e', '-c', script]);
  if (code !== 0) throw new Error(stderr);
}

/** All that is in force, without counters. */
async function inForce(host: CliHost): Promise<string> {
  const native = await host.ns.exec('sh', ['-c', 'nft -s list table inet site; ipset save']);
  return `${await host.rules()}\n${native.stdout}`;
}

describeCli('a change that waits to be confirmed', () => {
  test('is rolled back to the byte after kill -9 of rulesguard, of its shell and of the whole session', () =>
    withHost(async (host) => {
      await furnish(host);
      const before = await inForce(host);
      const shell = inShell(host, 4, FLUSH_ALL);
      await until(() => pendingFiles(host).length === 1);
      let flushed = await inForce(host);
      for (let i = 0; i < 50 && flushed.includes('DOCKER'); i++) {
        await sleep(50);
        flushed = await inForce(host);
      }
      expect(flushed).not.toContain('mine');
      process.kill(-(shell.pid ?? NaN), 'SIGKILL');
      const [file = ''] = pendingFiles(host);
      await until(() => endingsOf(host)[0] === 'rolled-back');
      expect(existsSync(file)).toBe(false);
      // Not by rulesguard as it was started, which is dead: by what it left behind.
      expect(shell.signalCode).toBe('SIGKILL');
      await until(() =>
        readFileSync(path.join(host.stateDir, 'pending/log'), 'utf8').includes('ROLLED BACK'),
      );
      expect(await inForce(host)).toBe(before);
      const late = await host.attempt(['confirm']);
      expect(late.code).toBe(1);
      expect(late.stderr).toMatch(/too late: it was rolled back at 20/);
      expect((await host.attempt(['rollback'])).code).toBe(0);
      expect(await inForce(host)).toBe(before);
    }));

  test('confirmed on another terminal it stays, and its timer ends', () =>
    withHost(async (host) => {
      const running = host.start(confirming(3, 'iptables-nft', '-N', 'new'));
      await until(() => pendingFiles(host).length === 1);
      await host.run('confirm');
      const { exitCode, stderr } = await running;
      expect(stderr).toContain('CONFIRMED');
      expect(exitCode).toBe(0);
      await sleep(5_000);
      expect(await host.rules()).toContain(':new ');
      expect((await host.attempt(['confirm'])).stderr).toContain('no change is waiting');
    }));

  test('typed y on the terminal it stays', () =>
    withHost(async (host) => {
      const line = `${process.execPath} ${PROGRAM} run --mode report --confirm 20 -- iptables-nft -N new`;
      const terminal = host.ns.exec(
        'sh',
        ['-c', '(sleep 3; echo y; sleep 3) | script -qec "$0" /dev/null', line],
        {
          env: host.env,
        },
      );
      const { code, stdout } = await terminal;
      expect(stdout).toContain('Type y and Enter');
      expect({ code, confirmed: stdout.includes('CONFIRMED') }).toEqual({ code: 0, confirmed: true });
      expect(await host.rules()).toContain(':new ');
    }));

  test('a second one is refused before it is run, and the first can be rolled back at once', () =>
    withHost(async (host) => {
      const before = await host.rules();
      const running = host.start(confirming(600, 'iptables-nft', '-N', 'new'));
      await until(() => pendingFiles(host).length === 1);
      const second = await host.attempt(confirming(9, 'iptables-nft', '-F'));
      expect(second.code).toBe(1);
      expect(second.stderr).toContain('another change is waiting');
      expect(await host.run('rollback')).toContain('ROLLED BACK');
      const { exitCode, stderr } = await running;
      expect(exitCode).toBe(1);
      expect(stderr).toContain('ROLLED BACK');
      expect(timeless(await host.rules())).toBe(before);
    }));

  test('a command that outlives its time is rolled back again when it ends', () =>
    withHost(async (host) => {
      const before = await host.rules();
      const change = 'sleep 4; iptables-nft -N late';
      const words = confirming(1, 'sh', '-c', change);
      const { code, stderr } = await host.attempt(words);
      expect(code).toBe(1);
      expect(stderr).toContain('before the command had ended');
      expect(await host.rules()).toBe(before);
    }));

  test('tables made since are gone or empty', () =>
    withHost(async (host) => {
      const change =
        'iptables -t security -A INPUT -j ACCEPT; nft add table inet newer; iptables -t security -P OUTPUT DROP';
      const { code } = await host.attempt(confirming(1, 'sh', '-c', change));
      expect(code).toBe(1);
      expect(await host.sh('iptables -t security -S')).toBe(
        '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n',
      );
      expect(await host.sh('nft list tables')).not.toContain('newer');
    }));

  test('a record that others may write, or that was changed, is not used', () =>
    withHost(async (host) => {
      const running = host.start(confirming(600, 'iptables-nft', '-N', 'new'));
      await until(() => pendingFiles(host).length === 1);
      const [file = ''] = pendingFiles(host);
      await sleep(1_500);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replaceAll('DOCKER', 'D0CKER'));
      const changed = await host.attempt(['rollback']);
      expect(changed.code).toBe(3);
      expect(changed.stderr).toContain('does not match its digest');
      writeFileSync(file, text);
      chmodSync(file, 0o666);
      expect((await host.attempt(['rollback'])).stderr).toContain('may be written by others');
      expect(await host.rules()).toContain(':new ');
      chmodSync(file, 0o600);
      await host.run('rollback');
      await running;
    }));
});
