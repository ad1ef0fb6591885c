import { expect, test } from 'vitest';
import { describeCli, withHost } from '../../support/cli.ts';

describeCli('--log-level debug', () => {
  test('shows each command that is run, how it ended and how long it took', () =>
    withHost(async (host) => {
      const { stderr } = await host.attempt(['check', '--log-level', 'debug']);
      expect(stderr).toMatch(/^ran iptables-nft-save -c \(exit 0, \d+ ms\)$/m);
      expect(stderr).toMatch(/^ran ip6tables-nft-save -c \(exit 0, \d+ ms\)$/m);
      const quiet = await host.attempt(['check']);
      expect(quiet.stderr).not.toContain('iptables-nft-save');
    }));

  test('those of a rehearsal too, and the command that is guarded; each on a line, with nothing that acts on a terminal', () =>
    withHost(async (host) => {
      const words = ['run', '--log-level', 'debug', '--', 'sh', '-c', 'exit 0 #\u001b[2J'];
      const { code, stderr } = await host.attempt(words);
      expect(code).toBe(0);
      const guarded = String.raw`sh -c 'exit 0 #\x1b[2J'`;
      expect(stderr).toMatch(/^ran nsenter --net=\S+ iptables-nft-save -c \(exit 0, \d+ ms\)$/m);
      expect(stderr).toMatch(/^ran setpriv .*\(exit 0, \d+ ms\)$/m);
      const lines = stderr.split('\n');
      expect(lines.filter((line) => line.startsWith(`ran ${guarded} (exit 0, `))).toHaveLength(1);
      expect(lines.filter((line) => line.includes(` ${guarded} (exit 0, `))).toHaveLength(2);
    }));

  test('as JSON, with the words apart', () =>
    withHost(async (host) => {
      const { stderr } = await host.attempt(['check', '--log-level', 'debug', '--log-format', 'json']);
      const entries: readonly unknown[] = stderr
        .split('\n')
        .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as unknown] : []));
      expect(entries).toContainEqual(
        expect.objectContaining({
          ...{ level: 'debug', words: ['iptables-nft-save', '-c'], end: 'exit 0' },
          milliseconds: expect.any(Number) as number,
        }),
      );
    }));
});
