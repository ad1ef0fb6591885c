import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import type { LiveNetwork } from '../../../src/docker/inventory/inventory.ts';
import { inferIntent } from '../../../src/firewall/iptables/expected/infer-intent.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { ContainerFacts, Facts, Inside, ListeningSocket } from '../../../src/doctor/facts/facts.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { NetworkLink, Route, NetworkState } from '../../../src/trace/network-state.ts';
import { recording } from '../recorded/recordings.ts';

/** A healthy host in memory: the rules a real Engine 28.5 wrote for `web`, with `mate` beside it, and one way out. */

const link = (fields: Partial<NetworkLink> & Pick<NetworkLink, 'name' | 'index'>): NetworkLink => ({
  peerIndex: 0,
  kind: '',
  master: '',
  up: true,
  carrier: true,
  mtu: 1500,
  mac: '',
  portState: '',
  addresses: [],
  ...fields,
});

const ipv4 = (address: string, length: number) =>
  ({ family: 'ipv4', address, length, scope: 'global' }) as const;

const LO: NetworkLink = link({
  name: 'lo',
  index: 1,
  addresses: [{ family: 'ipv4', address: '127.0.0.1', length: 8, scope: 'host' }],
});

const route = (fields: Partial<Route> & Pick<Route, 'to' | 'dev'>): Route => ({
  family: 'ipv4',
  table: 'main',
  type: 'unicast',
  via: '',
  metric: 0,
  prefSource: '',
  flags: [],
  ...fields,
});

const LISTENERS: readonly ListeningSocket[] = [
  { proto: 'tcp', address: '0.0.0.0', port: 80 },
  { proto: 'udp', address: '0.0.0.0', port: 5353 },
];

const insideOf = (address: string, index: number): Inside => ({
  netns: `/proc/${String(index)}000/ns/net`,
  links: [
    LO,
    link({ name: 'eth0', index: 2, peerIndex: index, kind: 'veth', addresses: [ipv4(address, 16)] }),
  ],
  routes: [
    route({ to: '0.0.0.0/0', via: '172.17.0.1', dev: 'eth0' }),
    route({ to: '172.17.0.0/16', dev: 'eth0' }),
  ],
  listeners: LISTENERS,
  resolvers: ['192.0.2.53'],
  ownRules: [],
  sysctls: new Map(),
});

const BRIDGE_ID = 'db9326b8548b5a08c559b2b13d7e6c506991de35d4638ae55b20df1a5ae7ccba';

/** A container on the default bridge. */
const container = (name: string, address: string, index: number): ContainerFacts => ({
  id: name.padEnd(64, '0'),
  name,
  state: 'running',
  status: 'Up 3 minutes',
  networkMode: 'bridge',
  attachments: [
    {
      network: 'bridge',
      networkId: BRIDGE_ID,
      ipv4: address,
      ipv6: '',
      gateway: '172.17.0.1',
      gateway6: '',
      mac: '',
    },
  ],
  requestedPorts: undefined,
  exposed: [],
  inside: insideOf(address, index),
});

const SYSCTLS: Readonly<Record<string, string>> = {
  'ipv4/ip_forward': '1',
  'ipv4/conf/all/forwarding': '1',
  'ipv4/conf/docker0/forwarding': '1',
  'ipv4/conf/eth0/forwarding': '1',
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/docker0/rp_filter': '0',
  'ipv4/conf/eth0/rp_filter': '0',
  'bridge/bridge-nf-call-iptables': '1',
};

const answers = (version: string): ReturnType<typeof inventoryFrom> => {
  const { networksAnswer } = recording('engine-28.5-plain');
  return inventoryFrom({
    version: { Version: version, ApiVersion: '1.51' },
    info: {},
    networks: networksAnswer,
    containers: [
      {
        Id: 'web'.padEnd(64, '0'),
        Names: ['/web'],
        Ports: [
          { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
          { IP: '0.0.0.0', PrivatePort: 5353, PublicPort: 5353, Type: 'udp' },
        ],
        NetworkSettings: {
          Networks: { bridge: { NetworkID: BRIDGE_ID, IPAddress: '172.17.0.2', Gateway: '172.17.0.1' } },
        },
      },
      {
        Id: 'mate'.padEnd(64, '0'),
        Names: ['/mate'],
        Ports: [],
        NetworkSettings: {
          Networks: { bridge: { NetworkID: BRIDGE_ID, IPAddress: '172.17.0.3', Gateway: '172.17.0.1' } },
        },
      },
    ],
  });
};

const port = (name: string, index: number): NetworkLink =>
  link({ name, index, peerIndex: 2, kind: 'veth', master: 'docker0', portState: 'forwarding' });

const netState = (rules: HostRules): NetworkState => ({
  rulesets: [{ variant: 'nft', rules }],
  sets: new Map(),
  natives: [],
  links: [
    LO,
    link({ name: 'eth0', index: 2, addresses: [ipv4('192.0.2.1', 24)] }),
    link({ name: 'docker0', index: 3, kind: 'bridge', addresses: [ipv4('172.17.0.1', 16)] }),
    port('veth1', 11),
    port('veth2', 12),
  ],
  routes: [
    route({ to: '0.0.0.0/0', via: '192.0.2.2', dev: 'eth0' }),
    route({ to: '192.0.2.0/24', dev: 'eth0', prefSource: '192.0.2.1' }),
    route({ to: '172.17.0.0/16', dev: 'docker0', prefSource: '172.17.0.1' }),
  ],
  routeRules: [],
  sysctls: new Map(Object.entries(SYSCTLS)),
});

/** All is well. @param version - of the Engine that wrote the rules */
export function healthyFacts(version = '28.5.2'): Facts {
  const { host } = recording(`engine-${version.replace(/\.\d+$/, '')}-plain`);
  const inventory = answers(version);
  const { networks, ports } = inventory;
  const written = () => [ownHost(host, { networks, settled: true })];
  const intent = inferIntent({ inventory, facts: {}, written })?.intent;
  return {
    engine: {
      answered: true,
      version,
      socket: '/run/docker.sock',
      liveRestore: true,
      firewallBackend: 'iptables',
      userlandProxy: true,
      facts: {},
      log: [],
    },
    drift: { findings: [], rules: 24, baseline: undefined },
    owned: ownHost(host, { networks, settled: true }),
    variant: 'nft',
    leftovers: [],
    netState: netState(host),
    intended: intent && { intent, inventory, proxies: undefined, nameServers: [] },
    networks,
    containers: [container('web', '172.17.0.2', 11), container('mate', '172.17.0.3', 12)],
    ports,
    conntrack: { count: 40, max: 65_536 },
    conntrackDrops: 0,
    reversePathDrops: 0,
    listeners: [],
    proxies: ['0.0.0.0', '::'].flatMap((hostIp) => [
      { proto: 'tcp', hostIp, hostPort: 8080, containerIp: '172.17.0.2', containerPort: 80 },
      { proto: 'udp', hostIp, hostPort: 5353, containerIp: '172.17.0.2', containerPort: 5353 },
    ]),
    managers: [],
  };
}

/** A change to healthy facts; a function is given what was there. */
export type Change = (facts: Facts) => Facts;

export const onNetState =
  (change: (netState: NetworkState) => Partial<NetworkState>): Change =>
  (facts) => ({ ...facts, netState: { ...facts.netState, ...change(facts.netState) } });

export const sysctls = (values: Readonly<Record<string, string>>): Change =>
  onNetState(({ sysctls: all }) => ({ sysctls: new Map([...all, ...Object.entries(values)]) }));

export const onLink = (name: string, change: Partial<NetworkLink> | undefined): Change =>
  onNetState(({ links }) => ({
    links: links.flatMap((one) =>
      one.name !== name ? [one] : change === undefined ? [] : [{ ...one, ...change }],
    ),
  }));

export const withRoute = (fields: Partial<Route> & Pick<Route, 'to' | 'dev'>): Change =>
  onNetState(({ routes }) => ({ routes: [...routes, route(fields)] }));

export const withoutRoute = (to: string): Change =>
  onNetState(({ routes }) => ({ routes: routes.filter((one) => one.to !== to) }));

export const onContainer =
  (name: string, change: (container: ContainerFacts) => Partial<ContainerFacts>): Change =>
  (facts) => ({
    ...facts,
    containers: facts.containers.map((one) => (one.name === name ? { ...one, ...change(one) } : one)),
  });

export const onInside = (name: string, change: (inside: Inside) => Partial<Inside>): Change =>
  onContainer(name, ({ inside }) => ({ inside: { ...(inside as Inside), ...change(inside as Inside) } }));

export const onNetwork =
  (change: Partial<LiveNetwork>): Change =>
  (facts) => ({
    ...facts,
    networks: facts.networks.map((one) => (one.name === 'bridge' ? { ...one, ...change } : one)),
  });
