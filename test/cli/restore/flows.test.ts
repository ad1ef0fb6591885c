import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';

/** Addresses of this host, of a client, and of another host. */
const FAMILIES = [
  {
    family: 'ipv4',
    tool: 'iptables',
    host: '10.9.0.1',
    client: '10.9.0.2',
    elsewhere: '10.9.0.9',
    port: '5353',
  },
  {
    family: 'ipv6',
    tool: 'ip6tables',
    host: 'fd09::1',
    client: 'fd09::2',
    elsewhere: 'fd09::9',
    port: '5354',
  },
] as const;

const entry = (from: string, fromPort: string, to: string, toPort: string): string =>
  `conntrack -I -p udp -s ${from} --sport ${fromPort} -d ${to} --dport ${toPort} --timeout 600`;

/** The conntrack entries of UDP, as `FROM PORT > TO PORT`. */
async function entriesOf(host: CliHost, family: string): Promise<readonly string[]> {
  const text = await host.sh(`conntrack -L -p udp -f ${family}`);
  return [...text.matchAll(/^udp .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/gm)]
    .map(([, from = '', to = '', fromPort = '', toPort = '']) => `${from} ${fromPort} > ${to} ${toPort}`)
    .sort();
}

describeCli('clients of a published UDP port after a repair', () => {
  test.each(FAMILIES)(
    'an answer of docker-proxy that left the host untranslated keeps nobody on that path, $family',
    ({ family, tool, host: address, client, elsewhere, port }) =>
      withHost(async (host) => {
        await host.sh('ip link set lo up');
        await host.sh(`ip addr add ${address}/${family === 'ipv4' ? '24' : '64'} dev lo`);
        await host.run('snapshot --force');
        await host.sh(`${tool} -t nat -F DOCKER`);
        // What the client's packets made while the translation was lost.
        await host.sh(entry(client, '40001', address, port));
        // What an answer makes that leaves once that entry is gone: the client's next packets are replies to it.
        await host.sh(entry(address, port, client, '40002'));
        // Nobody's: another port, and a packet that this host passes on.
        await host.sh(entry(address, '5999', client, '40003'));
        await host.sh(entry(elsewhere, port, client, '40004'));

        const stdout = await host.run('restore --assume-unchanged');
        expect(stdout).toMatch(/^Deleted 2 conntrack entries of \d published UDP ports?\b/m);
        expect(await entriesOf(host, family)).toEqual([
          `${address} 5999 > ${client} 40003`,
          `${elsewhere} ${port} > ${client} 40004`,
        ]);
      }, 'engine-28.5'),
  );
});
