import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { without } from '../../support/missing-tools.ts';
import { withNftHost } from '../../support/nftables/cli.ts';
import { plain } from '../../support/nftables/plain.ts';

describeCli('a host where iptables is not installed', () => {
  test('is checked, recorded and repaired: Docker does not need it', () =>
    withNftHost('plain', async ({ nft, run, tables }) => {
      const before = plain(await tables());
      const here = (args: string) => run(args, undefined, without('*tables-*'));
      expect(await here('check')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^INTACT/) as string,
      });
      expect(await here('snapshot')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^RECORDED/) as string,
      });
      await nft(['-f', '-'], 'flush ruleset');
      expect(await here('check')).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^DAMAGED/) as string,
      });
      expect(await here('restore')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^REPAIRED/) as string,
      });
      expect(plain(await tables())).toBe(before);
    }));

  test('and a change is judged, made and repaired', () =>
    withNftHost('plain', async ({ nft, run, tables }) => {
      const before = plain(await tables());
      const here = (args: string) => run(args, undefined, without('*tables-*'));
      await nft(['-f', '-'], 'add table ip filter\nadd chain ip filter mine\n');
      expect(await here('run -n -- nft add table inet mine')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^SAFE/) as string,
      });
      for (const line of [
        'nft flush ruleset',
        'nft add chain ip filter FORWARD {type filter hook forward priority 0;policy drop;}',
      ])
        expect(await here(`run -- ${line}`)).toMatchObject({
          code: 1,
          said: expect.stringMatching(/WOULD BREAK/) as string,
        });
      expect(await here('run --mode repair -- nft flush ruleset')).toMatchObject({
        code: 0,
        said: expect.stringMatching(/REPAIRED/) as string,
      });
      expect(plain(await tables())).toBe(before);
    }));

  test('and a rule in a table of iptables is followed all the same', () =>
    withNftHost('plain', async ({ nft, run }) => {
      await nft(
        ['-f', '-'],
        'add table ip filter\nadd chain ip filter FORWARD { type filter hook forward priority 0 ; policy drop ; }',
      );
      expect(await run('check', undefined, without('*tables-*'))).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^OVERRIDDEN[^]*ip filter/) as string,
      });
    }));
});
