import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { describeCli, PROGRAM, withEmptyHost, withHost, type CliHost } from '../support/cli.ts';
import { put } from '../support/hook-root.ts';
import { serveRecorded } from '../support/recorded/engine.ts';

/** Sources the script, and completes the command line behind it as bash does when Tab is pressed. */
const BASH = `set -eu
source <(rulesguard completion bash)
[[ "$(complete -p rulesguard)" == *" -F _rulesguard rulesguard" ]]
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_rulesguard
[ "\${#COMPREPLY[@]}" = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;

/** The words a bash without any start-up file offers; fails where anything but words reaches the terminal. */
async function tab(
  host: CliHost,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const bin = path.join(host.folder, 'bin');
  put(bin, 'rulesguard', `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`, 0o755);
  const PATH = `${bin}:${host.env['PATH'] ?? ''}`;
  const { code, stdout, stderr } = await host.ns.exec(
    'bash',
    ['--norc', '--noprofile', '-c', BASH, 'bash', 'rulesguard', ...words],
    { env: { ...host.env, PATH, ...env } },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
}

describeCli('completion in a bash that has nothing but the script', () => {
  test('verbs, options of a verb, values, actions, targets of hooks', () =>
    withEmptyHost(async (host) => {
      expect(await tab(host, ['s'])).toEqual(['snapshot', 'status', 'strip']);
      expect(await tab(host, ['check', '--na'])).toEqual(['--nagios']);
      expect(await tab(host, ['check', '--source', 'e'])).toEqual(['engine']);
      expect(await tab(host, ['baseline', 've'])).toEqual(['verify']);
      expect(await tab(host, ['hook', 'install', 'uf'])).toEqual(['ufw']);
      expect(await tab(host, ['check', '--candidate', '/etc/'])).toEqual([]);
      expect(await tab(host, ['run', '--', 'iptab'])).toEqual([]);
    }));

  test('ids of baselines, also from the state folder that is named', () =>
    withHost(async (host) => {
      expect(await tab(host, ['baseline', 'show', '0'])).toEqual([]);
      await host.run('snapshot');
      const id = expect.stringMatching(/^000001-\d{8}T\d{6}Z$/) as string;
      expect(await tab(host, ['baseline', 'show', '0'])).toEqual([id]);
      expect(await tab(host, ['restore', '--baseline', ''])).toEqual([id]);
      const elsewhere = { RULESGUARD_STATE_DIR: '/nonexistent' };
      expect(await tab(host, ['check', '--baseline', ''], elsewhere)).toEqual([]);
      expect(await tab(host, ['check', '--state-dir', host.stateDir, '--baseline', ''], elsewhere)).toEqual([
        id,
      ]);
    }));

  test('ids of changes that wait, for confirm and rollback', () =>
    withEmptyHost(async (host) => {
      // Not the folder of the host itself: these records are empty, and every command would say so.
      const stateDir = path.join(host.folder, 'elsewhere');
      for (const name of ['000005-20261122T031044Z.failed', '000006-20261122T031144Z.confirmed'])
        put(path.join(stateDir, 'pending'), name, '{}');
      put(path.join(stateDir, 'pending'), '000007-20261122T031244Z.json', '{}');
      expect(await tab(host, ['confirm', '--state-dir', stateDir, ''])).toEqual(['000007-20261122T031244Z']);
      expect(await tab(host, ['rollback', '--state-dir', stateDir, ''])).toEqual([
        '000005-20261122T031044Z',
        '000007-20261122T031244Z',
      ]);
    }));

  test('containers and networks for doctor where an Engine answers, nothing where none does', () =>
    withHost(async (host) => {
      expect(await tab(host, ['doctor', ''])).toEqual([]);
      const engine = await serveRecorded(host, 'engine-29.7-routed');
      try {
        const offered = await tab(host, ['doctor', ''], engine.env);
        expect(offered).toEqual(expect.arrayContaining(['bridge']));
        expect(offered.length).toBeGreaterThan(2);
        expect(await tab(host, ['doctor', 'br'], engine.env)).toContain('bridge');
        expect(await tab(host, ['reach', 'br'], engine.env)).toContain('bridge');
        expect(await tab(host, ['doctor', 'web', '--to', 'br'], engine.env)).toContain('bridge');
        expect(await tab(host, ['doctor', 'web', '--from', 'l'], engine.env)).toContain('lo');
      } finally {
        engine.close();
      }
    }, 'engine-29.7-routed'));
});

describe('rulesguard completion', () => {
  const say = (args: readonly string[], SHELL: string) =>
    execa(process.execPath, [PROGRAM, 'completion', ...args], { env: { SHELL }, reject: false });

  test.each([
    ['/bin/bash', [], /^complete -o default -F _rulesguard rulesguard$/m],
    ['/usr/bin/zsh', [], /^#compdef rulesguard$/m],
    ['/usr/bin/fish', [], /^complete -c rulesguard /m],
    ['/usr/bin/ksh', [], /^complete -o default -F _rulesguard rulesguard$/m],
    ['/bin/bash', ['zsh'], /^#compdef rulesguard$/m],
  ])('under SHELL=%s with %j prints a script', async (shell, args, script) => {
    const { exitCode, stdout, stderr } = await say(args, shell);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(script);
  });

  test('names the shells there are for any other', async () => {
    const { exitCode, stderr } = await say(['ksh'], '/bin/bash');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/shell cannot be "ksh": allowed are "bash", "zsh", "fish"/);
  });

  test('--help says how to install it, and prints no script', async () => {
    const { exitCode, stdout } = await say(['--help'], '/bin/bash');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('source <(rulesguard completion bash)');
    expect(stdout).not.toContain('complete -');
  });
});
