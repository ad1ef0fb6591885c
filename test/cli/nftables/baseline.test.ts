import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeCli } from '../../support/cli.ts';
import { withNftHost, type NftHost } from '../../support/nftables/cli.ts';
import { plain } from '../../support/nftables/plain.ts';

const TRANSLATIONS = 'nat-prerouting-and-output';

/** Runs rulesguard where no Engine is to be asked. */
const runWithout = async ({ host }: NftHost, args: string) => {
  const { code, stdout, stderr } = await host.attempt(args.split(' '));
  return { code, stdout, said: `${stdout}\n${stderr}` };
};

describeCli('a baseline of Docker’s own tables', () => {
  test('is recorded once, listed, and refused while something is lost', () =>
    withNftHost('plain', async ({ nft, run }) => {
      expect(await run('snapshot')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          /^RECORDED {2}\d\d+ rules of Docker's .*\(nftables, Engine 29\.7\.2\)/,
        ) as string,
      });
      expect(await run('snapshot --if-changed')).toMatchObject({
        stdout: expect.stringMatching(/^UNCHANGED/) as string,
      });
      expect(await run('baseline list')).toMatchObject({
        stdout: expect.stringMatching(/\d\d+ rules {2}nftables {2}Engine 29\.7\.2/) as string,
      });
      await nft(['-f', '-'], 'flush chain ip docker-bridges nat-POSTROUTING');
      expect(await run('snapshot')).toMatchObject({
        code: 1,
        said: expect.stringMatching(/not recorded: Docker's rules look damaged[^]*nat-POSTROUTING/) as string,
      });
      const forced = await run('snapshot --force');
      expect(forced).toMatchObject({ code: 0, stdout: expect.stringMatching(/recorded although/) as string });
      expect(await run('baseline diff 1 latest')).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^-iifname vmap @nat-postrouting-out-jumps$/m) as string,
      });
      // What was recorded with --force is meant: nothing to repair, and the next record needs no --force.
      expect((await run('restore --dry-run')).stdout).toMatch(/Nothing to do|nothing to do/);
      expect(await run('snapshot')).toMatchObject({ code: 0 });
      expect(await run('restore --source engine')).toMatchObject({
        stdout: expect.stringMatching(/^REPAIRED/) as string,
      });
    }));

  test('repairs without an Engine what no container decides, and the rest on request', () =>
    withNftHost('modes', async (host) => {
      const { nft, run, tables } = host;
      const before = plain(await tables());
      expect(await run('snapshot')).toMatchObject({ code: 0 });
      expect(await runWithout(host, 'check')).toMatchObject({ code: 0 });
      await nft(['-f', '-'], 'flush ruleset');
      expect(await runWithout(host, 'check')).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^DAMAGED/) as string,
      });
      const restored = await runWithout(host, 'restore');
      expect(restored).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(
          /^REPAIRED[^]*NOT REPAIRED {2}\d+ rules of containers\..*--assume-unchanged/,
        ) as string,
      });
      const half = await tables();
      expect(half).toMatch(/masquerade/);
      expect(half).not.toMatch(/dnat to/);
      expect(await runWithout(host, 'restore --assume-unchanged')).toMatchObject({ code: 0 });
      expect(plain(await tables())).toBe(before);
      expect(await runWithout(host, 'restore')).toMatchObject({
        code: 0,
        said: expect.stringContaining('nothing to do') as string,
      });
      expect(await run('check')).toMatchObject({ code: 0 });
      // What came since, nobody vouches for.
      await nft(
        ['-f', '-'],
        'add rule ip docker-bridges nat-prerouting-and-output tcp dport 99 counter dnat to 172.17.0.9:99 comment "DNAT"',
      );
      expect(await runWithout(host, 'hook pre --target nftables')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^UNCHANGED {2}baseline 000001/) as string,
      });
      expect(await runWithout(host, 'snapshot')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^RECORDED {2}\d+ rules of Docker's as baseline 000002/) as string,
      });
      await nft(['-f', '-'], 'flush ruleset');
      expect(await runWithout(host, 'snapshot')).toMatchObject({
        code: 1,
        said: expect.stringMatching(/looks? damaged[^]*The Engine did not answer/) as string,
      });
      expect(await runWithout(host, 'restore --assume-unchanged')).toMatchObject({ code: 0 });
      expect(plain(await tables())).toBe(before);
    }));

  test('without an Engine and a record nothing is recorded', () =>
    withNftHost('modes', async (host) => {
      expect(await runWithout(host, 'snapshot')).toMatchObject({
        code: 3,
        said: expect.stringContaining('only the Engine says what those tables should hold') as string,
      });
    }));

  test('a plan is reviewed, applied to the very tables it was made for, and refused for others', () =>
    withNftHost('plain', async ({ nft, run, tables, host }) => {
      const before = plain(await tables());
      const file = join(host.folder, 'plan.json');
      await nft(['-f', '-'], `flush chain ip docker-bridges ${TRANSLATIONS}`);
      expect(await run(`restore --plan-out ${file}`)).toMatchObject({
        code: 0,
        said: expect.stringMatching(/\d+ steps? written to/) as string,
      });
      await nft(['-f', '-'], 'flush chain ip docker-bridges raw-PREROUTING');
      expect(await run(`restore --plan ${file}`)).toMatchObject({
        code: 1,
        said: expect.stringContaining('the live rules have changed since the plan was made') as string,
      });
      expect(await run(`restore --plan-out ${file} --dry-run`)).toMatchObject({ code: 0 });
      expect(await run(`restore --plan ${file}`)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^REPAIRED/) as string,
      });
      expect(plain(await tables())).toBe(before);
      expect(await run('restore --undo')).toMatchObject({ code: 0 });
      expect(await run('check')).toMatchObject({ code: 1 });
    }));
});
