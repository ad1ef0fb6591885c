import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import type { Json } from '../../../src/docker/inventory/inventory.ts';
import { serveRecorded, type Otherwise } from '../../support/recorded/engine.ts';

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

interface MigrateHostHere {
  readonly host: CliHost;
  readonly migrate: (...args: readonly string[]) => Promise<{ code: number; stdout: string; said: string }>;
}

/** A recorded host whose Docker writes with iptables. */
const withIptablesHost = (
  name: string,
  body: (host: MigrateHostHere) => Promise<void>,
  otherwise: Otherwise = {},
): Promise<void> =>
  withHost(async (host) => {
    const engine = await serveRecorded(host, name, otherwise);
    try {
      await body({
        host,
        migrate: async (...args) => {
          const { code, stdout, stderr } = await host.attempt(['migrate', ...args], { env: engine.env });
          return { code, stdout, said: `${stdout}\n${stderr}` };
        },
      });
    } finally {
      engine.close();
    }
  }, name);

/** What ufw 0.36 writes of routed packets, as far as they are decided there. */
const UFW = [
  'iptables -N ufw-before-forward',
  'iptables -N ufw-user-forward',
  'iptables -A FORWARD -j ufw-before-forward',
  'iptables -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  'iptables -A ufw-before-forward -j ufw-user-forward',
  'iptables -P FORWARD DROP',
];

describeCli('migrate', () => {
  test('a host without rules of its own: nothing changes, and what to type', () =>
    withIptablesHost('engine-29.7-plain', async ({ migrate }) => {
      const { code, stdout } = await migrate();
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: matching(/^SAFE {2}all \d+ ways stay as they are/),
      });
      expect(stdout).toContain('"firewall-backend": "nftables"');
      expect(stdout.trimEnd().split('\n').length).toBeLessThan(24);
      expect(await migrate('--print')).toMatchObject({ code: 0, stdout: '' });
    }));

  test('DOCKER-USER becomes a table that nft takes; what has no words is named', () =>
    withIptablesHost('engine-29.7-plain', async ({ host, migrate }) => {
      for (const line of [
        'iptables -N f2b-web',
        'iptables -A f2b-web -s 203.0.113.9/32 -j REJECT',
        'iptables -I DOCKER-USER -p tcp -j f2b-web',
        'iptables -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 9999 -j DROP',
        'iptables -I DOCKER-USER -m recent --name seen --set',
      ])
        await host.sh(line);
      const { code, stdout } = await migrate();
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: matching(/^NOT YET {2}all \d+ ways stay as they are/),
      });
      expect(stdout).toMatch(/NOT CARRIED {2}iptables: -m recent [^]*nft has no words for it/);
      expect(stdout).toMatch(/f2b-web: the bans of today[^]*chain_hook=forward/);
      const { stdout: table } = await migrate('--print');
      expect(table).toContain('ct original proto-dst 9999 counter drop');
      expect(table).toMatch(/chain f2b-web \{\n\t\tip saddr 203\.0\.113\.9 counter reject\n/);
      const loaded = await host.ns.exec('nft', ['-f', '-'], { input: table });
      expect(loaded).toMatchObject({ code: 0, stderr: '' });
    }));

  test('an accept that Docker’s tables would not honour takes a mark', () =>
    withIptablesHost('engine-29.7-icc-false', async ({ host, migrate }) => {
      await host.sh('iptables -I DOCKER-USER -p tcp -j ACCEPT');
      const { stdout } = await migrate();
      expect(stdout).toMatch(/^(?:SAFE|CHANGES)/);
      expect(stdout).toContain('"bridge-accept-fwmark": "0x40000000/0x40000000"');
      expect((await migrate('--print')).stdout).toContain('meta mark set meta mark | 0x40000000 accept');
    }));

  test('ufw, which Docker’s tables do not pass by, has to let the bridges through', () =>
    withIptablesHost('engine-29.7-plain', async ({ host, migrate }) => {
      for (const line of UFW) await host.sh(line);
      const { code, stdout } = await migrate();
      expect({ code, stdout }).toEqual({ code: 0, stdout: matching(/^SAFE/) });
      expect(stdout).toMatch(
        /ufw stands before Docker's tables, too: ufw route allow in on docker0; ufw route allow out on docker0/,
      );
    }));

  test('an Engine that is too old is told', () =>
    withIptablesHost(
      'engine-29.7-plain',
      async ({ migrate }) => {
        expect(await migrate()).toMatchObject({
          code: 1,
          stdout: matching(/BEFORE {2}Engine 28\.5\.2 has no firewall backend nftables: upgrade it to 29/),
        });
      },
      {
        account: (account) => ({ ...account, version: { ...(account.version as Json), Version: '28.5.2' } }),
      },
    ));
});
