import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost, withHost, type CliHost } from '../../support/cli.ts';

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

  test('is shown in a dry run, and printed for nft beside what is for iptables', () =>
    declared(async (host) => {
      await host.sh('nft delete table inet close');
      const dry = await host.run('restore --dry-run');
      expect(dry).toMatch(
        /^inet close {2}made again as declared, together or not at all\n.*^-\s+iifname "eth0"/ms,
      );
      expect(dry).not.toContain('Nothing to do');
      const { code } = await host.ns.exec('nft', ['-f', '-'], { input: await host.run('restore --print') });
      expect(code).toBe(0);
      await host.run('check', 0);
      await host.sh('nft delete table inet close');
      const plan = path.join(host.folder, 'plan.json');
      const { stderr } = await host.attempt(['restore', '--plan-out', plan]);
      expect(stderr).toContain('What is declared comes back with rulesguard restore: inet close');
    }));

  test('keeps whom its rules have shut out since, though its rules are lost', () =>
    declared(async (host) => {
      await host.sh('nft add element inet close seen { 192.0.2.9 timeout 10m }');
      await host.run('check', 0);
      await host.sh('nft flush chain inet close forward');
      await host.run('restore');
      expect(await list(host)).toContain('dport 5432');
      expect(await host.sh('nft list set inet close seen')).toMatch(/192\.0\.2\.9 timeout 10m expires 9m/);
      await host.run('check', 0);
    }));

  test('is held beside fail2ban, whose table and bans stay what they are', () =>
    declared(async (host) => {
      const ban = 'table inet f2b-table {\n\tset addr-set-sshd {\n\t\ttype ipv4_addr\n\t}\n}\n';
      await load(host, ban);
      await host.sh('nft delete table inet close');
      await host.sh('nft add element inet f2b-table addr-set-sshd { 192.0.2.66 }');
      await host.run('restore');
      expect(await list(host, 'inet f2b-table')).toContain('192.0.2.66');
      expect(await host.run('check --json')).toContain('"intact"');
    }));

  test('written by hand is compared as nft spells it', () =>
    declared(async (host) => {
      writeFileSync(
        fileOf(host),
        '# closed by hand\ntable inet close { chain forward { type filter hook forward priority -10; tcp dport {5432} drop; }; }\n',
      );
      expect(await host.run('check', 1)).toContain('the declared table inet close is not as declared');
      await host.run('restore');
      await host.run('check', 0);
      expect(await list(host)).toContain('tcp dport 5432 drop');
    }));

  test.each([
    [
      'that others may write',
      (file: string) => {
        chmodSync(file, 0o666);
      },
    ],
    [
      'of another owner',
      (file: string) => {
        chownSync(file, 65534, 65534);
      },
    ],
  ])('in a file %s is used by nothing', (_, spoil) =>
    declared(async (host) => {
      spoil(fileOf(host));
      const { code, stderr } = await host.attempt(['restore']);
      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: expect.stringContaining('does not belong to root, may be written by others') as string,
      });
    }),
  );

  test('that nft does not take is named, and nothing is lost for it', () =>
    declared(async (host) => {
      const before = await list(host);
      writeFileSync(fileOf(host), 'table inet close {\n\tchain c {\n\t\tjump nowhere\n\t}\n}\n');
      const { code, stdout } = await host.attempt(['restore']);
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringContaining('nft does not take it') as string,
      });
      expect(await list(host)).toBe(before);
    }));

  test('comes back as at boot', () =>
    declared(async (host) => {
      const before = await list(host);
      await host.sh('nft delete table inet close');
      await host.run('restore --source declared --scheduled');
      expect(await list(host)).toBe(before);
    }));

  test('comes back though there is no Engine, no baseline and no rule of iptables', () =>
    withEmptyHost(async (host) => {
      mkdirSync(path.dirname(fileOf(host)), { recursive: true, mode: 0o755 });
      writeFileSync(fileOf(host), OWN, { mode: 0o600 });
      expect(await host.run('restore --source declared --scheduled')).toMatch(/^REPAIRED/);
      expect(await list(host)).toContain('dport 5432');
      expect(await host.run('restore --source declared --scheduled')).toMatch(
        /^INTACT {2}.*what is declared is in place/,
      );
      expect(await host.sh('nft list tables')).toBe('table inet close\n');
    }));

  test.each([
    ['ip filter', /is where iptables keeps its rules/],
    ['inet firewalld', /is kept by firewalld/],
    ['ip docker-bridges', /is Docker's own/],
    ['inet f2b-table', /is kept by fail2ban/],
    ['inet shared', /holds chain f2b-chain, which fail2ban keeps/],
    ['close', /names no table: nftables has one of a name for each family/],
    ['inet clsoe', /Did you mean 'inet close'\?/],
    ['inet nothing', /These do: .*'inet close'/],
  ])('%s is not declared', (table, why) =>
    withHost(async (host) => {
      await load(host, `${OWN}${OTHER}table inet shared {\n\tchain f2b-chain {\n\t}\n}\n`);
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
