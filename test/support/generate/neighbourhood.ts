import { FAMILIES } from '../kernel.ts';
import type { Variant } from '../netns.ts';
import { timeless, withHost, type CliHost } from '../cli.ts';

/**
 * Rules of other people before, between and after Docker's, each with `mine` in it. They hold what is hard to carry:
 * an ipset, quotes, a newline, bytes that are no UTF-8.
 */
const NEIGHBOURS: readonly (readonly string[])[] = [
  [
    '-t',
    'filter',
    '-I',
    'FORWARD',
    '1',
    '-m',
    'comment',
    '--comment',
    'mine: it\'s "first" \\ 100%',
    '-j',
    'LOG',
  ],
  ['-t', 'filter', '-I', 'FORWARD', '3', '-m', 'set', '--match-set', 'mine', 'src', '-j', 'DROP'],
  ['-t', 'filter', '-A', 'FORWARD', '-m', 'comment', '--comment', 'mine: caf\xe9 \xff', '-j', 'DROP'],
  ['-t', 'filter', '-A', 'FORWARD', '-m', 'comment', '--comment', 'mine: two\nlines, mine', '-j', 'DROP'],
  ['-t', 'filter', '-A', 'INPUT', '-s', '192.0.2.9', '-m', 'comment', '--comment', 'mine', '-j', 'DROP'],
  [
    '-t',
    'nat',
    '-I',
    'POSTROUTING',
    '1',
    '-s',
    '10.8.0.0/24',
    '-m',
    'comment',
    '--comment',
    'mine',
    '-j',
    'MASQUERADE',
  ],
  [
    '-t',
    'nat',
    '-A',
    'POSTROUTING',
    '-s',
    '10.9.0.0/24',
    '-m',
    'comment',
    '--comment',
    'mine',
    '-j',
    'MASQUERADE',
  ],
  [
    '-t',
    'raw',
    '-I',
    'PREROUTING',
    '1',
    '-s',
    '192.0.2.5',
    '-m',
    'comment',
    '--comment',
    'mine',
    '-j',
    'DROP',
  ],
];

/** What stands in DOCKER-USER, in order. */
export const USER_RULES = ['-s 198.51.100.1/32 -j DROP', '-s 198.51.100.2/32 -j RETURN'];

/** Runs `body` on a host with Docker's rules, neighbours among them, content in DOCKER-USER, and a baseline of it all. */
export function withNeighbours(
  body: (host: CliHost) => Promise<void>,
  variant: Variant = 'nft',
  recording = 'engine-28.5-plain',
): Promise<void> {
  return withHost(
    async (host) => {
      await host.sh('ipset create mine hash:ip');
      for (const words of NEIGHBOURS) {
        // Arguments are UTF-8 on their way through Node; only a shell can be told raw bytes.
        const quoted = words.map(
          (word) => `$'${Buffer.from(word, 'latin1').toString('hex').replace(/../g, '\\x$&')}'`,
        );
        const { code, stderr } = await host.ns.exec('bash', [
          '-c',
          `iptables-${variant} ${quoted.join(' ')}`,
        ]);
        if (code !== 0) throw new Error(`iptables ${words.join(' ')}: ${stderr}`);
      }
      for (const [i, rule] of USER_RULES.entries())
        await host.sh(`iptables -I DOCKER-USER ${String(i + 1)} ${rule}`);
      await host.run('snapshot');
      await body(host);
    },
    recording,
    variant,
  );
}

/** What stands in force: every rule and user chain, and the policies that are not ACCEPT, as `ipv4 nat …`. */
export async function inForce(host: CliHost): Promise<readonly string[]> {
  const saves = await Promise.all(
    FAMILIES.map(async (family) => timeless(await host.ns.save(family, host.variant))),
  );
  return saves.flatMap((save, i) => {
    const tables = save.split(/^COMMIT\n/m).filter((table) => table !== '');
    return tables.flatMap((text) => {
      const [head = '', ...lines] = text.trimEnd().split('\n');
      const kept = lines.filter((line) => !/^:\S+ ACCEPT/.test(line));
      return kept.map((line) => `${FAMILIES[i] ?? ''} ${head.slice(1)} ${line}`);
    });
  });
}

/** The neighbours among what stands in force, in order. */
export const neighboursIn = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => line.includes('mine'));
