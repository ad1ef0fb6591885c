import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, readJson } from '../../support/cli.ts';
import { withNftHost, type NftHost } from '../../support/nftables/cli.ts';
import { HEALTHY, withPeople } from '../../support/nftables/peopled.ts';
import { plain } from '../../support/nftables/plain.ts';

const noteOf = ({ host }: NftHost) =>
  readJson(path.join(host.stateDir, 'hooks', 'nftables.json')) as {
    readonly pre?: Record<string, unknown>;
    readonly post?: Record<string, unknown>;
  };

describeCli('hooks beside an Engine that writes with nftables', () => {
  test('around a reload of nftables.service: recorded before, Docker’s tables repaired after, packets get where they did', () =>
    withNftHost('plain', (host) =>
      withPeople(host, async (ways) => {
        const before = plain(await host.tables());
        expect(await host.run('hook pre --target nftables')).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/^RECORDED/) as string,
        });
        await host.nft(['flush', 'ruleset']);
        await host.nft(['add', 'table', 'inet', 'filter']);
        const { code, stdout } = await host.run('hook post --target nftables');
        expect({ code, stdout }).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/^REPAIRED {2}34 findings/) as string,
        });
        expect(plain(await host.tables())).toBe(before);
        expect(await ways()).toEqual(HEALTHY);
        expect(noteOf(host)).toMatchObject({
          pre: { outcome: 'recorded' },
          post: { outcome: 'repaired', says: "Docker's rules intact, 34 findings repaired" },
        });
        expect(await host.nft(['list', 'tables'])).toContain('inet filter');
      }),
    ));

  test('after a reload that lost nothing it says so, and hook status too', () =>
    withNftHost('modes', async (host) => {
      await host.run('hook pre --target nftables');
      await host.nft(['add', 'table', 'inet', 'filter']);
      await host.host.sh('iptables -F');
      expect(await host.run('hook post --target nftables --strict')).toMatchObject({
        code: 0,
        stdout: 'INTACT\n',
      });
      expect(noteOf(host).post).toMatchObject({ outcome: 'intact', says: "Docker's rules intact" });
      const { stdout } = await host.run('hook status --json');
      expect(stdout).toContain("Docker's rules intact");
    }));

  test('without a record the Engine’s answers are enough', () =>
    withNftHost('plain', async (host) => {
      const before = plain(await host.tables());
      await host.nft(['delete', 'table', 'ip', 'docker-bridges']);
      expect(await host.run('hook post --target nftables --strict')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^REPAIRED/) as string,
      });
      expect(plain(await host.tables())).toBe(before);
    }));

  test('a chain of the new file that stops containers is told, and left', () =>
    withNftHost('plain', async (host) => {
      await host.run('hook pre --target nftables');
      const file = path.join(host.host.folder, 'nftables.conf');
      writeFileSync(
        file,
        'flush ruleset\ntable inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n',
      );
      await host.nft(['-f', file]);
      const first = await host.run('hook post --target nftables');
      expect(first.stdout).toMatch(/^REPAIRED[^]*OVERRIDDEN[^]*inet filter forward: policy drop/);
      const again = await host.run('hook post --target nftables --strict');
      expect(again.code).toBe(1);
      expect(again.said).toMatch(/OVERRIDDEN[^]*inet filter/);
      expect(await host.nft(['list', 'tables'])).toContain('inet filter');
    }));

  test('switched to report: what is lost is told, and nothing written', () =>
    withNftHost('plain', async (host) => {
      await host.nft(['flush', 'chain', 'ip', 'docker-bridges', 'nat-POSTROUTING']);
      const damaged = plain(await host.tables());
      const { code, said } = await host.run('hook post --target nftables --mode report');
      expect(code).toBe(0);
      expect(said).toMatch(/^DAMAGED/);
      expect(said).toContain(
        "Docker's rules are damaged after this firewall change (2 findings, not repaired): rulesguard restore",
      );
      expect(plain(await host.tables())).toBe(damaged);
    }));
});
