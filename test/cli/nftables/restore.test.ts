import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { oneIn } from '../../support/incident/share.ts';
import { withNftHost, type NftHost } from '../../support/nftables/cli.ts';
import { plain } from '../../support/nftables/plain.ts';

const others = ({ nft }: NftHost): Promise<string> => nft(['list', 'table', 'inet', 'mine']);

const DAMAGES: readonly (readonly [what: string, damage: string])[] = [
  ['flush ruleset', 'flush ruleset'],
  ['both tables deleted', 'delete table ip docker-bridges\ndelete table ip6 docker-bridges'],
  ['a table flushed', 'flush table ip docker-bridges'],
  ['translations flushed', 'flush chain ip docker-bridges nat-prerouting-and-output'],
  ['the way out flushed', 'flush chain ip docker-bridges nat-POSTROUTING'],
  ['raw flushed', 'flush chain ip docker-bridges raw-PREROUTING'],
  ['a map emptied', 'flush map ip docker-bridges filter-forward-in-jumps'],
  [
    'an element led elsewhere',
    'delete element ip docker-bridges nat-postrouting-out-jumps { "docker0" }\nadd element ip docker-bridges nat-postrouting-out-jumps { "docker0" : jump nat-postrouting-in__docker0 }',
  ],
  [
    'a policy of drop',
    'add chain ip docker-bridges filter-FORWARD { type filter hook forward priority 0 ; policy drop ; }',
  ],
];

describeCli('restore beside an Engine that writes with nftables', () => {
  test.each(oneIn(4, DAMAGES))(
    '%s: repaired to the letter, others left alone, and undone again',
    (_, damage) =>
      withNftHost('modes', async (host) => {
        const { nft, run, tables } = host;
        const before = plain(await tables());
        await nft(['-f', '-'], damage);
        await nft(
          ['-f', '-'],
          'add table inet mine\nadd chain inet mine c { type filter hook forward priority -5 ; }\nadd rule inet mine c iifname "wg9" counter accept\n',
        );
        const [mine, damaged] = [await others(host), plain(await tables())];
        expect((await run('check')).code).toBe(1);
        const dry = await run('restore --dry-run');
        expect(dry).toMatchObject({
          code: 0,
          said: expect.stringContaining('together or not at all') as string,
        });
        expect(plain(await tables())).toBe(damaged);
        const { code, said } = await run('restore');
        expect({ code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/^REPAIRED/) as string });
        expect(plain(await tables())).toBe(before);
        expect(await others(host)).toBe(mine);
        expect((await run('check')).said).not.toMatch(/^DAMAGED/);
        const again = await run('restore');
        expect(again).toMatchObject({ code: 0, said: expect.stringContaining('nothing to do') as string });
        const undone = await run('restore --undo');
        expect(undone).toMatchObject({ code: 0, said: expect.stringMatching(/^UNDONE/) as string });
        expect(plain(await tables())).toBe(damaged);
        expect(await others(host)).toBe(mine);
      }),
  );

  test('what is Docker’s is back, and a drop of somebody’s still decides: exit 0, told, and check is exit 1', () =>
    withNftHost('plain', async ({ nft, run }) => {
      await nft(
        ['-f', '-'],
        'flush chain ip docker-bridges nat-POSTROUTING\nadd table inet mine\nadd chain inet mine f { type filter hook forward priority -5 ; policy drop ; }\n',
      );
      const restored = await run('restore');
      expect(restored).toMatchObject({ code: 0, said: expect.stringMatching(/^REPAIRED/) as string });
      expect(restored.said).toContain("something decides before them that is not Docker's");
      expect(await run('check')).toMatchObject({
        code: 1,
        said: expect.stringMatching(/^OVERRIDDEN/) as string,
      });
    }));

  test('what was counted is kept, and a user’s rule in Docker’s chain stays', () =>
    withNftHost('plain', async ({ nft, run, tables }) => {
      const counted = /counter packets 9 bytes 569 accept/;
      expect(await tables()).toMatch(counted);
      await nft(
        ['-f', '-'],
        'insert rule ip docker-bridges filter-forward-in__docker0 iifname "wg9" counter accept comment "mine"\nflush chain ip docker-bridges nat-POSTROUTING',
      );
      expect(await run('restore')).toMatchObject({ code: 0 });
      expect(await tables()).toMatch(counted);
      expect(await tables()).toContain('iifname "wg9" counter packets 0 bytes 0 accept comment "mine"');
    }));

  test('an undo is refused once Docker has written', () =>
    withNftHost('plain', async ({ nft, run, tables }) => {
      await nft(['flush', 'chain', 'ip', 'docker-bridges', 'nat-POSTROUTING']);
      expect(await run('restore')).toMatchObject({ code: 0 });
      await nft(['add', 'chain', 'ip', 'docker-bridges', 'filter-forward-in__br-new']);
      const now = await tables();
      const { code, said } = await run('restore --undo');
      expect(code).toBe(1);
      expect(said).toMatch(/not as it left them/);
      expect(await tables()).toBe(now);
    }));

  test('--print is what nft takes', () =>
    withNftHost('plain', async ({ nft, run, tables }) => {
      const before = plain(await tables());
      await nft(['flush', 'ruleset']);
      const { stdout } = await run('restore --print');
      await nft(['-f', '-'], stdout);
      expect(plain(await tables())).toBe(before);
    }));

  test('Docker’s own next update goes well on repaired tables', () =>
    withNftHost('plain', async ({ nft, run }) => {
      await nft(['flush', 'ruleset']);
      expect(await run('restore')).toMatchObject({ code: 0 });
      // As dockerd does: chains are flushed and filled again, elements deleted by their keys (docs/reference/docker-nftables.md).
      await nft(
        ['-f', '-'],
        [
          'table ip docker-bridges { }',
          'add chain ip docker-bridges filter-forward-in__docker0',
          'flush chain ip docker-bridges filter-forward-in__docker0',
          ...['filter-forward-in', 'filter-forward-out', 'nat-postrouting-in', 'nat-postrouting-out'].map(
            (map) => `delete element ip docker-bridges ${map}-jumps { docker0 }`,
          ),
          'delete chain ip docker-bridges filter-forward-in__docker0',
          '',
        ].join('\n'),
      );
    }));
});
