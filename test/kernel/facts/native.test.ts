import { expect, it } from 'vitest';
import { facts, table } from '../../support/kernel-facts.ts';
import { describeVariant, describeVariants, RELEASE, whyNoKernel } from '../../support/kernel.ts';
import { withNetns } from '../../support/netns.ts';
import type { Netns } from '../../support/netns.ts';

/** A table of nft's own with one chain on a hook. */
const native = (chain: string, priority: number, rule: string): string =>
  `table ip filter {\nset s { type ipv4_addr; }\nchain ${chain} {\ntype filter hook input priority ${String(priority)}; policy accept;\n${rule}\n}\n}\n`;

async function load(ns: Netns, text: string): Promise<void> {
  expect(await ns.exec('nft', ['-f', '-'], { input: text })).toMatchObject({ code: 0 });
}

describeVariant(
  'rules that iptables did not write',
  'nft',
  () => {
    it.each([
      ['a verdict map', 'ct state vmap { established : accept, invalid : drop }'],
      ['a log statement', 'tcp dport 22 log prefix "x" accept'],
    ])('%s: save prints a comment in place of the table and exits with 0', async (_title, rule) => {
      await withNetns(async (ns) => {
        await load(ns, native('INPUT', 0, rule));
        expect(await ns.save('ipv4', 'nft')).toBe("# Table `filter' is incompatible, use 'nft' tool.\n");
        // Writing works all the same, so a program that took the save for "no rules" would go on.
        expect((await ns.restore('ipv4', 'nft', table('-A INPUT -j DROP'), ['-n'])).code).toBe(0);
        expect((await ns.exec('nft', ['list', 'ruleset'])).stdout).toMatch(/counter packets 0 bytes 0 drop/);
      });
    });

    it.runIf(RELEASE < 11)('a rule that save cannot parse: status 3 and a table without COMMIT', async () => {
      await withNetns(async (ns) => {
        await load(ns, native('INPUT', 0, 'meta mark set 7'));
        const { code, stdout } = await ns.exec('iptables-nft-save');
        expect(code).toBe(3);
        expect(stdout).toContain('*filter\n');
        expect(stdout).not.toContain('COMMIT');
      });
    });

    it.each([
      ['tcp dport { 22, 80 } accept', '-A INPUT -p tcp -j ACCEPT'],
      ['ip saddr @s drop', '-A INPUT -j DROP'],
    ])('%s is saved as something much wider, without a warning', async (rule, saved) => {
      await withNetns(async (ns) => {
        await load(ns, native('INPUT', 0, rule));
        expect(await ns.exec('iptables-nft-save')).toMatchObject({ code: 0, stderr: '' });
        expect(facts(await ns.save('ipv4', 'nft'))).toEqual([saved]);
      });
    });

    it.each([
      ['of another name', 'input', 0, 0],
      ['of another priority', 'INPUT', 5, 4],
    ])(
      'a base chain %s is hidden behind a comment before the header',
      async (_title, chain, priority, code) => {
        await withNetns(async (ns) => {
          await load(ns, native(chain, priority, 'ip saddr 192.0.2.1 drop'));
          const save = await ns.save('ipv4', 'nft');
          expect(save.split('\n')[0]).toMatch(/^# Table `filter' contains incompatible base-chains/);
          expect(save).toContain(':INPUT ACCEPT [0:0]\n');
          expect((await ns.restore('ipv4', 'nft', table('-A INPUT -j DROP'), ['-n'])).code).toBe(code);
        });
      },
    );

    it('a table of another family is ignored', async () => {
      await withNetns(async (ns) => {
        await load(
          ns,
          'table inet filter {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}\n',
        );
        expect(await ns.exec('iptables-nft-save')).toEqual({ code: 0, stdout: '', stderr: '' });
      });
    });
  },
  ['nft'],
);

describeVariants('rules in the other variant', (variant) => {
  const skipped = whyNoKernel('legacy') !== undefined;

  it.skipIf(skipped)('shows on stderr of nft, not in its save; legacy does not know of nft', async () => {
    await withNetns(async (ns) => {
      const other = variant === 'nft' ? 'legacy' : 'nft';
      await ns.restore('ipv4', other, table('-A INPUT -j DROP'));
      const { code, stdout, stderr } = await ns.exec(`iptables-${variant}-save`);
      const warning = '# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n';
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: '',
        stderr: variant === 'nft' ? warning : '',
      });
      // Each family's tool warns of its own legacy tables only.
      expect((await ns.exec(`ip6tables-${variant}-save`)).stderr).toBe('');
    });
  });

  it('any legacy command creates a table; /proc lists the tables without creating one', async () => {
    await withNetns(async (ns) => {
      const names = async (): Promise<string> =>
        (await ns.exec('cat', ['/proc/self/net/ip_tables_names'])).stdout;
      await ns.exec(`iptables-${variant}`, ['-S']);
      expect(await names()).toBe(variant === 'legacy' ? 'filter\n' : '');
    });
  });
});
