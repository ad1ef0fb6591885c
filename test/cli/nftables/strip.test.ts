import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';

const MINE = `table inet mine {
	comment "a table of my own } {"
	map ports {
		type inet_service : verdict
		elements = { 22 : accept,
			     80 : drop }
	}

	chain input {
		type filter hook input priority filter; policy accept;
		tcp dport vmap @ports comment "docker-bridges"
	}
}
`;

describeCli('strip of what nft listed', () => {
  test('leaves out Docker’s own tables, keeps every other byte, and nft loads the rest', () =>
    withNftHost('modes', async ({ nft, run }) => {
      await nft(['-f', '-'], MINE);
      const listed = await nft(['-s', 'list', 'ruleset']);
      const mine = await nft(['-s', 'list', 'table', 'inet', 'mine']);
      expect(listed).toMatch(/^table ip docker-bridges \{$/m);
      const { code, stdout } = await run('strip', listed);
      expect({ code, stdout }).toEqual({ code: 0, stdout: mine });
      expect((await run('strip', `#!/usr/sbin/nft -f\nflush ruleset\n\n${listed}`)).stdout).toBe(
        `#!/usr/sbin/nft -f\nflush ruleset\n\n${mine}`,
      );
      await nft(['-f', '-'], `flush ruleset\n${stdout}`);
      expect(await nft(['-s', 'list', 'ruleset'])).toBe(mine);
    }));

  test.each<[what: string, input: string, code: RegExp]>([
    [
      'Docker’s rules of iptables',
      'table ip nat {\n\tchain DOCKER {\n\t\taccept\n\t}\n}\n',
      /rules of iptables, Docker's among them[^]*ip nat DOCKER/,
    ],
    ['a listing that was cut', `${MINE}table ip docker-bridges {\n\tchain filter-FORWARD {\n`, /was cut/],
    [
      'a command about Docker’s table',
      `${MINE}add rule ip docker-bridges filter-FORWARD accept\n`,
      /is not understood/,
    ],
  ])('%s: refused, and nothing is printed', (_, input, says) =>
    withNftHost('plain', async ({ run }) => {
      expect(await run('strip', input)).toMatchObject({
        ...{ code: 3, stdout: '' },
        said: expect.stringMatching(says) as string,
      });
    }),
  );
});
