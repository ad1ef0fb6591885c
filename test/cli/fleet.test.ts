import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { COLLECTION, collectionsIn, whyNoAnsible } from '../support/fleet/ansible.ts';
import { describeCli, PROGRAM, PROJECT, withEmptyHost, withHost, type CliHost } from '../support/cli.ts';
import { putProgram } from '../support/hook-root.ts';

const ROLES = ['install', 'configure', 'hooks', 'watch', 'change'] as const;
const reason = whyNoAnsible();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** What a module answers, as Ansible reads it. */
interface Answer {
  readonly changed?: boolean;
  readonly failed?: boolean;
  readonly msg?: string;
  readonly state?: string;
  readonly id?: string;
  readonly verdict?: string;
  readonly diff?: { readonly prepared: string };
  readonly ansible_facts?: { readonly rulesguard: Readonly<Record<string, unknown>> };
}

/** Runs a module on a host as Ansible does there: its arguments come on standard input. */
async function ask(
  host: CliHost,
  module: string,
  args: Readonly<Record<string, unknown>>,
  how: 'for real' | 'check mode' = 'for real',
): Promise<Answer> {
  const { file } = putProgram(host, `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`);
  const mode = how === 'check mode' ? { _ansible_check_mode: true, _ansible_diff: true } : {};
  const { stdout, stderr } = await host.ns.exec(
    '/usr/bin/python3',
    [path.join(COLLECTION, 'plugins/modules', `${module}.py`)],
    {
      env: { ...host.env, PYTHONPATH: path.join(host.folder, 'python'), PYTHONDONTWRITEBYTECODE: '1' },
      input: JSON.stringify({ ANSIBLE_MODULE_ARGS: { executable: file, ...args, ...mode } }),
    },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Answer;
}

/** A host with the rules of an Engine, recorded. */
const onHost = (body: (host: CliHost) => Promise<void>): Promise<void> =>
  withHost(async (host) => {
    collectionsIn(path.join(host.folder, 'python'));
    await host.run('snapshot');
    await body(host);
  });

describe.skipIf(reason !== undefined)(`the Ansible collection${skipped}`, () => {
  test('ansible-lint has nothing to say of it, and a play with every role and module is read', () =>
    withEmptyHost(async ({ folder }) => {
      const env = { ANSIBLE_COLLECTIONS_PATH: collectionsIn(folder), ANSIBLE_LOCALHOST_WARNING: 'false' };
      const play = path.join(folder, 'play.yml');
      const roles = ROLES.map((role) => ({
        'ansible.builtin.import_role': { name: `rulesguard.firewall.${role}` },
      }));
      writeFileSync(
        play,
        JSON.stringify([
          { hosts: 'all', tasks: [...roles, { 'rulesguard.firewall.rulesguard_check': { repair: true } }] },
        ]),
      );
      const inCollection = { cwd: path.join(folder, 'ansible_collections/rulesguard/firewall'), env };
      await Promise.all([
        execa('ansible-lint', ['--offline', '--nocolor', '-c', '.ansible-lint'], inCollection),
        execa('ansible-playbook', ['--syntax-check', '-i', 'localhost,', play], { env }),
      ]);
    }));

  test('its version is the program’s', () => {
    const version = (file: string): string | undefined =>
      /^\s*"?version"?: "?([\d.]+)/m.exec(readFileSync(path.join(PROJECT, file), 'utf8'))?.[1];
    expect(version('packaging/ansible/galaxy.yml')).toBe(version('package.json'));
  });
});

describeCli('the modules of the Ansible collection', () => {
  test.skipIf(reason !== undefined)(
    'check: whole; damaged is a failure; a repair is foretold, made, and not made twice',
    () =>
      onHost(async (host) => {
        expect(await ask(host, 'rulesguard_check', {})).toMatchObject({ changed: false, state: 'intact' });
        const before = await host.rules();
        await host.sh('iptables -F FORWARD');
        const damaged = await ask(host, 'rulesguard_check', {});
        expect(damaged).toMatchObject({ failed: true, state: 'damaged' });
        expect(damaged.msg).toMatch(/^DAMAGED\. \w+: /);
        expect(damaged.ansible_facts?.rulesguard['effects']).not.toEqual([]);
        expect(await ask(host, 'rulesguard_check', { fail_on: [] })).not.toHaveProperty('failed');

        const foretold = await ask(host, 'rulesguard_check', { repair: true }, 'check mode');
        expect(foretold).toMatchObject({ changed: true, state: 'damaged' });
        expect(foretold).not.toHaveProperty('failed');
        expect(foretold.diff?.prepared).toContain('-A FORWARD -j DOCKER-USER');
        expect(await host.rules()).not.toBe(before);

        expect(await ask(host, 'rulesguard_check', { repair: true })).toMatchObject({
          changed: true,
          state: 'intact',
        });
        expect(await host.rules()).toBe(before);
        expect(await ask(host, 'rulesguard_check', { repair: true })).toMatchObject({ changed: false });
      }),
  );

  test.skipIf(reason !== undefined)(
    'check: what nobody can tell is a failure, and never “intact”; check mode goes on without the program',
    () =>
      withEmptyHost(async (host) => {
        collectionsIn(path.join(host.folder, 'python'));
        const blind = await ask(host, 'rulesguard_check', {});
        expect(blind).toMatchObject({ failed: true, state: 'unknown' });
        expect(blind.msg).toMatch(/^Cannot tell: /);
        const executable = '/nonexistent/rulesguard';
        expect(await ask(host, 'rulesguard_check', { executable })).toMatchObject({ failed: true });
        expect(await ask(host, 'rulesguard_check', { executable }, 'check mode')).toMatchObject({
          changed: true,
        });
      }),
  );

  test.skipIf(reason !== undefined)(
    'change: judged in check mode; made and kept, made and rolled back, refused',
    () =>
      onHost(async (host) => {
        const good = ['iptables-nft', '-A', 'INPUT', '-p', 'tcp', '--dport', '22', '-j', 'ACCEPT'];
        const bad = ['iptables-nft', '-F', 'FORWARD'];
        const change = (args: Readonly<Record<string, unknown>>, how?: 'check mode') =>
          ask(host, 'rulesguard_change', args, how);
        const before = await host.rules();
        const judged = await change({ command: bad, mode: 'report' }, 'check mode');
        expect(judged).toMatchObject({ changed: true, verdict: 'would-break' });
        expect(judged.diff?.prepared).toMatch(/^WOULD BREAK/);
        expect(await change({ command: bad }, 'check mode')).toMatchObject({ failed: true });
        expect(await change({ command: bad })).toMatchObject({ failed: true });
        expect(await host.rules()).toBe(before);

        const rolledBack = await change({ command: good, mode: 'report', seconds: 300 });
        expect(await host.rules()).not.toBe(before);
        expect(await change({ state: 'rolled_back', id: rolledBack.id })).toMatchObject({ changed: true });
        expect(await host.rules()).toBe(before);
        expect(await change({ state: 'confirmed', id: rolledBack.id })).toMatchObject({ failed: true });

        const kept = await change({ command: good, mode: 'report', seconds: 300 });
        const made = await host.rules();
        expect(await change({ state: 'confirmed', id: kept.id })).toMatchObject({ changed: true });
        expect(await host.rules()).toBe(made);
        expect(await change({ state: 'rolled_back', id: kept.id })).toMatchObject({ changed: false });
      }),
  );
});
