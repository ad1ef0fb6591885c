import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectionsIn, whyNoAnsible } from '../support/fleet/ansible.ts';
import { describeCli, PROGRAM, timeless } from '../support/cli.ts';
import { sshPackages, startSshHosts, type SshHosts } from '../support/peers/sshd.ts';
import type { Outcome } from '../support/program.ts';
import { recording } from '../support/recorded/recordings.ts';

/* The role `change` by ansible-playbook and OpenSSH's own client and server: what a change does to them is theirs, and not a stand-in's. */

const reason = whyNoAnsible();
const HARMLESS = ['iptables-nft', '-A', 'DOCKER-USER', '-s', '192.0.2.9/32', '-j', 'RETURN'];
const SSH = ['iptables-nft', '-I', 'INPUT', '-p', 'tcp', '--dport', '22', '-j'];

describe.skipIf(reason !== undefined)(`the role change${reason ? ` (skipped: ${reason})` : ''}`, () => {
  describeCli('over real ssh', () => {
    let folder = '';
    let hosts: SshHosts;
    const file = (name: string): string => path.join(folder, name);

    /** Runs a command line as root on the host, and returns what it printed. */
    async function root(line: string): Promise<string> {
      const { code, stdout, stderr } = await hosts.exec(['sh', '-c', line]);
      expect({ line, code, stderr }).toEqual({ line, code: 0, stderr });
      return stdout;
    }
    const rules = async (): Promise<string> => timeless(await root('iptables-nft-save'));
    const changes = async (): Promise<readonly string[]> =>
      (await root('ls /var/lib/rulesguard/pending 2>/dev/null || :'))
        .split('\n')
        .filter((name) => /^\d+-/.test(name))
        .map((name) => name.replace(/^[^.]*\./, ''));

    /** Plays the role with a change. */
    function play(
      command: readonly string[],
      seconds: number,
      words: readonly string[] = [],
    ): Promise<Outcome> {
      const vars = {
        rulesguard_change_command: command,
        rulesguard_change_seconds: seconds,
        rulesguard_change_mode: 'report',
        rulesguard_change_ports: [22],
      };
      const role = { 'ansible.builtin.include_role': { name: 'rulesguard.firewall.change' }, vars };
      writeFileSync(file('play.yml'), JSON.stringify([{ hosts: 'all', gather_facts: false, tasks: [role] }]));
      const env = {
        ANSIBLE_COLLECTIONS_PATH: file('collections'),
        ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
        ANSIBLE_TIMEOUT: '3',
        HOME: file('root'),
        LC_ALL: 'C.UTF-8',
      };
      return hosts.exec(['ansible-playbook', '-i', 'target,', '-u', 'root', ...words, file('play.yml')], {
        env,
        timeout: 300_000,
      });
    }

    beforeAll(async () => {
      const packages = await sshPackages();
      if (packages === undefined) throw new Error('openssh-server and sudo cannot be downloaded');
      folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-change-'));
      collectionsIn(file('collections'));
      writeFileSync(file('rules'), recording('engine-28.5-plain').text.ipv4);
      const program = `'${process.execPath}' '${PROGRAM}'`;
      hosts = await startSshHosts(folder, packages, { target: `exec ${program} "$@"` });
      // The program's own folders, as the collection expects them, and nothing of this machine's in them.
      await root('mount -t tmpfs none /var/lib');
      await root(`iptables-nft-restore <'${file('rules')}' && ${program} snapshot`);
    });
    afterAll(async () => {
      await hosts.dispose();
    });

    test('check mode judges a change, and makes none', async () => {
      const before = await rules();
      const { code, stdout } = await play(HARMLESS, 60, ['--check']);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('failed=0') as string });
      expect(await rules()).toBe(before);
      expect(await changes()).toEqual([]);
    });

    test('a harmless change is made and confirmed', async () => {
      const { code, stdout } = await play(HARMLESS, 60);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/unreachable=0 +failed=0/) as string,
      });
      expect(await rules()).toContain('-A DOCKER-USER -s 192.0.2.9/32 -j RETURN\n');
      expect(await changes()).toEqual(['confirmed']);
    });

    test.each([
      ['stalls until it is rolled back', ['DROP']],
      ['is reset', ['REJECT', '--reject-with', 'tcp-reset']],
    ])('a change by which the connection %s is rolled back, and the play says so', async (_, how) => {
      const before = await rules();
      const { code, stdout } = await play([...SSH, ...how], 5);
      expect({ code, stdout }).toEqual({
        code: 2,
        stdout: expect.stringMatching(/FAILED! => .*"msg": "The change was rolled back: /) as string,
      });
      expect(stdout).toMatch(/unreachable=0 +failed=1 /);
      expect(await rules()).toBe(before);
      expect((await changes()).at(-1)).toBe('rolled-back');
      await root('HOME=/ ssh target true');
    });
  });
});
