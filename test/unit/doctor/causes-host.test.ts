import { expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Listener } from '../../../src/doctor/facts.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onContainer,
  onInside,
  onLink,
  sysctls,
  withoutRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';

const listens = (...listeners: readonly Listener[]): Change => onInside('web', () => ({ listeners }));

const OWN_MODE: Change = onContainer('web', () => ({
  networkMode: 'host',
  attachments: [],
  inside: undefined,
  wanted: [{ proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 }],
}));

describeCauses('what is told of host, links and containers', [
  ['nothing', (facts) => facts, []],
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
    'stopped',
    onContainer('mate', () => ({ state: 'exited', inside: undefined })),
    ['container-stopped'],
    'docker start mate',
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

test('another container than the one asked about is no cause', () => {
  const facts = listens()(healthyFacts());
  expect(diagnose(facts, { about: 'mate', from: '' }).causes).toEqual([]);
});

test('what could not be looked at is never healthy', () => {
  const facts = { ...healthyFacts(), unseen: [{ what: 'routes', untold: 'ip failed' }] };
  expect(diagnose(facts, { about: 'web', from: '' }).verdict).toBe('unknown');
  expect(diagnose(healthyFacts(), { about: 'web', from: 'nosuch' }).verdict).toBe('unknown');
});

test('an Engine that keeps silent has no container to miss', () => {
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
