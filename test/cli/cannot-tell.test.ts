import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost, withHost, type CliHost } from '../support/cli.ts';
import { recording } from '../support/recorded/recordings.ts';
import { oneIn } from '../support/incident/share.ts';

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
/** The folders that hold the tools are empty in a mount namespace of the program's own. */
const WITHOUT_SBIN = [
  'unshare',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-c',
  'mount -t tmpfs none /usr/sbin && exec "$@"',
  'sh',
];

/** What makes the live rules unknowable, and what must be said of it. */
const UNKNOWABLE: readonly (readonly [
  string,
  (host: CliHost) => Promise<unknown>,
  readonly string[],
  RegExp,
])[] = [
  [
    'the tools are gone',
    () => Promise.resolve(),
    WITHOUT_SBIN,
    /iptables-nft-save is not installed.*apt-get install iptables/s,
  ],
  [
    'a table holds native rules that iptables has no words for',
    (host) => host.sh('nft add rule ip filter INPUT ct mark set 1'),
    [],
    /table filter cannot be shown.*unknown \(not absent\).*nft delete rule ip filter INPUT handle \d+/s,
  ],
  [
    'a comment holds a newline that restore would load as a rule',
    async ({ ns }) =>
      ns.exec('bash', [
        '-c',
        `iptables-nft -A INPUT -m comment --comment $'x\\n-A INPUT -j DROP\\n#' -j LOG`,
      ]),
    [],
    /line \d+: is inside a quoted value.*-A INPUT -j DROP/s,
  ],
  [
    "Docker's rules are in both iptables variants",
    (host) => host.ns.restore('ipv4', 'legacy', recording('engine-28.5-plain').text.ipv4),
    [],
    /both iptables variants, nft and legacy/,
  ],
];

describeCli('live rules that cannot be known', () => {
  test.each(oneIn(4, UNKNOWABLE))(
    '%s: exit 3 from every command, never "no rules"',
    (_, spoil, through, why) =>
      withHost(async (host) => {
        await host.run('snapshot');
        await spoil(host);
        const before = through.length === 0 ? await host.ns.exec('nft', ['list', 'ruleset']) : undefined;
        for (const args of [['snapshot', '--force'], ['check'], ['restore'], ['restore', '--print']]) {
          const { code, stdout, stderr } = await host.attempt(args, { through });
          expect({ args, code, stdout }).toEqual({ args, code: 3, stdout: '' });
          expect(stderr).toMatch(why);
          expect(stderr).toContain('\u00e2\u0086\u0092 ');
        }
        const plugin = await host.attempt(['check', '--nagios'], { through });
        expect({ code: plugin.code, stderr: plugin.stderr }).toEqual({ code: 3, stderr: '' });
        expect(plugin.stdout).toMatch(/^RULESGUARD UNKNOWN - [^|\n]+\n$/);
        if (before !== undefined) expect(await host.ns.exec('nft', ['list', 'ruleset'])).toEqual(before);
      }),
  );

  test('rules that moved to the other variant are not taken for a flush', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('nft flush ruleset');
      await host.ns.restore('ipv4', 'legacy', recording('engine-28.5-plain').text.ipv4);
      const { code, stderr } = await host.attempt(['restore']);
      expect(code).toBe(3);
      expect(stderr).toMatch(/recorded in the nft variant of iptables, but .* are now in legacy/);
      expect(await host.ns.save('ipv4', 'nft')).toBe('');
    }));
});

describeCli('without root', () => {
  test.each(['snapshot', 'check', 'restore', 'restore --undo', 'baseline list', 'baseline prune'])(
    '%s: exit 3, and what to type',
    (line) =>
      withHost(async (host) => {
        await host.ns.exec('chmod', ['755', host.folder]);
        await host.run('snapshot');
        const { code, stdout, stderr } = await host.attempt(line.split(' '), { through: NOBODY });
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
        expect(stderr).toMatch(/as root|sudo rulesguard/);
      }),
  );

  test('with folders of one’s own the kernel still says no', () =>
    withHost(async (host) => {
      await host.ns.exec('chown', ['nobody', host.folder]);
      const { code, stderr } = await host.attempt(['snapshot'], { through: NOBODY });
      expect(code).toBe(3);
      expect(stderr).toMatch(/may not read the rules: this needs root.*sudo/s);
    }));

  test('strip needs none', () =>
    withEmptyHost(async (host) => {
      const input = recording('engine-28.5-plain').text.ipv4;
      expect((await host.attempt(['strip'], { through: NOBODY, input })).code).toBe(0);
    }));
});

describeCli('a host without Docker', () => {
  test.each(['snapshot', 'snapshot --force'])('%s has nothing to record', (line) =>
    withEmptyHost(async (host) => {
      await host.sh('iptables -A FORWARD -j DROP');
      const { code, stderr } = await host.attempt(line.split(' '));
      expect(code).toBe(3);
      expect(stderr).toMatch(/no rules of Docker's to record.*docker info/s);
      expect((await host.attempt(['check'])).code).toBe(3);
    }),
  );

  test('a change there, and no Engine to say what there should be: never safe', () =>
    withEmptyHost(async (host) => {
      const saved = path.join(host.folder, 'saved');
      writeFileSync(saved, '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n');
      for (const words of [
        ['run', '--dry-run', '--', 'iptables', '-F'],
        ['check', '--candidate', saved],
      ]) {
        const { code, stdout, stderr } = await host.attempt(words);
        expect({ words, code, stdout }).toEqual({ words, code: 3, stdout: '' });
        expect(stderr).toMatch(/none of them is in force, and no Engine says.*rulesguard doctor/s);
      }
      const json = await host.attempt(['run', '--dry-run', '--json', '--', 'iptables', '-F']);
      expect(json.code).toBe(3);
      expect(JSON.parse(json.stdout)).toMatchObject({ verdict: 'unknown', by: null, findings: [] });
    }));

  test('whose kernel holds nft rules only is not made to load the legacy modules', () =>
    withHost(async (host) => {
      await host.run('snapshot');
      await host.sh('iptables -t nat -F');
      await host.run('check', 1);
      await host.run('restore --assume-unchanged');
      for (const list of ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'])
        expect(await host.sh(`cat ${list}`)).toBe('');
    }));
});
