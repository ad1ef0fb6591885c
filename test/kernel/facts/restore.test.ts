import { once } from 'node:events';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { facts, table } from '../../support/kernel-facts.ts';
import { describeVariants, describeKinds, losesCounters, RELEASE } from '../../support/kernel.ts';
import { tool, withNetns } from '../../support/netns.ts';
import type { Netns } from '../../support/netns.ts';
import type { Outcome } from '../../support/program.ts';

const LOST_TARGET = table('-A INPUT -j NOSUCH');

describeKinds('what restore promises', ({ family, variant }) => {
  const restore = (ns: Netns, text: string, ...args: string[]): Promise<Outcome> =>
    ns.restore(family, variant, text, args);
  const shown = async (ns: Netns, ...args: string[]): Promise<string[]> =>
    facts(await ns.save(family, variant, args));

  it.each([
    { title: 'a jump to a missing chain', input: LOST_TARGET, code: { nft: 0, legacy: 2 } },
    { title: 'a rule in a missing chain', input: table('-A NOSUCH -j DROP'), code: { nft: 0, legacy: 1 } },
    { title: 'a word that is no option', input: table('-A INPUT nosuch'), code: { nft: 2, legacy: 2 } },
    { title: 'a good input', input: table('-A INPUT -j DROP'), code: { nft: 0, legacy: 0 } },
  ])('--test of $title is no dry run on nft, and applies nothing', async ({ input, code }) => {
    await withNetns(async (ns) => {
      expect((await restore(ns, input, '--test')).code).toBe(code[variant]);
      expect(await shown(ns)).toEqual([]);
    });
  });

  it('is atomic per table: when the second table fails the first one stays applied', async () => {
    await withNetns(async (ns) => {
      const raw = '*raw\n-A PREROUTING -j DROP\nCOMMIT\n';
      expect((await restore(ns, raw + LOST_TARGET, '-n')).code).not.toBe(0);
      expect(await shown(ns)).toEqual(['-A PREROUTING -j DROP']);
    });
  });

  it('names the line of a jump to a missing chain; on nft that is the COMMIT after it', async () => {
    await withNetns(async (ns) => {
      const { stderr } = await restore(
        ns,
        table('-A INPUT -j ACCEPT', '-A INPUT -j NOSUCH', '-A INPUT -j DROP'),
      );
      expect(/^Error occurred at line: (\d+)$/m.exec(stderr)?.[1]).toBe(variant === 'nft' ? '5' : '3');
    });
  });

  it('zeroes the counters of a redeclared chain, unless -c brings them', async () => {
    await withNetns(async (ns) => {
      const counted = losesCounters({ variant, family }) ? '[0:0]' : '[5:6]';
      const chain = (counters: string): string => table(':A - [0:0]', `${counters}-A A -j ACCEPT`);
      await restore(ns, chain('[5:6] '), '-c');
      expect(await shown(ns, '-c')).toEqual([':A -', `${counted} -A A -j ACCEPT`]);
      await restore(ns, chain(''), '-n');
      expect(await shown(ns, '-c')).toEqual([':A -', '[0:0] -A A -j ACCEPT']);
      await restore(ns, chain('[5:6] '), '-n', '-c');
      expect(await shown(ns, '-c')).toEqual([':A -', `${counted} -A A -j ACCEPT`]);
    });
  });

  it('keeps the counters of rules that an input does not name', async () => {
    await withNetns(async (ns) => {
      await restore(
        ns,
        table('-A INPUT -i x -j ACCEPT', '-A INPUT -i lo -j ACCEPT', '-A INPUT -i z -j ACCEPT'),
      );
      await ns.exec('ip', ['link', 'set', 'lo', 'up']);
      const local = family === 'ipv4' ? '127.0.0.1' : '::1';
      // Nobody listens: the refusal comes back over loopback, and both packets are counted.
      await ns.exec('bash', ['-c', `exec 3<>/dev/tcp/${local}/9`]);
      const counters = async (): Promise<string | undefined> =>
        (await shown(ns, '-c')).find((line) => line.endsWith('-i lo -j ACCEPT'))?.split(' ')[0];
      const before = await counters();
      expect(before).not.toBe('[0:0]');
      const edits = table('-D INPUT -i x -j ACCEPT', '-I INPUT 1 -i n', '-A INPUT -i n', ':INPUT DROP [0:0]');
      expect((await restore(ns, edits, '-n', '-c')).code).toBe(0);
      expect(await counters()).toBe(before);
    });
  });

  it('loads the policy counters of a built-in chain with -c, on legacy only beside a policy', async () => {
    await withNetns(async (ns) => {
      const policy = async (line: string): Promise<string | undefined> => {
        await restore(ns, table(line), '-n', '-c');
        return /^:INPUT .*$/m.exec(await ns.save(family, variant, ['-c']))?.[0];
      };
      expect(await policy(':INPUT DROP [5:6]')).toBe(':INPUT DROP [5:6]');
      expect(await policy(':INPUT - [7:8]')).toBe(
        variant === 'nft' ? ':INPUT DROP [7:8]' : ':INPUT DROP [5:6]',
      );
    });
  });

  it('takes -w as two words or with =, never glued', async () => {
    await withNetns(async (ns) => {
      const codes = [['-w', '1'], ['--wait=1'], ['-w1']].map(
        async (args) => (await ns.restore(family, variant, table(), args)).code,
      );
      expect(await Promise.all(codes)).toEqual([0, 0, 1]);
    });
  });

  it('waits for a lock that is held elsewhere: legacy -w 1 gives up with 4, nft takes no lock', async () => {
    await withNetns(async (ns) => {
      const holder = execa('flock', [ns.path, '-c', 'echo held; read _'], { reject: false });
      await once(holder.stdout, 'data');
      const { code, stderr } = await restore(ns, table('-A INPUT -j DROP'), '-n', '-w', '1');
      holder.stdin.end();
      await holder;
      expect(code).toBe(variant === 'nft' ? 0 : 4);
      if (variant === 'legacy') expect(stderr).toContain('Another app is currently holding the xtables lock');
      expect(await shown(ns)).toEqual(variant === 'nft' ? ['-A INPUT -j DROP'] : []);
    });
  });

  it('exits with 4 for lack of rights too, legacy when it may not open the lock file', async () => {
    await withNetns(async (ns) => {
      const args = ['--reuid=65534', '--clear-groups', tool(family, variant, 'restore')];
      const env = { XTABLES_LOCKFILE: '/proc/1/nosuch' };
      expect((await ns.exec('setpriv', args, { input: table(), env })).code).toBe(4);
    });
  });

  it('gives 4 on nft for anything the kernel refuses, so 4 alone does not mean busy', async () => {
    await withNetns(async (ns) => {
      await restore(ns, table(':A - [0:0]', '-A INPUT -j A'));
      const { code } = await restore(ns, table('-X A'), '-n');
      expect(code).toBe(variant === 'nft' ? 4 : 1);
    });
  });
});

describeVariants('commands that nft before 1.8.13 cannot mix into one batch', (variant) => {
  it.each([['-R INPUT 1 -j DROP'], ['-Z INPUT 1']])(
    '%s after the -A it aims at kills nft',
    async (command) => {
      await withNetns(async (ns) => {
        const input = table('-A INPUT -j ACCEPT', command);
        const { code } = await ns.restore('ipv4', variant, input, ['-n']);
        expect(code).toBe(variant === 'nft' && RELEASE < 13 ? 139 : 0);
      });
    },
  );
});
