import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { nodeFolder } from '../../packaging/linux/node-binary.mjs';
import { PROGRAM, PROJECT } from '../support/cli.ts';

/** Where monitoring reads it, and nothing anywhere else. */
const SAYS =
  /^\S.* 12\.22\.12 .*too old.* 20\.19, 22\.12, or 24 and newer; nothing was looked at or changed$/;

test('under a Node that is too old every command says so in one line, and cannot tell', async () => {
  const old = path.join(nodeFolder('tooOld'), 'bin', 'node');
  const run = (...words: readonly string[]) => execa(old, [PROGRAM, ...words], { reject: false });
  for (const words of [['check'], ['hook', 'post'], ['--version'], []]) {
    const { exitCode, stdout, stderr } = await run(...words);
    expect({ words, exitCode, stdout }).toEqual({ words, exitCode: 3, stdout: '' });
    expect(stderr).toMatch(SAYS);
  }
  const plugin = await run('check', '--nagios');
  expect({ exitCode: plugin.exitCode, stderr: plugin.stderr }).toEqual({ exitCode: 3, stderr: '' });
  expect(plugin.stdout).toMatch(SAYS);
  expect(plugin.stdout).toMatch(/^RULESGUARD UNKNOWN - /);
});

test('which Nodes run it: what npm warns of is what is refused', async () => {
  const { engines } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  expect(engines.node).toBe('^20.19.0 || ^22.12.0 || >=24');
  const pretend = (version: string) =>
    execa(
      process.execPath,
      [
        '--eval',
        // As Node starts it, but for the version.
        `Object.defineProperty(process.versions, 'node', { value: '${version}' });
         process.argv.splice(1, 0, '${PROGRAM}');
         require('${PROGRAM}')`,
        '--',
        '--version',
      ],
      { reject: false },
    );
  const exits = {
    '18.20.4': 3,
    '20.18.9': 3,
    '21.7.3': 3,
    '22.11.0': 3,
    '20.19.0': 0,
    '22.12.0': 0,
    '24.0.0': 0,
  };
  for (const [version, exit] of Object.entries(exits))
    expect({ version, exit: (await pretend(version)).exitCode }).toEqual({ version, exit });
});
