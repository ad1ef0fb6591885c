import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeCli, filesOf, readJson } from '../../support/cli.ts';
import { withNftHost, type NftHost } from '../../support/nftables/cli.ts';
import { HEALTHY, withPeople } from '../../support/nftables/peopled.ts';
import { until } from '../../support/until.ts';

const CLOSE = `table inet close {
	chain forward {
		type filter hook forward priority filter - 10; policy accept;
		iifname "eth0" meta l4proto tcp ct original proto-dst 8080 drop
	}
}
`;
/** What somebody adds to it. */
const REFUSED = 'oifname "eth0" drop';
const ADDED = `add rule inet close forward ${REFUSED}\n`;
const DIVERTS = `table inet close {
	chain divert {
		type nat hook prerouting priority dstnat - 10;
		tcp dport 8080 redirect to :9
	}
}
`;
const OPEN = HEALTHY;
const CLOSED = { ...HEALTHY, published: 'closed' };

/** What dockerd writes when it is started again. */
const DOCKERS = readFileSync(
  fileURLToPath(new URL('../../fixtures/nftables-29.7/plain/nft.json', import.meta.url)),
  'latin1',
);

const listed = ({ nft }: NftHost): Promise<string> => nft(['-s', 'list', 'table', 'inet', 'close']);

interface Noted {
  readonly continues: string | null;
  readonly tables?: { readonly own?: true };
}

const entries = (host: NftHost): readonly Noted[] =>
  filesOf(host.host, 'journal').map((file) => readJson(file) as Noted);

const declared = (body: (host: NftHost, ways: () => Promise<typeof HEALTHY>) => Promise<void>) =>
  withNftHost('plain', (host) =>
    withPeople(host, async (ways) => {
      await host.nft(['-f', '-'], CLOSE);
      expect(await ways()).toEqual(CLOSED);
      expect(await host.run('snapshot')).toMatchObject({ code: 0 });
      expect(await host.run('snapshot --declare --table inet\tclose')).toMatchObject({ code: 0 });
      await body(host, ways);
    }),
  );

describeCli('a declared table beside an Engine that writes with nftables', () => {
  test.each<[what: string, damage: (host: NftHost) => Promise<unknown>]>([
    ['it is deleted', ({ nft }) => nft(['delete', 'table', 'inet', 'close'])],
    ['its rules are flushed', ({ nft }) => nft(['flush', 'table', 'inet', 'close'])],
    [
      'all is flushed, and dockerd is started again',
      async ({ nft, host }) => {
        await nft(['flush', 'ruleset']);
        const { code } = await host.ns.exec(
          'sh',
          ['-c', 'cat >"$0" && nft -j -f "$0"', `${host.folder}/dockers.json`],
          { input: DOCKERS },
        );
        expect(code).toBe(0);
      },
    ],
  ])('%s: what it closed is open until a restore, as packets see it', (_, damage) =>
    declared(async (host, ways) => {
      const whole = await listed(host);
      await damage(host);
      expect(await ways()).toEqual(OPEN);
      const checked = await host.run('check');
      expect(checked.code).toBe(1);
      expect(checked.said).toMatch(
        /the declared table inet close (?:is gone|has lost rules): what it closes may stand open/,
      );
      expect(await host.run('restore')).toMatchObject({ code: 0 });
      expect(await ways()).toEqual(CLOSED);
      expect(await listed(host)).toBe(whole);
      expect(await host.run('check')).toMatchObject({ code: 0 });
      expect(await host.run('restore --undo')).toMatchObject({ code: 0 });
      expect(await ways()).toEqual(OPEN);
    }),
  );

  test('what it closes is meant from the moment it is declared; what it diverts, and what somebody adds to it, is told', () =>
    withNftHost('plain', async (host) => {
      await host.nft(['-f', '-'], CLOSE);
      expect(await host.run('check')).toMatchObject({ code: 1 });
      expect(await host.run('snapshot --declare --table inet\tclose')).toMatchObject({ code: 0 });
      const closed = await host.run('check');
      expect(closed).toMatchObject({ code: 0 });
      expect(closed.said).toMatch(/^INTACT/m);

      await host.nft(['-f', '-'], ADDED);
      const added = await host.run('check');
      expect(added.code).toBe(1);
      expect(added.said).toContain(REFUSED);
      await host.nft(['flush', 'table', 'inet', 'close']);
      await host.nft(['-f', '-'], DIVERTS);
      expect(await host.run('snapshot --declare --yes --table inet\tclose')).toMatchObject({ code: 0 });
      const diverted = await host.run('check');
      expect(diverted.code).toBe(1);
      expect(diverted.said).toContain('redirect to :9');
    }));

  test('all is flushed: one restore closes before it opens, and what would be done is shown before', () =>
    declared(async (host, ways) => {
      await host.nft(['flush', 'ruleset']);
      const dry = await host.run('restore --dry-run');
      expect(dry.stdout).toMatch(/^inet close {2}made again as declared.*^ip docker-bridges/ms);
      expect(entries(host)).toHaveLength(0);
      expect(await host.run('restore')).toMatchObject({ code: 0 });
      expect(await ways()).toEqual(CLOSED);
      expect(entries(host).map(({ tables }) => tables?.own)).toEqual([true, undefined]);
      expect((await host.run('restore --dry-run')).stdout).not.toContain('inet close');
    }));

  test('watch closes again what a flush opened, before Docker’s rules open it; what somebody changed it only tells', () =>
    declared(async (host, ways) => {
      const whole = await listed(host);
      const watching = host.start(['watch', '--mode', 'repair']);
      const logged = async (text: string): Promise<boolean> => (await host.run('log')).said.includes(text);
      const isWhole = async (): Promise<boolean> =>
        (await listed(host).catch(() => '')) === whole && (await host.run('check')).code === 0;
      try {
        await until(async () => /^watch +runs, pid/m.test((await host.run('status')).stdout));
        await host.nft(['flush', 'ruleset']);
        await until(isWhole);
        expect(await ways()).toEqual(CLOSED);
        const [first, second] = entries(host);
        expect(first).toMatchObject({ tables: { own: true } });
        expect(second?.continues).not.toBeNull();

        await host.nft(['delete', 'table', 'inet', 'close']);
        await until(isWhole);
        expect(await ways()).toEqual(CLOSED);

        await until(() => logged('repaired'));
        const before = entries(host).length;
        await host.nft(['insert', 'rule', 'inet', 'close', 'forward', 'accept']);
        await until(() => logged('the declared table inet close is not as declared'));
        expect(entries(host)).toHaveLength(before);
        expect(await host.run('restore')).toMatchObject({ code: 0 });
        expect(await listed(host)).toBe(whole);
      } finally {
        watching.kill('SIGTERM');
        await watching;
      }
    }));
});
