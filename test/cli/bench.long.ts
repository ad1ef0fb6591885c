import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { PROJECT, describeCli } from '../support/cli.ts';

describeCli('npm run bench', () => {
  test('runs to its end in its short form, and finds the rules repaired', async () => {
    const bench = path.join(PROJECT, 'test/bench/run.ts');
    const { exitCode, stdout, stderr } = await execa('npx', ['tsx', bench, '--short'], {
      cwd: PROJECT,
      reject: false,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.match(/^### .*/gm)).toEqual([
      '### Parse and print',
      '### Planning',
      '### check, bare',
      '### restore after iptables -F, bare',
      '### Around a firewall change',
      '### With and without following packets',
      '### Peak memory of check',
    ]);
    // Every table has a row for each ruleset, and no figure is missing.
    expect(stdout.match(/^\| .*all Docker's/gm)).toHaveLength(5);
    expect(stdout).not.toContain('NaN');
  });
});
