import { describe, expect, test } from 'vitest';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import type { Answers, Inventory } from '../../../src/docker/inventory/inventory.ts';

type Json = Readonly<Record<string, unknown>>;

/** A bridge network named as its id; `more` beside or instead. */
const net = (name: string, more: Json = {}): Json => ({
  Id: name,
  Name: name,
  Driver: 'bridge',
  Options: { 'com.docker.network.bridge.name': name },
  ...more,
});

/** A place on a network: with an IPv4 address and gateway, `v6` with both families, `only6` with IPv6 alone. */
const at = (last: number, kind: 'v4' | 'v6' | 'only6' = 'v4', more: Json = {}): Json => ({
  ...(kind === 'only6' ? {} : { IPAddress: `172.20.0.${String(last)}`, Gateway: '172.20.0.254' }),
  ...(kind === 'v4' ? {} : { GlobalIPv6Address: `fd00::${String(last)}`, IPv6Gateway: 'fd00::fe' }),
  ...more,
});

const HTTP: Json = { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' };
const HTTP6: Json = { ...HTTP, IP: '::' };

/** A container `web` on networks by name, each place as `at` makes it. */
const web = (
  places: Readonly<Record<string, Json>>,
  ports: readonly Json[] = [HTTP, HTTP6],
  more: Json = {},
): Json => ({
  Id: 'w'.repeat(64),
  Names: ['/web'],
  Ports: ports,
  NetworkSettings: {
    Networks: Object.fromEntries(
      Object.entries(places).map(([name, place]) => [name, { NetworkID: name, ...place }]),
    ),
  },
  ...more,
});

const from = (answers: Partial<Answers>): Inventory =>
  inventoryFrom({ version: {}, info: {}, networks: [], containers: [], ...answers });

const NETWORKS = [
  net('aa'),
  net('mm'),
  net('zz'),
  net('Zed'),
  net('shut', { Internal: true }),
  net('mac', { Driver: 'macvlan', Options: {} }),
];

/** Where web's port leads: network and address, in IPv4 and IPv6. */
function leads(places: Readonly<Record<string, Json>>): readonly (string | undefined)[] {
  const { ports } = from({ networks: NETWORKS, containers: [web(places)] });
  return ports.map(({ hostIp, endpoint }) =>
    endpoint === undefined
      ? undefined
      : `${endpoint.network} ${hostIp === '::' ? endpoint.ipv6 : endpoint.ipv4}`,
  );
}

describe('a published port leads to', () => {
  test.each<[what: string, places: Readonly<Record<string, Json>>, ipv4?: string, ipv6?: string]>([
    ['its only network', { mm: at(1) }, 'mm 172.20.0.1'],
    ['both families of it', { mm: at(1, 'v6') }, 'mm 172.20.0.1', 'mm fd00::1'],
    ['the first name', { mm: at(1), aa: at(2) }, 'aa 172.20.0.2'],
    ['the first name by bytes', { aa: at(1), Zed: at(2) }, 'Zed 172.20.0.2'],
    ['no internal network', { shut: at(1), zz: at(2) }, 'zz 172.20.0.2'],
    ['nothing when all are internal', { shut: at(1) }],
    ['no internal one in the other family', { shut: at(1, 'v6'), zz: at(2) }, 'zz 172.20.0.2'],
    ['a network of both families', { aa: at(1), mm: at(2, 'v6') }, 'mm 172.20.0.2', 'mm fd00::2'],
    ['one per family', { aa: at(1), mm: at(2, 'only6') }, 'aa 172.20.0.1', 'mm fd00::2'],
    ['a priority before a name', { aa: at(1), zz: at(2, 'v4', { GwPriority: 1 }) }, 'zz 172.20.0.2'],
    ['no negative priority', { aa: at(1, 'v4', { GwPriority: -1 }), zz: at(2) }, 'zz 172.20.0.2'],
    [
      'both families before a priority',
      { aa: at(1, 'v4', { GwPriority: 9 }), zz: at(2, 'v6') },
      'zz 172.20.0.2',
      'zz fd00::2',
    ],
    ['nothing that is no bridge', { mac: at(1), zz: at(2) }],
    ['nothing on a network unknown by now', { gone: at(1) }],
  ])('%s', (_, places, ipv4, ipv6) => {
    expect(leads(places)).toEqual([ipv4, ipv6]);
  });

  test('docker_gwbridge for a container of overlay networks, whose own addresses are no endpoints', () => {
    const overlay = { ...net('wide'), Driver: 'overlay', Options: {} };
    const gwbridge = net('docker_gwbridge');
    const inventory = from({
      networks: [overlay, gwbridge],
      containers: [web({ wide: { IPAddress: '10.0.1.2', Gateway: '' } })],
      gwbridge: {
        Containers: {
          ['w'.repeat(64)]: { Name: 'gateway_1234', IPv4Address: '172.19.0.3/16', IPv6Address: '' },
          'ingress-sbox': { Name: 'gateway_ingress-sbox', IPv4Address: '172.19.0.2/16', IPv6Address: '' },
        },
      },
    });
    const own = {
      bridge: 'docker_gwbridge',
      network: 'docker_gwbridge',
      container: 'web',
      ipv4: '172.19.0.3',
    };
    expect(inventory.endpoints).toMatchObject([own, { container: 'ingress-sbox', ipv4: '172.19.0.2' }]);
    expect(inventory.ports.map(({ endpoint }) => endpoint)).toMatchObject([own, undefined]);
    expect(inventory.swarm.meshAddress).toBe('172.19.0.2');
  });
});

describe('ports', () => {
  const ports = (list: readonly Json[]) =>
    from({ networks: NETWORKS, containers: [web({ aa: at(1) }, list)] }).ports.map(
      ({ proto, port, hostIp, hostPort }) => `${hostIp}:${String(hostPort)}→${String(port)}/${proto}`,
    );

  test.each<[what: string, listed: Json, told: readonly string[]]>([
    ['bound to one address', { ...HTTP, IP: '127.0.0.1' }, ['127.0.0.1:8080→80/tcp']],
    ['sctp', { ...HTTP, Type: 'sctp' }, ['0.0.0.0:8080→80/sctp']],
    ['exposed only', { PrivatePort: 80, Type: 'tcp' }, []],
    ['of a routed network', { IP: '0.0.0.0', PrivatePort: 80, Type: 'tcp' }, ['0.0.0.0:undefined→80/tcp']],
    ['of an unknown protocol', { ...HTTP, Type: 'quic' }, []],
    ['of no protocol', { IP: '0.0.0.0' }, []],
  ])('%s', (_, listed, told) => {
    expect(ports([listed])).toEqual(told);
  });

  test('in one order, whatever the Engine’s', () => {
    const list = [9090, 8080, 443].flatMap((PublicPort) => [
      { ...HTTP6, PublicPort },
      { ...HTTP, PublicPort },
    ]);
    expect(ports(list)).toEqual(ports(list.toReversed()));
  });
});

describe('links', () => {
  const child = web({ bridge: at(2) }, [HTTP, HTTP6, { PrivatePort: 70, Type: 'udp' }], {
    Id: 'c',
    Names: ['/app/db', '/db', '/app/other', '/gone/db'],
  });
  const parent = web({ bridge: at(1) }, [], { Id: 'p', Names: ['/app'] });
  const networks = [net('bridge', { Options: { 'com.docker.network.bridge.name': 'docker0' } }), net('aa')];

  test('each port of the child once, from the parents that run', () => {
    const { links } = from({ networks, containers: [parent, child] });
    const ends = { bridge: 'docker0', parent: { container: 'app' }, child: { container: 'db' } };
    expect(links).toMatchObject([
      { ...ends, proto: 'udp', port: 70 },
      { ...ends, proto: 'tcp', port: 80 },
    ]);
  });

  test('none where one end is not on the default bridge', () => {
    expect(
      from({ networks, containers: [web({ aa: at(1) }, [], { Names: ['/app'] }), child] }).links,
    ).toEqual([]);
  });
});

describe('the Engine itself', () => {
  test('what newer ones say of their firewall', () => {
    const info = (proxy: string) => ({
      LiveRestoreEnabled: true,
      FirewallBackend: { Driver: 'iptables', Info: [['EnableUserlandProxy', proxy]] },
    });
    expect(from({ version: { Version: '29.5.0', ApiVersion: '1.55' }, info: info('false') })).toMatchObject({
      version: '29.5.0',
      apiVersion: '1.55',
      firewallBackend: 'iptables',
      liveRestore: true,
      userlandProxy: false,
    });
    expect(from({ info: info('true') }).userlandProxy).toBe(true);
  });

  test('networks in one order, with what a baseline has no use for', () => {
    const six = net('six', {
      Created: '2024-01-01T00:00:00Z',
      EnableIPv6: true,
      EnableIPv4: false,
      Ingress: false,
    });
    const { networks } = from({ networks: [net('zz'), six] });
    expect(networks).toMatchObject([
      { name: 'six', ipv4: false, ipv6: true, ingress: false, created: '2024-01-01T00:00:00Z' },
      { name: 'zz', ipv4: true, ipv6: false, ingress: false, created: '' },
    ]);
  });

  test.each<[what: string, answer: unknown]>([
    ['null', null],
    ['a text', 'x'],
    ['lists of nothing', [null, 1, 'x', [], {}]],
    ['fields of other types', { Swarm: 1, FirewallBackend: [], Containers: 'x', Services: [1] }],
    [
      'containers without fields',
      [
        { Names: null, Ports: null, NetworkSettings: null },
        { Names: [1], Ports: [{}] },
      ],
    ],
  ])('%s reads as nothing', (_, answer) => {
    const nothing = inventoryFrom({
      version: answer,
      info: answer,
      networks: [],
      containers: answer,
      gwbridge: answer,
      services: answer,
      ingress: answer,
    });
    expect(nothing).toEqual({
      version: '',
      apiVersion: '',
      firewallBackend: '',
      liveRestore: false,
      userlandProxy: undefined,
      networks: [],
      endpoints: [],
      ports: [],
      links: [],
      portsUnknown: [],
      unconnected: [],
      swarm: {
        state: '',
        manager: false,
        meshAddress: undefined,
        ingressPorts: [],
        encrypted: [],
        dataPort: 4789,
      },
    });
  });
});
