import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { ListeningSocket } from '../../../src/doctor/facts/facts.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onContainer,
  onInside,
  onLink,
  onNetwork,
  sysctls,
  withoutRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';

const listens = (...listeners: readonly ListeningSocket[]): Change => onInside('web', () => ({ listeners }));

const OWN_MODE: Change = onContainer('web', () => ({
  networkMode: 'host',
  attachments: [],
  inside: undefined,
  requestedPorts: [{ proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 }],
}));

describeCauses('causes found in host, links and containers', [
  ['a healthy host', (facts) => facts, []],
  [
    'forwarding off',
    sysctls({ 'ipv4/ip_forward': '0' }),
    ['forwarding-off'],
    'sysctl -w net.ipv4.ip_forward=1',
  ],
  [
    'forwarding off at the uplink',
    sysctls({ 'ipv4/conf/eth0/forwarding': '0' }),
    ['interface-forwarding-off'],
    'sysctl -w net.ipv4.conf.eth0.forwarding=1',
  ],
  ['bridge down', onLink('docker0', { up: false }), ['bridge-down'], 'ip link set dev docker0 up'],
  [
    'bridge gone',
    onLink('docker0', undefined),
    ['bridge-missing'],
    'ip link add name docker0 type bridge && ip address add 172.17.0.1/16 brd + dev docker0 && ip link set dev docker0 up && ip link set dev veth1 master docker0 up',
  ],
  [
    'bridge without its address',
    all(onLink('docker0', { addresses: [] }), withoutRoute('172.17.0.0/16')),
    ['bridge-address-missing'],
    'ip address add 172.17.0.1/16 brd + dev docker0',
  ],
  [
    'bridge without an address by design (inhibit_ipv4), and so without a route',
    all(
      onLink('docker0', { addresses: [] }),
      onNetwork({ inhibitIpv4: true }),
      withoutRoute('172.17.0.0/16'),
    ),
    ['route-missing'],
  ],
  ['veth down', onLink('veth1', { up: false }), ['veth-down'], 'ip link set dev veth1 up'],
  [
    'veth detached',
    onLink('veth1', { master: '' }),
    ['veth-detached'],
    'ip link set dev veth1 master docker0',
  ],
  [
    'veth elsewhere',
    onLink('veth1', { master: 'br-x' }),
    ['veth-elsewhere'],
    'ip link set dev veth1 master docker0',
  ],
  [
    'veth gone',
    onLink('veth1', undefined),
    ['veth-missing'],
    'ip link add vethdb93web type veth peer name eth0 netns /proc/11000/ns/net',
  ],
  [
    'veth disabled',
    onLink('veth1', { portState: 'disabled' }),
    ['port-not-forwarding'],
    'bridge link set dev veth1 state 3',
  ],
  ['veth of smaller MTU', onLink('veth1', { mtu: 1200 }), ['mtu-mismatch'], 'ip link set dev veth1 mtu 1500'],
  [
    'no default route inside',
    onInside('web', ({ routes }) => ({ routes: routes.slice(1) })),
    ['container-no-default-route'],
    'nsenter --net=/proc/11000/ns/net ip route replace default via 172.17.0.1 dev eth0',
  ],
  [
    'wrong gateway inside',
    onInside('web', ({ routes }) => ({
      routes: routes.map((one) => (one.via === '' ? one : { ...one, via: '172.17.0.9' })),
    })),
    ['container-wrong-gateway'],
    'default via 172.17.0.1',
  ],
  [
    'loopback only',
    listens({ proto: 'tcp', address: '127.0.0.1', port: 80 }, { proto: 'udp', address: '::', port: 5353 }),
    ['loopback-only'],
  ],
  ['nothing listens', listens(), ['nothing-listens', 'nothing-listens']],
  ['one of two listens', listens({ proto: 'tcp', address: '::', port: 80 }), []],
  ['paused, not asked', onContainer('web', () => ({ state: 'paused' })), []],
  [
    'paused',
    onContainer('web', () => ({ state: 'paused' })),
    ['container-paused'],
    'docker unpause web',
    'web',
  ],
  [
    'paused before its service had opened its sockets',
    all(
      listens(),
      onContainer('web', () => ({ state: 'paused' })),
    ),
    ['container-paused'],
    'docker unpause web',
    'web',
  ],
  [
    'stopped',
    onContainer('mate', () => ({ state: 'exited', inside: undefined })),
    ['container-stopped'],
    'docker start mate',
    'mate',
  ],
  [
    'stopped by a start that failed on Engine 29: its networks are gone',
    onContainer('mate', () => ({ state: 'created', inside: undefined, attachments: [] })),
    ['container-stopped'],
    'docker network connect bridge mate && docker start mate',
    'mate',
  ],
  [
    'host mode with ports',
    all(OWN_MODE, (facts) => ({ ...facts, ports: [] })),
    ['host-mode'],
    undefined,
    ':8080',
  ],
]);

test('a port conflict on Engine 29: the failed start took the network, and the remedy gives it back', () => {
  const change = onContainer('mate', () => ({
    state: 'created',
    inside: undefined,
    attachments: [],
    requestedPorts: [{ proto: 'tcp', port: 80, hostIp: '', hostPort: 9999 }],
  }));
  const listeners = [{ proto: 'tcp', address: '0.0.0.0', port: 9999 }] as const;
  const { causes } = diagnose({ ...change(healthyFacts()), listeners }, { about: 'mate', from: '' });
  expect(causes.map(({ code }) => code)).toEqual(['port-conflict']);
  expect(causes[0]?.remedies[0]?.what).toContain(
    'then: docker network connect bridge mate && docker start mate',
  );
});

test('on Engine 29, a macvlan network without a gateway may hold the default route', () => {
  const lost = onInside('web', ({ routes }) => ({ routes: routes.filter(({ via }) => via === '') }))(
    healthyFacts(),
  );
  const lan = { ...lost.networks[0], id: 'lan', name: 'lan', driver: 'macvlan', bridge: '', internal: false };
  const on = (ipv4: string) =>
    onContainer('web', ({ attachments }) => ({
      attachments: [
        ...attachments,
        { network: 'lan', networkId: 'lan', ipv4, ipv6: '', gateway: '', gateway6: '', mac: '' },
      ],
    }))({ ...lost, networks: [...lost.networks, lan as (typeof lost.networks)[number]] });
  const codes = (facts: Parameters<typeof diagnose>[0]) =>
    diagnose(facts, { about: 'web', from: '' }).causes.map(({ code }) => code);
  expect(codes(lost)).toContain('container-no-default-route');
  expect(codes(on(''))).toContain('container-no-default-route');
  expect(codes(on('198.51.100.2'))).not.toContain('container-no-default-route');
});

test('a fault of another container is no cause', () => {
  const facts = listens()(healthyFacts());
  expect(diagnose(facts, { about: 'mate', from: '' }).causes).toEqual([]);
});

test('facts that could not be read: never healthy', () => {
  const facts = { ...healthyFacts(), unseen: [{ what: 'routes', unavailable: 'ip failed' } as const] };
  expect(diagnose(facts, { about: 'web', from: '' }).verdict).toBe('unknown');
});

test('without iproute2: the verdict is unknown, without a cause', () => {
  const facts = healthyFacts();
  const why = {
    unavailable: 'ip is not installed',
    hint: 'Install it: apt-get install iproute2',
  };
  const blind = {
    ...facts,
    netState: { ...facts.netState, links: [], routes: [], routeRules: [] },
    unseen: [{ what: 'interfaces', ...why } as const, { what: 'routes', ...why } as const],
  };
  const { verdict, causes, checks } = diagnose(blind, { about: undefined, from: '' });
  expect([verdict, causes]).toEqual(['unknown', []]);
  expect(checks.filter((check) => check.verdict === 'unknown')).toMatchObject([
    {
      code: 'unseen',
      title: 'interfaces and routes could not be read: ip is not installed',
      remedies: [{ what: why.hint }],
    },
  ]);
});

test('without nft: unknown, in a single check', () => {
  const facts = healthyFacts();
  const why = { unavailable: 'nft is not installed', hint: 'Install it: apt-get install nftables' };
  const blind = {
    ...facts,
    netState: { ...facts.netState, natives: undefined },
    unseen: [{ what: 'nftables tables', ...why } as const],
  };
  const { verdict, checks } = diagnose(blind, { about: undefined, from: '' });
  expect(verdict).toBe('unknown');
  expect(checks.filter((check) => check.verdict === 'unknown').map(({ code }) => code)).toEqual(['unseen']);
});

test('an Engine that does not answer: its containers are not reported missing', () => {
  const engine = {
    answered: false,
    code: 'RG_ENGINE_HUNG',
    message: '',
    hint: undefined,
    details: [],
    log: undefined,
  } as const;
  const facts = { ...healthyFacts(), engine, containers: [], networks: [], ports: [] };
  expect(diagnose(facts, { about: 'web', from: '' }).causes.map(({ code }) => code)).toEqual(['engine-hung']);
});
