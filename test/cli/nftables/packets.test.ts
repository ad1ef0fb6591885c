import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost } from '../../support/nftables/cli.ts';
import { HEALTHY, withPeople } from '../../support/nftables/peopled.ts';

describeCli('packets beside an Engine that writes with nftables', () => {
  test.each<[what: string, damage: string]>([
    ['flush ruleset', 'flush ruleset'],
    [
      'the ways out and in flushed',
      'flush chain ip docker-bridges nat-POSTROUTING\nflush chain ip docker-bridges nat-PREROUTING\nflush chain ip docker-bridges raw-PREROUTING\nflush chain ip docker-bridges filter-FORWARD',
    ],
  ])('%s: check says what packets do, and after a restore they do as before', (_, damage) =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        expect(await ways()).toEqual(HEALTHY);
        await host.nft(['-f', '-'], damage);
        const damaged = await ways();
        // The listener in docker-proxy's place answers nothing.
        expect(damaged).toMatchObject({ ownAddress: '192.0.2.2', unpublished: '192.0.2.2' });
        expect(damaged.published).not.toBe('192.0.2.2');
        expect(damaged.outside).not.toBe('192.0.2.1');
        const { said } = await host.run('check');
        expect(said).toContain('reachable from outside, by its own address: web');
        expect(said).toContain('does not reach the outside: web');
        expect(await host.run('restore')).toMatchObject({ code: 0 });
        expect(await ways()).toEqual(HEALTHY);
      }),
    ),
  );
});
