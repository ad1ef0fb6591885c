import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';

const OWN = `table inet close {
	set admins {
		type ipv4_addr
		elements = { 192.0.2.7 }
	}

	set seen {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 1m
	}

	chain forward {
		type filter hook forward priority -10; policy accept;
		ip saddr @admins accept
		iifname "eth0" tcp dport 5432 counter drop
	}
}
`;
const OTHER = 'table ip somebody {\n\tchain c {\n\t\tip daddr 192.0.2.9 drop\n\t}\n}\n';

const fileOf = (host: CliHost): string => path.join(host.folder, 'declared', 'docker-user.nft');

async function load(host: CliHost, text: string): Promise<void> {
  const { code, stderr } = await host.ns.exec('nft', ['-f', '-'], { input: text });
  if (code !== 0) throw new Error(stderr);
}

const list = (host: CliHost, table = 'inet close'): Promise<string> => host.sh(`nft -s list table ${table}`);

const declare = (host: CliHost, table: string, ...more: string[]) =>
  host.attempt(['snapshot', '--declare', '--table', table, ...more]);

const declared = (body: (host: CliHost) => Promise<void>): Promise<void> =>
  withHost(async (host) => {
    await load(host, OWN + OTHER);
    await host.run('snapshot');
    expect(await declare(host, 'inet close')).toMatchObject({ code: 0, stderr: '' });
    await body(host);
  });

describeCli('a table of nftables that is declared', () => {
  test('is written as nft loads it, and is damage when it is gone until a restore has brought it back; undone with the restore', () =>
    declared(async (host) => {
      const [before, other] = [await list(host), await list(host, 'ip somebody')];
      expect(statSync(fileOf(host)).mode & 0o777).toBe(0o600);
      expect((await host.ns.exec('nft', ['-c', '-f', fileOf(host)])).code).toBe(0);
      await host.run('check', 0);
      await host.sh('nft delete table inet close');
      expect(await host.run('check', 1)).toMatch(/^DAMAGED .*declared table inet close is gone/s);
      expect(await host.run('check --diff', 1)).toContain('-table inet close {');
      expect(await host.run('restore')).toMatch(/^REPAIRED {2}1 finding in 1 step/);
      expect(await list(host)).toBe(before);
      expect(await host.run('check', 0)).toMatch(/^INTACT/);
      expect(await list(host, 'ip somebody')).toBe(other);
      await host.run('restore --undo');
      await expect(list(host)).rejects.toThrow('No such file');
      expect(await list(host, 'ip somebody')).toBe(other);
    }));

  test('comes back with Docker’s rules in one restore, and one undo takes both back', () =>
    declared(async (host) => {
      const before = await list(host);
      await host.sh('nft flush table inet close');
      await host.sh('iptables -t nat -F POSTROUTING');
      expect(await host.run('check', 1)).toContain('declared table inet close has lost rules');
      await host.run('restore');
      expect(await list(host)).toBe(before);
      await host.run('check', 0);
      await host.run('restore --undo');
      expect(await list(host)).not.toContain('5432');
      expect(await host.sh('iptables -t nat -S POSTROUTING')).not.toContain('MASQUERADE');
    }));

  test('that was changed is shown, and taken over or rolled back on the word of the operator alone', () =>
    declared(async (host) => {
      const before = await list(host);
      await host.sh('nft insert rule inet close forward tcp dport 22 accept');
      expect(await host.run('check --diff', 1)).toMatch(/^\+\s+tcp dport 22 accept/m);
      const unsaid = await declare(host, 'inet close');
      expect(unsaid).toMatchObject({ code: 1 });
      expect(unsaid.stdout).toMatch(/NOT DECLARED.*--table 'inet close' --yes/s);
      const boot = await host.attempt(['restore', '--source', 'declared', '--scheduled']);
      expect(boot).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('somebody changed it') as string,
      });
      expect(await list(host)).toContain('dport 22');
      await host.run('restore');
      expect(await list(host)).toBe(before);
      await host.sh('nft insert rule inet close forward tcp dport 22 accept');
      expect(await declare(host, 'inet close', '--yes')).toMatchObject({ code: 0 });
      await host.run('check', 0);
    }));

  test('comes back as at boot', () =>
    declared(async (host) => {
      const before = await list(host);
      await host.sh('nft delete table inet close');
      await host.run('restore --source declared --scheduled');
      expect(await list(host)).toBe(before);
    }));

  test.each([
    ['ip filter', /is where iptables keeps its rules/],
    ['inet firewalld', /is kept by firewalld/],
    ['ip docker-bridges', /is Docker's own/],
    ['inet clsoe', /Did you mean 'inet close'\?/],
    ['inet nothing', /These do: .*'inet close'/],
  ])('%s is not declared', (table, why) =>
    withHost(async (host) => {
      await load(host, OWN + OTHER);
      const { code, stderr } = await declare(host, table);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(why) as string });
    }),
  );

  test('is a fault by its line where the file holds anything else, and the file is kept', () =>
    withHost(async (host) => {
      mkdirSync(path.dirname(fileOf(host)), { recursive: true, mode: 0o755 });
      const text = 'table inet close {\n\tinclude "/etc/shadow"\n}\n';
      writeFileSync(fileOf(host), text, { mode: 0o600 });
      const { code, stderr } = await host.attempt(['check']);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('docker-user.nft is not used: line 2 holds include') as string,
      });
      expect(readFileSync(fileOf(host), 'utf8')).toBe(text);
    }));
});
