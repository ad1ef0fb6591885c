import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, timeless, withEmptyHost, withHost, type CliHost } from '../../support/cli.ts';
import { VARIANTS } from '../../support/kernel.ts';
import { withNetns, type Variant } from '../../support/netns.ts';
import { recording } from '../../support/recorded/recordings.ts';
import { oneIn } from '../../support/incident/share.ts';

const HEAD = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n';

/** Files that people write by hand. Which of them are rules the tool says, not we. */
const FILES: readonly (readonly [what: string, text: string])[] = [
  ['-I', `${HEAD}-A INPUT -j ACCEPT\n-I INPUT -s 192.0.2.4 -j DROP\nCOMMIT\n`],
  ['-I with a number', `${HEAD}-A INPUT -j ACCEPT\n-I INPUT 2 -s 192.0.2.4 -j DROP\nCOMMIT\n`],
  ['a table twice', `${HEAD}-A INPUT -j ACCEPT\nCOMMIT\n${HEAD}-A INPUT -j DROP\nCOMMIT\n`],
  ['-N', `${HEAD}-N U\n-A U -j DROP\n-A INPUT -j U\nCOMMIT\n`],
  ['-P', `${HEAD}-P FORWARD ACCEPT\nCOMMIT\n`],
  ['-F of a chain', `${HEAD}-A INPUT -j DROP\n-F INPUT\n-A INPUT -j ACCEPT\nCOMMIT\n`],
  ['-F', `${HEAD}-F\n-A INPUT -j ACCEPT\nCOMMIT\n`],
  ['-D', `${HEAD}-A INPUT -j DROP\n-A INPUT -j ACCEPT\n-D INPUT -j DROP\nCOMMIT\n`],
  ['-X', `${HEAD}:U - [0:0]\n-X U\n-A INPUT -j ACCEPT\nCOMMIT\n`],
  ['long options', `${HEAD}--append INPUT --protocol tcp --dpor 22 --jum ACCEPT\nCOMMIT\n`],
  ['another order of options', `${HEAD}-j ACCEPT -s 192.0.2.1 -A INPUT\nCOMMIT\n`],
  ['a quoted option', `${HEAD}"-A" INPUT -j DROP\nCOMMIT\n`],
  ['a built-in chain twice', `${HEAD}:FORWARD ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n`],
  ['a user chain twice', `${HEAD}:U - [0:0]\n-A U -j DROP\n:U - [0:0]\nCOMMIT\n`],
  ['-C', `${HEAD}-A INPUT -j ACCEPT\n-C INPUT -j ACCEPT\nCOMMIT\n`],
  ['counters', `${HEAD}[1:2] -A INPUT -j ACCEPT\n[3:4] -I INPUT -j DROP\nCOMMIT\n`],
  ['COMMIT and a space', `${HEAD}-A INPUT -j ACCEPT\nCOMMIT \n`],
  ['COMMIT and a comment', `${HEAD}-A INPUT -j ACCEPT\nCOMMIT # all\n`],
  ['a comment behind a rule', `${HEAD}-A INPUT -j ACCEPT # x\nCOMMIT\n`],
  ['a line of spaces', `${HEAD}  \n-A INPUT -j ACCEPT\nCOMMIT\n`],
  ['help in the midst', `${HEAD}-A INPUT -j DROP\n-h\nCOMMIT\n`],
  ['a table in a table', `${HEAD}*nat\nCOMMIT\n`],
  ['an unknown chain', `${HEAD}-A NOWHERE -j DROP\nCOMMIT\n`],
];

/** What a file comes to in an empty namespace; undefined where the tool refuses it, or ends without loading it. */
const loaded = (text: string, variant: Variant): Promise<string | undefined> =>
  withNetns(async (ns) => {
    const { code, stdout } = await ns.restore('ipv4', variant, text);
    return code === 0 && stdout === '' ? timeless(await ns.save('ipv4', variant)) : undefined;
  });

/** The program with the tools of one variant under their usual names. */
const strip = (host: CliHost, input: string, variant: Variant) => {
  const bin = path.join(host.folder, variant);
  const link = `mkdir -p ${bin} && for tool in iptables ip6tables; do ln -sf "$(command -v $tool-${variant})" ${bin}/$tool; done`;
  return host.attempt(['strip'], {
    input,
    through: ['sh', '-c', `${link}; PATH="${bin}:$PATH" exec "$@"`, 'sh'],
  });
};

for (const variant of VARIANTS)
  describeCli(
    `strip of a file written by hand · ${variant}`,
    () => {
      test.each(oneIn(6, FILES, VARIANTS.indexOf(variant)))('%s: taken as the tool takes it', (_, text) =>
        withEmptyHost(async (host) => {
          const [{ code, stdout, stderr }, meant] = [
            await strip(host, text, variant),
            await loaded(text, variant),
          ];
          // A file that does not load may come out as it came in, line for line; it does not begin to load by that.
          if (meant === undefined)
            expect([stdout === '' || (await loaded(stdout, variant)), stderr]).toEqual([
              stdout === '' || undefined,
              stderr,
            ]);
          else expect([code, await loaded(stdout, variant), stderr]).toEqual([0, meant, stderr]);
        }),
      );
    },
    variant,
  );

describeCli('strip of a file written by hand', () => {
  test('takes Docker’s rules out of it all the same', () =>
    withEmptyHost(async (host) => {
      const text = recording('engine-28.5-plain').text.ipv4.replace(
        /^(\*filter\n(?::.*\n)+)/m,
        '$1-I INPUT -s 192.0.2.4/32 -j DROP\n',
      );
      const { code, stdout, stderr } = await host.attempt(['strip'], { input: text });
      expect(code).toBe(0);
      expect(stderr).toMatch(/iptables-restore loads it all the same/);
      expect(stdout).not.toContain('DOCKER');
      expect(stdout).toContain('-A INPUT -s 192.0.2.4/32 -j DROP\n');
    }));

  test('runs no program that it names', () =>
    withEmptyHost(async (host) => {
      const trace = path.join(host.folder, 'ran');
      writeFileSync(`${trace}.sh`, `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
      for (const option of [`--modprobe=${trace}.sh`, `-M ${trace}.sh`, `--mo ${trace}.sh`]) {
        const input = `${HEAD}-I INPUT ${option} -m nosuchmatch -j DROP\nCOMMIT\n`;
        expect((await host.attempt(['strip'], { input })).code).toBe(3);
      }
      expect((await host.ns.exec('ls', [host.folder])).stdout).not.toMatch(/^ran$/m);
    }));
});

describeCli('strip and a RETURN in DOCKER-USER', () => {
  const stripped = (host: CliHost, ...rules: readonly string[]) => {
    const filter = [
      ':DOCKER-USER - [0:0]',
      '-A FORWARD -j DOCKER-USER',
      ...rules.map((rule) => `-A DOCKER-USER ${rule}`),
    ];
    const input = `${HEAD}${filter.join('\n')}\nCOMMIT\n`;
    return host.attempt(['strip'], { input }).then(({ stdout }) => stdout.match(/^-A .*$/gm) ?? []);
  };
  const [BAN, RETURN] = ['-s 192.0.2.9/32 -j DROP', '-j RETURN'];

  test('stays before a user’s rules, which do nothing behind it', () =>
    withEmptyHost(async (host) => {
      expect(await stripped(host, RETURN, BAN)).toEqual([
        `-A DOCKER-USER ${RETURN}`,
        `-A DOCKER-USER ${BAN}`,
      ]);
      expect(await stripped(host, BAN, RETURN)).toEqual([`-A DOCKER-USER ${BAN}`]);
      expect(await stripped(host, BAN, RETURN, BAN, RETURN)).toEqual([
        `-A DOCKER-USER ${BAN}`,
        `-A DOCKER-USER ${RETURN}`,
        `-A DOCKER-USER ${BAN}`,
      ]);
      expect(await stripped(host, RETURN)).toEqual([]);
    }));
});

describeCli('check --candidate with a file written by hand', () => {
  test.each<[string, string, number]>([
    ['-I of a rule that hurts nobody', '*filter\n-I INPUT -s 192.0.2.4 -j DROP\nCOMMIT\n', 1],
    ['a space behind the star', '* nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n', 1],
    ['a table twice', `${HEAD}COMMIT\n${HEAD}COMMIT\n`, 1],
    ['one that the tool refuses: nobody can tell', `${HEAD}COMMIT \n`, 3],
  ])('%s: told', (_, text, code) =>
    withHost(async (host) => {
      const file = path.join(host.folder, 'rules.v4');
      writeFileSync(file, text);
      const outcome = await host.attempt(['check', '--candidate', file]);
      expect([outcome.code, outcome.stdout + outcome.stderr]).toEqual([
        code,
        outcome.stdout + outcome.stderr,
      ]);
    }),
  );
});
