import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost, type NftHost } from '../../support/nftables/cli.ts';
import { HEALTHY, withPeople } from '../../support/nftables/peopled.ts';
import { plain } from '../../support/nftables/plain.ts';
import { without } from '../../support/missing-tools.ts';
import { endingsOf, pendingFiles } from '../../support/pending.ts';
import { until } from '../../support/until.ts';

/** Tables of somebody's, a set, and a rule of his in a table of Docker's. */
const OTHERS = [
  'add table inet mine',
  'add set inet mine blocked { type ipv4_addr ; }',
  'add element inet mine blocked { 192.0.2.7, 192.0.2.9 }',
  'add chain inet mine c { type filter hook input priority -5 ; policy accept ; }',
  'add rule inet mine c ip saddr @blocked counter drop comment "mine"',
  'insert rule ip docker-bridges filter-FORWARD iifname "wg9" counter accept comment "mine"',
].join('\n');

/** nftables' own tables to the letter, and the rules and policies of iptables. */
async function inForce({ nft, host, tables }: NftHost): Promise<string> {
  const names = (await nft(['list', 'tables'])).split('\n').filter((line) => !/ ip6? filter$/.test(line));
  const mine = await nft(['-s', 'list', 'table', 'inet', 'mine']);
  return [...names.sort(), plain(await tables()), mine, await host.sh('iptables -S')].join('\n');
}

describeCli('a change to be confirmed beside an Engine that writes with nftables', () => {
  test('flush ruleset, not confirmed in time: all tables are back, and packets get where they did', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        await host.nft(['-f', '-'], OTHERS);
        await host.host.sh('iptables -A INPUT -p tcp --dport 25 -j DROP');
        const before = await inForce(host);
        const { code, said } = await host.run('run --mode report --confirm 2 -- nft flush ruleset');
        expect(code).toBe(1);
        // On a slow machine the time may be over before the command has ended: then it is rolled back all the same.
        expect(said).toMatch(/^ROLLED BACK {2}/m);
        expect(endingsOf(host.host)).toEqual(['rolled-back']);
        expect(await inForce(host)).toBe(before);
        expect(await ways()).toEqual(HEALTHY);
        expect((await host.run('check')).said).toMatch(/^INTACT/);
      }),
    ));

  test('what a change added is gone after a rollback by hand, in Docker’s tables and beside them', () =>
    withNftHost('modes', async (host) => {
      await host.nft(['-f', '-'], OTHERS);
      const before = await inForce(host);
      const script = path.join(host.host.folder, 'change');
      writeFileSync(
        script,
        'nft insert rule ip docker-bridges filter-FORWARD counter drop\nnft delete table inet mine\niptables -P FORWARD DROP\nnft add table inet theirs\n',
      );
      const running = host.run(`run --mode report --confirm 600 -- sh ${script}`);
      await until(async () => (await host.nft(['list', 'tables'])).includes('inet theirs'));
      await until(() => pendingFiles(host.host).length === 1);
      const { code, said } = await host.run('rollback');
      expect({ code, said }).toMatchObject({
        code: 0,
        said: expect.stringMatching(/^ROLLED BACK .*Docker's part is as the Engine requires now/) as string,
      });
      expect(await running).toMatchObject({ code: 1 });
      expect(await inForce(host)).toBe(before);
    }));

  test('confirmed it stays', () =>
    withNftHost('plain', async (host) => {
      const running = host.run('run --confirm 600 -- nft add table inet theirs');
      await until(async () => (await host.nft(['list', 'tables'])).includes('inet theirs'));
      expect(await host.run('confirm')).toMatchObject({ code: 0 });
      expect(await running).toMatchObject({ code: 0 });
      expect(await host.nft(['list', 'tables'])).toContain('inet theirs');
    }));

  test('and where iptables is not installed', () =>
    withNftHost('plain', async (host) => {
      await host.nft(
        ['-f', '-'],
        'add table ip filter\nadd chain ip filter FORWARD { type filter hook forward priority 0 ; policy accept ; }\nadd rule ip filter FORWARD ip saddr 203.0.113.7 drop\n',
      );
      const listed = async () => plain(await host.nft(['-s', 'list', 'ruleset']));
      const before = await listed();
      const { code, said } = await host.run(
        'run --mode report --confirm 2 -- nft flush ruleset',
        undefined,
        without('*tables-*'),
      );
      expect({ code, said }).toMatchObject({
        code: 1,
        said: expect.stringMatching(/^ROLLED BACK {2}/m) as string,
      });
      expect(await listed()).toBe(before);
    }));
});
