import { PLAN } from '../hosts.ts';
import type { DemoMachine } from '../machine.ts';
import { EVERYDAY_PROBES } from '../probes.ts';
import type { DemoCommand, DemoIncident } from './incident.ts';
import RECORDED from './recorded-answers-nftables.json' with { type: 'json' };
import TABLES from './recorded-tables.json' with { type: 'json' };

// TABLES is what `nft -j list ruleset` printed on the host of a real Engine 29.7 that writes with nftables, without the line about nft
// itself (test/fixtures/nftables-29.7/plain); test/unit/demo/recorded-answers.test.ts compares it with the recording.

const OWN_RULE = 'ip saddr 10.8.0.0/24 oifname "eth0" masquerade';

const nft = (typed: string, ...words: readonly string[]): DemoCommand => ({
  typed: `nft ${typed}`,
  words: ['nft', ...(words.length === 0 ? typed.split(' ') : words)],
});

async function listed(host: DemoMachine, ...what: readonly string[]): Promise<string> {
  return (await host.exec(['nft', '--stateless', 'list', ...what])).stdout;
}

/** Every chain and map of a table, in one order: what is written again stands elsewhere in the list. */
const blocksOf = (listing: string): readonly string[] =>
  listing
    .split('\n\n')
    .map((block) =>
      block
        .split('\n')
        .filter((line) => !/^(?:table .*|\}|)$/.test(line))
        .sort()
        .join('\n'),
    )
    .sort();

/** `nft flush ruleset` on a host of an Engine 29.7 that writes with nftables. */
export const nftablesIncident = (): DemoIncident => ({
  firewall: 'nftables',
  tools: ['nft'],
  lost: "Docker's own tables of nftables are",
  engine: RECORDED.version.Version,
  damage: {
    title: 'Someone flushes nftables, and adds a table of their own',
    commands: [
      nft('flush ruleset'),
      nft('add table ip vpn'),
      nft(
        "add chain ip vpn post '{ type nat hook postrouting priority 100; }'",
        'add chain ip vpn post { type nat hook postrouting priority 100; }',
      ),
      nft('add rule ip vpn post ip saddr 10.8.0.0/24 oifname eth0 masquerade'),
    ],
    told: [
      'The published ports still answer, so a health check stays green: docker-proxy takes over.',
      'Nothing gets out of the containers, and a neighbour gets in, at a port that nobody published.',
    ],
  },
  probes: [
    ...EVERYDAY_PROBES,
    {
      from: 'neighbour',
      server: 'web',
      protocol: 'tcp',
      to: { host: PLAN.web, port: PLAN.unpublished },
      source: undefined,
      afterDamage: 'open',
    },
  ],
  async load(host) {
    // A file: nft opens what it reads as JSON a second time, which a pipe does not allow.
    const file = await host.perform({ do: 'keep', name: 'tables.json', text: JSON.stringify(TABLES) });
    await host.exec(['nft', '--json', '--file', file]);
  },
  async rulesNow(host) {
    const tables = await Promise.all(
      ['ip', 'ip6'].map((family) => listed(host, 'table', family, 'docker-bridges')),
    );
    return tables.flatMap(blocksOf);
  },
  hasOwnRule: async (host) => (await listed(host, 'table', 'ip', 'vpn')).split(OWN_RULE).length === 2,
});
