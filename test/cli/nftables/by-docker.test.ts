import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';
import { plain } from '../../support/nftables/plain.ts';

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

describeCli('restore --by-docker', () => {
  test('does nothing where nothing is lost, and changes nothing where the Engine refuses', () =>
    withNftHost('plain', async ({ nft, run, tables }) => {
      expect(await run('restore --by-docker')).toMatchObject({ code: 0, stdout: matching(/nothing to do/) });
      await nft(['-f', '-'], 'flush chain ip docker-bridges nat-POSTROUTING');
      const damaged = plain(await tables());
      // A recorded Engine makes no network.
      expect(await run('restore --by-docker')).toMatchObject({
        code: 3,
        said: matching(/the Engine makes no network[^]*404 [^]*rulesguard restore/),
      });
      expect(plain(await tables())).toBe(damaged);
      expect(await run('restore')).toMatchObject({ code: 0, stdout: matching(/^REPAIRED/) });
    }));

  test('is refused where Docker would take a rule of somebody’s away, and where no Engine answers', () =>
    withNftHost('plain', async ({ nft, run, host }) => {
      await nft(
        ['-f', '-'],
        'insert rule ip docker-bridges filter-FORWARD iifname "wg9" accept\nflush chain ip docker-bridges nat-POSTROUTING',
      );
      expect(await run('restore --by-docker')).toMatchObject({
        code: 2,
        said: matching(/something in them is not Docker's[^]*iifname "wg9" accept/),
      });
      const { code, stderr } = await host.attempt(['restore', '--by-docker']);
      expect({ code, stderr }).toMatchObject({ code: 3 });
      expect(await run('restore --by-docker --dry-run')).toMatchObject({ code: 2 });
    }));
});
