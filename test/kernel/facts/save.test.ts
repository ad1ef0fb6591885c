import { describe, expect, it } from 'vitest';
import { facts, table } from '../../support/kernel-facts.ts';
import { describeKinds, RELEASE } from '../../support/kernel.ts';
import type { Kind } from '../../support/kernel.ts';
import { tool, withNetns } from '../../support/netns.ts';
import type { Variant } from '../../support/netns.ts';

type Saved = string | Readonly<Record<Variant, string>>;

const zeros = (count: number): string => '0'.repeat(count);

/** A comment given as one argument, and how save writes it. */
const COMMENTS: readonly (readonly [comment: string, saved: string])[] = [
  ['plain-_9', 'plain-_9'],
  ['-t', '-t'],
  ['', '""'],
  ['!', '"!"'],
  ['a b', '"a b"'],
  ['a.b', '"a.b"'],
  [`it's`, `"it\\'s"`],
  ['say "x"', '"say \\"x\\""'],
  ['back\\slash', '"back\\\\slash"'],
  ['#hash', '"#hash"'],
  ['$(x)`y`', '"$(x)`y`"'],
  ['tab\there', '"tab\there"'],
  ['cr\rhere', '"cr\rhere"'],
  ['\x1b[31m\x7f', '"\x1b[31m\x7f"'],
  ['not UTF-8: \xff\x80', '"not UTF-8: \xff\x80"'],
  ['UTF-8: \xc3\xbc', '"UTF-8: \xc3\xbc"'],
  [zeros(256), zeros(255)],
  // The cut is by byte: valid UTF-8 goes in, half a character comes out.
  [`${zeros(254)}\xc3\xbc`, `"${zeros(254)}\xc3"`],
];

/** Words of a rule as arguments, and how save prints them. */
const WORDS: readonly (readonly [args: readonly string[], saved: Saved])[] = [
  [['-j', 'LOG', '--log-prefix', `it's "a" `], `-j LOG --log-prefix "it\\'s \\"a\\" "`],
  [['-j', 'LOG', '--log-prefix', zeros(30)], `-j LOG --log-prefix ${zeros(29)}`],
  [
    ['-j', 'NFLOG', '--nflog-prefix', zeros(128)],
    { nft: `-j NFLOG --nflog-prefix ${zeros(127)}`, legacy: `-j NFLOG --nflog-prefix ${zeros(63)}` },
  ],
  [['-m', 'string', '--algo', 'bm', '--string', 'abc'], '-m string --string "abc" --algo bm'],
  [['-m', 'string', '--algo', 'bm', '--string', `it's "a"`], `-m string --string "it's \\"a\\"" --algo bm`],
  [['-m', 'string', '--algo', 'bm', '--string', 'a\nb'], '-m string --hex-string "|610a62|" --algo bm'],
  [['-m', 'string', '--algo', 'bm', '--string', 'ab\\'], '-m string --hex-string "|61625c|" --algo bm'],
  [['-m', 'u32', '--u32', '0x0=0x1'], '-m u32 --u32 "0x0=0x1"'],
  [['-m', 'bpf', '--bytecode', '1,6 0 0 65535'], '-m bpf --bytecode "1,6 0 0 65535"'],
  // Never quoted, whatever it holds: restore reads this as something else.
  [['-i', 'a b'], '-i a b'],
  [['-i', 'a"b'], '-i a"b'],
  // Up to 1.8.9 a match for nothing was saved as a match for everything.
  [
    ['-p', 'tcp', '!', '--dport', ':'],
    RELEASE < 11 ? { nft: '-p tcp', legacy: '-p tcp -m tcp' } : '-p tcp -m tcp ! --dport 0:65535',
  ],
  [
    ['!', '-i', '+', '-j', 'DROP'],
    { nft: '! -i + -j DROP', legacy: RELEASE < 11 ? '-j DROP' : '! -i + -j DROP' },
  ],
];

/** Adds one rule the way a shell would, or, for bytes that no argument can carry, through restore. */
async function savedRule({ family, variant }: Kind, args: readonly string[]): Promise<string> {
  return await withNetns(async (ns) => {
    const quoted = args.map((arg) => `"${arg.replaceAll(/["\\]/g, '\\$&')}"`);
    const viaRestore = args.some((arg) => /[\x80-\xff]/.test(arg));
    const { code, stderr } = viaRestore
      ? await ns.restore(family, variant, table(`-A INPUT ${quoted.join(' ')}`))
      : await ns.exec(tool(family, variant), ['-A', 'INPUT', ...args]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return facts(await ns.save(family, variant))
      .join('\n')
      .slice('-A INPUT '.length);
  });
}

describeKinds('how save prints', (kind) => {
  const { family, variant } = kind;

  it.each(COMMENTS)('the comment %j', async (comment, saved) => {
    expect(await savedRule(kind, ['-m', 'comment', '--comment', comment])).toBe(
      `-m comment --comment ${saved}`,
    );
  });

  it.each(WORDS)('%j', async (args, saved) => {
    expect(await savedRule(kind, args)).toBe(typeof saved === 'string' ? saved : saved[variant]);
  });

  it('a log prefix cannot hold a newline, a comment can', async () => {
    await withNetns(async (ns) => {
      const add = async (...args: string[]): Promise<number> =>
        (await ns.exec(tool(family, variant), ['-A', 'INPUT', ...args])).code;
      expect(await add('-j', 'LOG', '--log-prefix', 'a\nb')).toBe(2);
      expect(await add('-m', 'comment', '--comment', 'a\nb')).toBe(0);
      const save = await ns.save(family, variant);
      expect(save).toContain('-A INPUT -m comment --comment "a\nb"\n');
      expect((await ns.restore(family, variant, save)).code).toBe(2);
    });
  });

  it('a comment with a rule on its second line comes back as that rule', async () => {
    await withNetns(async (ns) => {
      const comment = 'x\n-A INPUT -j DROP\n#';
      await ns.exec(tool(family, variant), ['-A', 'INPUT', '-m', 'comment', '--comment', comment]);
      expect((await ns.restore(family, variant, await ns.save(family, variant))).code).toBe(0);
      const { stdout } = await ns.exec(tool(family, variant), ['-S', 'INPUT']);
      expect(stdout.split('\n')).toContain('-A INPUT -j DROP');
    });
  });

  it('built-in chains in hook order, user chains by byte, rules by chain', async () => {
    await withNetns(async (ns) => {
      const names = ['zz', 'B', '_x', '0', 'Aa', 'aa'];
      const rules = ['zz', 'OUTPUT', 'B', 'INPUT'].map((chain) => `-A ${chain} -j ACCEPT`);
      await ns.restore(family, variant, table(...names.map((name) => `:${name} - [0:0]`), ...rules));
      const lines = (await ns.save(family, variant)).split('\n');
      const chains = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []);
      expect(chains).toEqual(['INPUT', 'FORWARD', 'OUTPUT', '0', 'Aa', 'B', '_x', 'aa', 'zz']);
      const order = lines.flatMap((line) => /^-A (\S+)/.exec(line)?.[1] ?? []);
      expect(order).toEqual(['INPUT', 'OUTPUT', 'B', 'zz']);
    });
  });

  it('tables: nft in a fixed order, legacy the newest first', async () => {
    const names = ['raw', 'nat', 'filter', 'security', 'mangle'];
    const chainOf = (name: string): string => (/^(raw|nat)$/.test(name) ? 'PREROUTING' : 'FORWARD');
    const tablesOf = (save: string): string[] =>
      Array.from(save.matchAll(/^\*(\w+)/gm), ([, name = '']) => name);
    const first = await withNetns(async (ns) => {
      for (const name of names)
        await ns.restore(family, variant, `*${name}\n-A ${chainOf(name)} -j ACCEPT\nCOMMIT\n`);
      return await ns.save(family, variant);
    });
    const fixed = ['mangle', 'security', 'raw', 'filter', 'nat'];
    expect(tablesOf(first)).toEqual(variant === 'nft' ? fixed : names.toReversed());
    const second = await withNetns(async (ns) => {
      await ns.restore(family, variant, first);
      return await ns.save(family, variant);
    });
    expect(tablesOf(second)).toEqual(variant === 'nft' ? fixed : names);
  });

  it('a header with the name of the tool, the release and the time', async () => {
    await withNetns(async (ns) => {
      await ns.restore(family, variant, table());
      await ns.exec(tool(family, variant), ['-A', 'INPUT', '-j', 'ACCEPT']);
      const name =
        variant === 'nft'
          ? tool(family, variant, 'save')
          : tool(family, variant, 'save').replace('-legacy', '');
      const suffix = variant === 'nft' ? ' \\(nf_tables\\)' : '';
      const [head, ...rest] = (await ns.save(family, variant)).split('\n');
      expect(head).toMatch(
        new RegExp(
          `^# Generated by ${name} v1\\.\\d+\\.\\d+${suffix} on \\w{3} \\w{3} [ \\d]\\d [\\d:]{8} \\d{4}$`,
        ),
      );
      expect(rest.at(-2)).toMatch(/^# Completed on /);
      expect(rest.at(-1)).toBe('');
    });
  });

  it('counters only with -c; user chains are always at zero', async () => {
    await withNetns(async (ns) => {
      await ns.restore(family, variant, table(':A - [7:8]', ':INPUT ACCEPT [7:8]', '[5:6] -A A -j ACCEPT'), [
        '-c',
      ]);
      const [plain, counted] = [await ns.save(family, variant), await ns.save(family, variant, ['-c'])];
      expect(plain).toContain('\n-A A -j ACCEPT\n');
      expect(counted).toMatch(/^\[\d+:\d+\] -A A -j ACCEPT$/m);
      for (const text of [plain, counted]) {
        expect(text).toContain(':A - [0:0]\n');
        expect(text).toContain(':INPUT ACCEPT [7:8]\n');
      }
    });
  });
});

describe('a save of a namespace without rules', () => {
  describeKinds('an untouched namespace', ({ family, variant }) => {
    it('is zero bytes and success', async () => {
      await withNetns(async (ns) => {
        expect(await ns.save(family, variant)).toBe('');
      });
    });

    it('has a table of defaults all the same when one is asked for', async () => {
      await withNetns(async (ns) => {
        expect(await ns.save(family, variant, ['-t', 'filter'])).toContain(':FORWARD ACCEPT [0:0]\n');
        // Asking nft makes nothing; asking legacy registers the table.
        expect((await ns.save(family, variant)) === '').toBe(variant === 'nft');
      });
    });
  });
});
