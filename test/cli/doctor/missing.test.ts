import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, withHost } from '../../support/cli.ts';
import { put } from '../../support/hook-root.ts';
import { without } from '../../support/missing-tools.ts';
import { serveRecorded } from '../../support/recorded/engine.ts';
import { oneIn } from '../../support/incident/share.ts';

/** A package that is not installed, its tools, and what each command says of it. */
const MISSING = [
  ['iproute2', 'ip', /ip is not installed/],
  ['iptables', '*tables*', /iptables\S* is not installed/],
  ['nftables', 'nft', /nft is not installed/],
] as const;

/** What must not be offered where nobody knows what is wrong. */
const REMEDIES = /docker restart|systemctl restart|docker start|rulesguard restore|iptables -[ID]/;

describeCli('a tool that is not installed', () => {
  test.each(oneIn(4, MISSING))(
    '%s: doctor cannot tell, says so once, and what to install',
    (name, tools, why) =>
      withHost(async (host) => {
        const engine = await serveRecorded(host, 'engine-29.7-plain');
        try {
          for (const args of [['doctor'], ['check'], ['reach']]) {
            const outcome = await host.attempt(args, { env: engine.env, through: without(tools) });
            const said = `${outcome.stdout}${outcome.stderr}`;
            const flat = said.replace(/\s+/g, ' ');
            expect({ args, code: outcome.code, said }).toMatchObject({ args, code: 3 });
            expect(flat).toMatch(why);
            expect(flat.match(new RegExp(why, 'g')), said).toHaveLength(1);
            expect(flat).toContain(`apt-get install ${name}`);
            expect(said).not.toMatch(REMEDIES);
          }
        } finally {
          engine.close();
        }
      }, 'engine-29.7-plain'),
  );

  test.each(
    oneIn(4, [
      ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'ip', 'Install it: dnf install iproute'],
      ['ID=alpine\n', 'nft', 'Install it: apk add nftables'],
      ['ID=$(reboot)\n', '*tables*', 'Install its package, usually called iptables'],
    ] as const),
  )('on a host of %j: how it is installed there', (osRelease, tools, said) =>
    withHost(async (host) => {
      put(host.folder, 'os-release', osRelease);
      const file = path.join(host.folder, 'os-release');
      const inside = `mount --bind ${file} /etc/os-release && exec "$@"`;
      const through = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', inside, 'sh'];
      const engine = await serveRecorded(host, 'engine-29.7-plain');
      try {
        const { code, stdout, stderr } = await host.attempt(['check'], {
          env: engine.env,
          through: [...through, ...without(tools)],
        });
        expect(code).toBe(3);
        expect(`${stdout}${stderr}`.replace(/\s+/g, ' ')).toContain(said);
      } finally {
        engine.close();
      }
    }, 'engine-29.7-plain'),
  );
});
