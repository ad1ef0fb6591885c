import { expect, test } from 'vitest';
import { watchIn, type Watched } from '../../support/events/watched.ts';
import { describeVariant } from '../../support/kernel.ts';
import { without } from '../../support/missing-tools.ts';
import { withNetns, type Netns } from '../../support/netns.ts';
import { until } from '../../support/until.ts';
import type { SourceName } from '../../../src/watch/seen.ts';

const watching = (
  names: readonly SourceName[],
  body: (ns: Netns, watched: Watched) => Promise<void>,
  { before, through = [] }: { before?: (ns: Netns) => Promise<unknown>; through?: readonly string[] } = {},
) =>
  withNetns(async (ns) => {
    await before?.(ns);
    const watched = await watchIn(ns, names, { through });
    try {
      await body(ns, watched);
    } finally {
      await watched.kill();
    }
  });

describeVariant('the legacy tables', 'legacy', () => {
  const before = (ns: Netns) => ns.exec('iptables-legacy', ['-A', 'INPUT', '-p', 'tcp', '-j', 'ACCEPT']);
  const told = (watched: Watched, table: string) =>
    until(() => watched.of('legacy-rules').some(({ tables }) => tables.includes(table)));
  const listed = async (ns: Netns) =>
    (await ns.exec('cat', ['/proc/self/net/ip_tables_names'])).stdout.trim();

  test('a change is told with its table, also of one that is new, and looking makes no table', async () => {
    await watching(
      ['legacy'],
      async (ns, watched) => {
        expect(watched.states.at(-1)).toMatchObject({ works: true });
        await ns.exec('iptables-legacy', ['-F']);
        await told(watched, 'ipv4 filter');
        expect(await listed(ns)).toBe('filter');
        await ns.exec('iptables-legacy', ['-t', 'nat', '-A', 'POSTROUTING', '-j', 'MASQUERADE']);
        await told(watched, 'ipv4 nat');
        await ns.exec('ip6tables-legacy', ['-A', 'INPUT', '-j', 'ACCEPT']);
        await told(watched, 'ipv6 filter');
      },
      { before },
    );
  });

  test('nothing changes, nothing is told: not by reading the rules, and not by packets', async () => {
    await watching(
      ['legacy'],
      async (ns, watched) => {
        await ns.exec('ip', ['link', 'set', 'lo', 'up']);
        await ns.exec('iptables-legacy-save', ['-c']);
        await ns.exec('ping', ['-c', '2', '-i', '0.2', '127.0.0.1']);
        expect(watched.of('legacy-rules')).toEqual([]);
        await ns.exec('iptables-legacy', ['-A', 'OUTPUT', '-j', 'ACCEPT']);
        await told(watched, 'ipv4 filter');
        expect(watched.of('legacy-rules')).toHaveLength(1);
      },
      { before },
    );
  });

  test('where there are none no child is started until there is one', async () => {
    await watching(['legacy'], async (ns, watched) => {
      expect(watched.states).toEqual([
        { source: 'legacy', works: true, says: 'no table of variant legacy is there' },
      ]);
      expect(await watched.children()).toEqual([]);
      expect(await listed(ns)).toBe('');
      await before(ns);
      await until(() => watched.of('missed').length === 1);
      expect(await watched.children()).toHaveLength(1);
    });
  });

  test('without perl it does not work, and says so', async () => {
    await watching(
      ['legacy'],
      (_, watched) => {
        expect(watched.states[0]).toMatchObject({ works: false });
        expect(watched.states[0]?.says).toContain('apt-get install perl-base');
        return Promise.resolve();
      },
      { before, through: without('perl') },
    );
  });
});

test('links, addresses and routes are told as ip prints them, a hostile name made harmless', async () => {
  await watching(['network'], async (ns, watched) => {
    await ns.exec('ip', ['link', 'add', 'a\u001b[2J', 'type', 'veth', 'peer', 'name', 'b0']);
    await ns.exec('ip', ['address', 'add', '192.0.2.1/24', 'dev', 'b0']);
    await ns.exec('ip', ['link', 'set', 'b0', 'up']);
    await ns.exec('ip', ['route', 'add', 'unreachable', '198.51.100.0/24']);
    await ns.exec('ip', ['link', 'delete', 'b0']);
    const lines = () => watched.of('network').map(({ line }) => line);
    await until(() => lines().some((line) => /^Deleted .*b0/.test(line)));
    expect(lines().some((line) => line.includes('a\\x1b[2J'))).toBe(true);
    expect(lines().some((line) => line.includes('192.0.2.1/24'))).toBe(true);
    expect(lines().some((line) => line.includes('unreachable 198.51.100.0/24'))).toBe(true);
    expect(lines().join('')).not.toContain('\u001b');
  });
});

test('a setting is told when it changes, and never else', async () => {
  await watching(['settings'], async (ns, watched) => {
    expect(watched.states).toEqual([{ source: 'settings', works: true, says: '/proc/sys, every 3 s' }]);
    await ns.exec('sysctl', ['-w', 'net.ipv4.ip_forward=1']);
    await until(() => watched.seen.length > 0);
    await ns.exec('sysctl', ['-w', 'net.ipv4.ip_forward=0']);
    await until(() => watched.seen.length > 1);
    const name = 'net.ipv4.ip_forward';
    expect(watched.seen).toEqual([
      { kind: 'setting', name, from: '0', to: '1' },
      { kind: 'setting', name, from: '1', to: '0' },
    ]);
  });
});
