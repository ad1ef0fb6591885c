import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withEmptyHost, type CliHost } from '../support/cli.ts';
import { recording, recordingNames } from '../support/recordings.ts';
import type { Family } from '../support/netns.ts';

/** Lines of other people, put before the first rule and before each COMMIT; none of them may change by a byte. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  filter: [
    '-A FORWARD -m comment --comment "mine: it\\\'s \\"odd\\" caf\xe9 \xff" -j LOG',
    '-A FORWARD -i eth1 -o eth0 -j ACCEPT',
    '-A INPUT -p tcp  -m tcp --dport 22 -j ACCEPT',
  ],
  nat: ['-A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE'],
  raw: ['-A PREROUTING -s 192.0.2.5/32 -j DROP'],
};

/** The recorded save with neighbours in it, as a file of an operator might hold it. */
function populated(save: string, family: Family, withCounters: boolean): string {
  let table = '';
  const lines = save.split('\n').flatMap((line) => {
    table = /^\*(\w+)/.exec(line)?.[1] ?? table;
    const text = withCounters ? line : line.replace(/^\[\d+:\d+\] /, '');
    const neighbours = family === 'ipv4' && line === 'COMMIT' ? (FOREIGN[table] ?? []) : [];
    return [...neighbours.map((rule) => (withCounters ? `[7:512] ${rule}` : rule)), text];
  });
  return `# kept by hand\n${lines.join('\n')}`;
}

/** What must be left of it: no rule and no chain of Docker's, all else as it was. */
function expected(save: string, keep: (line: string) => boolean): string {
  return save.split('\n').filter(keep).join('\n');
}

const strip = (host: CliHost, input: string, ...more: readonly string[]) =>
  host.attempt(['strip', ...more], { input });

describeCli('strip', () => {
  test.each(recordingNames())('%s: nothing of Docker’s is left, and every other byte', (name) =>
    withEmptyHost(async (host) => {
      const { text, owned } = recording(name);
      for (const family of ['ipv4', 'ipv6'] as const)
        for (const withCounters of family === 'ipv4' ? [true, false] : [true]) {
          if (text[family] === '') continue;
          const dockers = new Set<string>();
          for (const chains of owned.families[family].values())
            for (const chain of chains.values())
              for (const { owner, rule } of chain.rules) if (owner === 'docker') dockers.add(rule.text);
          const save = populated(text[family], family, withCounters);
          const isDockers = (line: string) =>
            dockers.has(line.replace(/^\[\d+:\d+\] /, '')) || /^:DOCKER/.test(line);
          const { code, stdout } = await strip(host, save);
          expect(code).toBe(0);
          expect(stdout).toBe(expected(save, (line) => !isDockers(line)));
          const loaded = await host.ns.restore(family, 'nft', stdout, withCounters ? ['-c'] : []);
          expect(loaded).toEqual({ code: 0, stdout: '', stderr: '' });
          expect(await host.ns.save(family, 'nft')).not.toContain('DOCKER');
          expect((await strip(host, stdout)).stdout).toBe(stdout);
        }
    }),
  );

  test('keeps what a user wrote into DOCKER-USER, and the chain it stands in', () =>
    withEmptyHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      const mine = '-A DOCKER-USER -s 198.51.100.1/32 -j DROP\n';
      const { stdout } = await strip(host, text.ipv4.replace(/^\[\d+:\d+\] -A DOCKER-FORWARD/m, `${mine}$&`));
      expect(stdout.match(/.*DOCKER.*\n/g)).toEqual([':DOCKER-USER - [0:0]\n', mine]);
      expect((await host.ns.restore('ipv4', 'nft', stdout)).code).toBe(0);
    }));

  test('keeps carriage returns and a missing last newline', () =>
    withEmptyHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      const { stdout } = await strip(
        host,
        populated(text.ipv4, 'ipv4', true).replaceAll('\n', '\r\n').trimEnd(),
      );
      expect(stdout).not.toContain('DOCKER');
      expect(stdout).toMatch(/^# kept by hand\r\n/);
      expect(stdout.match(/MASQUERADE\r\n/g)).toHaveLength(1);
      expect(stdout.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    }));
});

/** Input that cannot be read safely, and what is said of it. */
const FAULTS: readonly (readonly [string, string, RegExp])[] = [
  ['nothing at all', '', /nothing came in/],
  ['a save cut short', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j DROP\n', /line 3.*COMMIT is missing/],
  ['an incompatible table', "# Table `nat' is incompatible, use 'nft' tool.\n", /table nat cannot be shown/],
  ['something else', 'table ip filter {\n}\n', /line 1: is not a line/],
  [
    'a comment that would load as a rule',
    '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "x\n-A INPUT -j DROP\n#" -j LOG\nCOMMIT\n',
    /line 4: stands inside a quoted value/,
  ],
  ['a NUL', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 1.2.3.4\0 -j DROP\nCOMMIT\n', /line 3: holds a NUL/],
];

describeCli('strip --output', () => {
  test('replaces the file in one step', () =>
    withEmptyHost(async (host) => {
      const file = path.join(host.folder, 'rules.v4');
      writeFileSync(file, 'old\n');
      chmodSync(file, 0o640);
      const { ino } = statSync(file);
      const { text } = recording('engine-28.5-plain');
      const { code, stdout } = await strip(host, text.ipv4, '-o', file);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(readFileSync(file, 'latin1')).toBe((await strip(host, text.ipv4)).stdout);
      expect(statSync(file).ino).not.toBe(ino);
      expect(readdirSync(host.folder)).toEqual(['rules.v4']);
    }));

  test.each(FAULTS)('leaves the file alone when %s comes in', (_, input, why) =>
    withEmptyHost(async (host) => {
      const file = path.join(host.folder, 'rules.v4');
      writeFileSync(file, 'old\n');
      const { code, stdout, stderr } = await strip(host, input, '--output', file);
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(stderr).toMatch(why);
      expect(readFileSync(file, 'utf8')).toBe('old\n');
      expect(readdirSync(host.folder)).toEqual(['rules.v4']);
    }),
  );

  test('says where it could not write', () =>
    withEmptyHost(async (host) => {
      const { text } = recording('engine-28.5-plain');
      const { code, stderr } = await strip(
        host,
        text.ipv4,
        '-o',
        path.join(host.folder, 'no', 'such', 'folder', 'x'),
      );
      expect(code).toBe(3);
      expect(stderr).toContain('no/such/folder');
    }));
});
