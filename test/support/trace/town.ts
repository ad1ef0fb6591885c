import { FAMILIES } from '../kernel.ts';
import { createNetns, type Netns } from '../netns.ts';
import { startAgent, type Agent } from './agent.ts';
import { inFamily } from './families.ts';

/** Names of the namespaces: the machine with the rules, somebody outside, and containers on two networks. */
export const PLACES = ['host', 'client', 'c1', 'c2', 'c3'] as const;
export type PlaceName = (typeof PLACES)[number];

/** A machine with two bridges as Docker makes them, what is connected to them, and a client on two wires outside. */
export interface Town {
  readonly host: Netns;
  readonly agents: Readonly<Record<PlaceName, Agent>>;
  dispose(): Promise<void>;
}

const mac = (number: number): string => `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;

/** Wires; by eth2 the host takes no IPv6. Name at the host, hardware addresses there and at the other end, and the other end's name. */
const WIRES = [
  { at: 'eth0', number: 0x10, to: 'client', there: 'eth0', bridge: '' },
  { at: 'eth1', number: 0x20, to: 'client', there: 'eth1', bridge: '' },
  { at: 'eth2', number: 0x60, to: 'client', there: 'eth2', bridge: '' },
  { at: 'v1', number: 0x30, to: 'c1', there: 'eth0', bridge: 'docker0' },
  { at: 'v2', number: 0x40, to: 'c2', there: 'eth0', bridge: 'docker0' },
  { at: 'v3', number: 0x50, to: 'c3', there: 'eth0', bridge: 'br1' },
] as const;

/** IPv6 does not tell which of two addresses of an interface it takes: one of the host's is on lo instead. */
const SECOND = '192.0.2.10/24';

/** Addresses of the namespaces' interfaces. */
const ADDRESSES: readonly (readonly [PlaceName, string, string])[] = [
  ['host', 'eth0', '192.0.2.1/24'],
  ['host', 'eth0', SECOND],
  ['host', 'eth1', '198.51.100.1/24'],
  ['host', 'docker0', '172.17.0.1/16'],
  ['host', 'br1', '172.18.0.1/16'],
  ['client', 'eth0', '192.0.2.2/24'],
  ['client', 'eth1', '198.51.100.2/24'],
  ['c1', 'eth0', '172.17.0.2/16'],
  ['c2', 'eth0', '172.17.0.3/16'],
  ['c3', 'eth0', '172.18.0.2/16'],
];

/** Who answers to an address of the town; every one has a hardware address at the host, so that none is asked for. */
export const HOMES: Readonly<Record<string, { readonly place: PlaceName; readonly dev: string }>> = {
  '192.0.2.2': { place: 'client', dev: 'eth0' },
  '192.0.2.3': { place: 'client', dev: 'eth0' },
  '198.51.100.2': { place: 'client', dev: 'eth1' },
  '198.51.100.3': { place: 'client', dev: 'eth1' },
  '172.17.0.2': { place: 'c1', dev: 'docker0' },
  '172.17.0.3': { place: 'c2', dev: 'docker0' },
  '172.17.0.4': { place: 'c2', dev: 'docker0' },
  ...Object.fromEntries(
    [2, 3, 4, 5, 6, 7].map((last) => [`172.18.0.${String(last)}`, { place: 'c3', dev: 'br1' }] as const),
  ),
};

/** The host's routes beside those of its addresses: a network beyond the client, one of nobody, one for marked packets. */
const ROUTES = [
  'route add 203.0.113.0/24 via 192.0.2.2',
  'route add unreachable 203.0.113.128/25',
  'route add blackhole 203.0.113.192/26',
  'route add 203.0.113.0/25 via 198.51.100.2 table 100',
  'route add prohibit 172.18.0.7 table 100',
  'rule add fwmark 0x2/0x2 lookup 100',
  'rule add from 172.17.0.4 to 203.0.113.0/24 lookup 101',
  'route add 203.0.113.0/24 via 198.51.100.2 table 101',
  // `not` turns both conditions together.
  'rule add pref 20000 not fwmark 0x1/0x1 iif docker0 lookup 102',
  'route add 203.0.113.0/29 via 198.51.100.2 table 102',
];

/** Builds the town. What arrives at a place other than the host is not answered, so that only what is sent is seen. */
export async function buildTown(): Promise<Town> {
  const made = await Promise.all(PLACES.map(async (name) => [name, await createNetns()] as const));
  const spaces = Object.fromEntries(made) as Record<PlaceName, Netns>;
  const run = async (name: PlaceName, script: readonly string[]): Promise<void> => {
    const { code, stderr } = await spaces[name].exec('sh', ['-ec', script.join('\n')]);
    if (code !== 0) throw new Error(`${name}: ${stderr}`);
  };
  // No address is asked for or tried out, so that nothing but what is sent arrives, and at once.
  const quiet = ['accept_dad', 'router_solicitations', 'accept_ra'].map(
    (setting) => `for i in all default; do echo 0 > /proc/sys/net/ipv6/conf/$i/${setting}; done`,
  );
  const dumb = [
    'echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all; echo 1 > /proc/sys/net/ipv6/icmp/echo_ignore_all',
  ];
  for (const name of PLACES)
    await run(name, [
      ...[...quiet, ...dumb, 'ip link set lo up'],
      'for i in 4 6; do echo 1 > /proc/sys/net/ipv$i/ip_nonlocal_bind; done',
    ]);
  await run('host', [
    'ip link add docker0 address 02:00:00:00:00:01 type bridge; ip link set docker0 up',
    'ip link add br1 address 02:00:00:00:00:02 type bridge; ip link set br1 up',
  ]);
  for (const { at, number, to, there, bridge } of WIRES) {
    const [here, far] = [mac(number), mac(number + 1)];
    await run('host', [
      `ip link add ${at} address ${here} type veth peer name ${there} address ${far} netns ${spaces[to].path}`,
      ...(bridge === '' ? [] : [`ip link set ${at} master ${bridge}`]),
      `ip link set ${at} up${at === 'v3' ? '; ip link set v3 type bridge_slave hairpin on' : ''}`,
    ]);
    await run(to, [`ip link set ${there} up`]);
  }
  /** The same for both families. */
  const twice = async (name: PlaceName, commands: readonly string[]): Promise<void> => {
    for (const family of FAMILIES) {
      const ip = family === 'ipv4' ? 'ip -4' : 'ip -6';
      await run(
        name,
        commands.map((command) => `${ip} ${inFamily(family, command)}`),
      );
    }
  };
  for (const [name, dev, address] of ADDRESSES)
    if (address !== SECOND)
      await run(name, [
        `ip addr add ${address} dev ${dev}`,
        `ip addr add ${inFamily('ipv6', address)} dev ${dev} nodad`,
      ]);
  await run('host', [
    `ip addr add ${SECOND} dev eth0`,
    `ip addr add ${inFamily('ipv6', SECOND.replace(/24$/, '32'))} dev lo`,
  ]);
  const neighbour = (dev: string, address: string, number: number): string =>
    `neigh replace ${address} lladdr ${mac(number)} dev ${dev} nud permanent`;
  await twice('host', [
    ...Object.entries(HOMES).map(([address, { place, dev }]) => {
      const wire = WIRES.find(
        ({ to, at, bridge }) => to === place && (bridge === '' ? at === dev : bridge === dev),
      );
      return neighbour(dev, address, (wire?.number ?? 0) + 1);
    }),
    ...ROUTES,
  ]);
  await twice('client', [
    ...['192.0.2.1', '192.0.2.10'].map((address) => neighbour('eth0', address, 0x10)),
    neighbour('eth1', '198.51.100.1', 0x20),
    'route add default via 192.0.2.1 dev eth0 metric 10',
    'route add default via 198.51.100.1 dev eth1 metric 100',
  ]);
  await run('client', ['ip -6 neigh replace fe80::1 lladdr 02:00:00:00:00:60 dev eth2 nud permanent']);
  await run('client', ['ip -6 route add default via fe80::1 dev eth2 metric 200']);
  const container = (gateway: string, number: number): readonly string[] => [
    neighbour('eth0', gateway, number),
    `route add default via ${gateway}`,
  ];
  const others = ['172.17.0.3', '172.17.0.4'].map((to) => neighbour('eth0', to, 0x41));
  await twice('c1', [...container('172.17.0.1', 1), ...others]);
  await twice('c2', [...container('172.17.0.1', 1), neighbour('eth0', '172.17.0.2', 0x31)]);
  await twice('c3', container('172.18.0.1', 2));
  // So that it may send what nobody should.
  await run('client', ['echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet']);
  for (const name of PLACES)
    if (name !== 'host') await run(name, ['iptables-nft -P INPUT DROP; ip6tables-nft -P INPUT DROP']);
  await run('host', ['echo 1 > /proc/sys/net/ipv6/conf/eth2/disable_ipv6']);
  const own = ADDRESSES.filter(([name]) => name === 'host').map(
    ([, , address]) => address.split('/')[0] ?? '',
  );
  // Every router of a subnet of IPv6 answers to its first address as well.
  const all = new Set(['127.0.0.1', ...own, ...own.map((address) => address.replace(/\d+$/, '0'))]);
  const heard = [...all].map((address) => inFamily('ipv6', address));
  const agents: Agent[] = [];
  for (const name of PLACES)
    agents.push(await startAgent(name, spaces[name], name === 'host' ? heard : undefined));
  return {
    host: spaces.host,
    agents: Object.fromEntries(agents.map((agent) => [agent.name, agent])) as Record<PlaceName, Agent>,
    async dispose() {
      for (const agent of agents) await agent.dispose();
      for (const name of PLACES) await spaces[name].dispose();
    },
  };
}
