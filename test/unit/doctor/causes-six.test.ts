import { expect, test } from 'vitest';
import type { LiveNetwork } from '../../../src/docker/inventory/inventory.ts';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { all, describeCauses } from '../../support/doctor/causes.ts';
import {
  healthyFacts,
  onContainer,
  onInside,
  onLink,
  onNetState,
  onNetwork,
  sysctls,
  withoutRoute,
  type Change,
} from '../../support/doctor/host-facts.ts';
import {
  attached,
  GATEWAY6,
  leading,
  onEth0,
  route6,
  settings,
  six,
  SIX,
  wearing,
  WITH_SIX,
} from '../../support/doctor/samples/ipv6-facts.ts';

const INSIDE = 'nsenter --net=/proc/11000/ns/net';
const ADDRESS = `${INSIDE} ip address add ${SIX}/64 dev eth0 nodad`;
const ROUTE = `${INSIDE} ip -6 route replace default via ${GATEWAY6} dev eth0`;
const OFF = { 'ipv6/conf/eth0/disable_ipv6': '1' };
const DOCKER0 = { family: 'ipv4', address: '172.17.0.1', length: 16, scope: 'global' } as const;
const LINK_LOCAL = { ...six('fe80::42:acff:fe11:2'), scope: 'link' };

describeCauses('what is told of IPv6 inside a container', [
  ['nothing', WITH_SIX, []],
  ['address gone', all(WITH_SIX, wearing(LINK_LOCAL)), ['container-address-missing'], ADDRESS],
  [
    'address and default route gone: one cause',
    all(WITH_SIX, wearing(), leading()),
    ['container-address-missing'],
    `${ADDRESS} && ${ROUTE}`,
  ],
  ['another address', all(WITH_SIX, wearing(six('fd00:6::7'))), ['container-address-missing'], ADDRESS],
  ['the same address, spelled otherwise', all(WITH_SIX, wearing(six('fd00:6:0:0:0:0:0:2'))), []],
  [
    'addresses of both families gone: one cause',
    all(
      WITH_SIX,
      onEth0({ addresses: [] }),
      onInside('web', () => ({ routes: [] })),
    ),
    ['container-address-missing'],
    `${INSIDE} ip address add 172.17.0.2/16 brd + dev eth0 && ${INSIDE} ip route replace default via 172.17.0.1 dev eth0 && ${ADDRESS} && ${ROUTE}`,
  ],
  [
    'the interface down, which takes both with it',
    all(
      WITH_SIX,
      onEth0({ up: false }),
      wearing(),
      onInside('web', () => ({ routes: [] })),
    ),
    ['container-interface-down'],
    `${INSIDE} ip link set dev eth0 up && ${INSIDE} ip route replace default via 172.17.0.1 dev eth0 && ${ADDRESS} && ${ROUTE}`,
  ],
  ['default route gone', all(WITH_SIX, leading()), ['container-no-default-route'], ROUTE],
  [
    'only an unreachable default route left',
    all(WITH_SIX, leading({ ...route6('::/0', '', ''), type: 'unreachable' })),
    ['container-no-default-route'],
    ROUTE,
  ],
  [
    'default route by another gateway',
    all(WITH_SIX, leading(route6('::/0', 'fd00:6::99', 'eth0'))),
    ['container-wrong-gateway'],
    ROUTE,
  ],
  [
    'another default route before the right one',
    all(WITH_SIX, leading(route6('::/0', 'fd00:6::99', 'eth0', 1), route6('::/0', GATEWAY6, 'eth0'))),
    ['container-wrong-gateway'],
    `${INSIDE} ip -6 route del default via fd00:6::99 dev eth0 metric 1 && ${ROUTE}`,
  ],
  [
    'a default route behind the right one, as a router announces it',
    all(WITH_SIX, leading(route6('::/0', GATEWAY6, 'eth0'), route6('::/0', 'fe80::1', 'eth0', 2048))),
    [],
  ],
  ['default route through a tunnel of its own', all(WITH_SIX, leading(route6('::/0', '', 'tun0'))), []],
  [
    'internal network, and the gateway older Engines tell all the same',
    all(WITH_SIX, leading(), onNetwork({ internal: true })),
    [],
  ],
  ['no gateway given, as in gateway mode isolated', all(WITH_SIX, leading(), attached({ gateway6: '' })), []],
  [
    'gateway mode isolated, which switches IPv6 off on the bridge',
    all(
      WITH_SIX,
      leading(),
      attached({ gateway6: '' }),
      onLink('docker0', { addresses: [DOCKER0] }),
      sysctls({ 'ipv6/conf/docker0/disable_ipv6': '1' }),
      onNetwork({ gatewayMode: { ipv4: 'nat', ipv6: 'isolated' } }),
    ),
    [],
  ],
  [
    'switched off inside',
    all(WITH_SIX, settings(OFF), wearing(), leading()),
    ['container-ipv6-off'],
    `${INSIDE} sysctl -w net.ipv6.conf.eth0.disable_ipv6=0 && ${ADDRESS} && ${ROUTE}`,
  ],
  [
    'switched off on all interfaces',
    all(WITH_SIX, settings({ ...OFF, 'ipv6/conf/lo/disable_ipv6': '1' }), wearing(), leading()),
    ['container-ipv6-off'],
    `disable_ipv6=0 && ${INSIDE} sysctl -w net.ipv6.conf.lo.disable_ipv6=0 && ${ADDRESS}`,
  ],
  [
    'switched off by default and on here, as Engine 20.10 leaves it',
    all(WITH_SIX, settings({ 'ipv6/conf/all/disable_ipv6': '1', 'ipv6/conf/default/disable_ipv6': '1' })),
    [],
  ],
  [
    'switched off as it was started, and the Engine gives it an address all the same',
    all(
      WITH_SIX,
      settings(OFF),
      wearing(),
      leading(),
      onContainer('web', () => ({ sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' } })),
    ),
    [],
    undefined,
    'web',
  ],
  [
    'switched off as it was started, and the Engine gives it none',
    all(WITH_SIX, attached({ ipv6: '', gateway6: '' }), settings(OFF), wearing(), leading()),
    [],
  ],
  [
    'IPv4 switched to another gateway: IPv6 is not blamed',
    all(
      WITH_SIX,
      onInside('web', ({ routes }) => ({
        routes: routes.map((one) => (one.to === '0.0.0.0/0' ? { ...one, via: '172.17.0.9' } : one)),
      })),
    ),
    ['container-wrong-gateway'],
    'ip route replace default via 172.17.0.1',
  ],
]);

/** The outside is reached by IPv6 too, and no rule of Docker's masks what leaves. */
const ONLINE = all(
  WITH_SIX,
  onNetState(({ links, routes }) => ({
    links: links.map((link) =>
      link.name === 'eth0' ? { ...link, addresses: [...link.addresses, six('2001:db8::1')] } : link,
    ),
    routes: [...routes, route6('::/0', '2001:db8::fe', 'eth0'), route6('2001:db8::/64', '', 'eth0')],
  })),
  sysctls({ 'ipv6/conf/eth0/forwarding': '1' }),
);
const leftAlone: Change = (facts) =>
  facts.engine.answered ? { ...facts, engine: { ...facts.engine, facts: { ip6tables: false } } } : facts;

describeCauses('IPv6 that leaves a container as itself', [
  ['where Docker is to masquerade it', ONLINE, ['not-masqueraded']],
  ['where dockerd leaves IPv6 alone (--ip6tables=false)', all(ONLINE, leftAlone), []],
]);

/** The host has no address on the bridge, and so no route to it. */
const bare = (network: Partial<LiveNetwork>): Change =>
  all(onLink('docker0', { addresses: [] }), withoutRoute('172.17.0.0/16'), onNetwork(network), (facts) => ({
    ...facts,
    ports: [],
    proxies: [],
  }));

const ISOLATED = bare({ internal: true, gatewayMode: { ipv4: 'isolated', ipv6: 'nat' } });
const INHIBITED = bare({ inhibitIpv4: true });

/** That is a fault only for who asks for just the way from the host. */
describeCauses('a network on which the host has no address', [
  ['gateway mode isolated', ISOLATED, []],
  ['gateway mode isolated, asked about', ISOLATED, ['internal-network'], undefined, 'mate'],
  ['inhibit_ipv4, from the host', INHIBITED, ['route-missing'], undefined, 'mate', 'host'],
]);

const OTHER = {
  network: 'lan',
  networkId: 'f'.repeat(64),
  ipv4: '198.51.100.2',
  ipv6: 'fd00:45::2',
  gateway: '198.51.100.1',
  gateway6: 'fd00:45::1',
  mac: '',
};

const onLan = all(
  WITH_SIX,
  onContainer('web', ({ attachments }) => ({ attachments: [...attachments, OTHER] })),
);

/** Of two networks one leads outside; a network that has no bridge here may be the one. */
describeCauses('a default route by another network', [
  ['by its gateway, whatever the interface', all(onLan, leading(route6('::/0', OTHER.gateway6, 'eth0'))), []],
  ['by its interface', all(onLan, leading(route6('::/0', '', 'eth1'))), []],
  ['by neither', all(onLan, leading(route6('::/0', 'fd00:6::99', 'eth0'))), ['container-wrong-gateway']],
]);

test('a lost address while another network holds the default route: the remedy adds the address alone', () => {
  const facts = all(onLan, wearing(), leading(route6('::/0', OTHER.gateway6, 'eth1')))(healthyFacts());
  const [cause] = diagnose(facts, { about: undefined, from: '' }).causes;
  expect(cause?.remedies[0]?.commands).toEqual([ADDRESS]);
});

test('IPv6 switched off by --sysctl: a warning, and the container is not reported as sound', () => {
  const facts = all(
    WITH_SIX,
    settings(OFF),
    wearing(),
    leading(),
    onContainer('web', () => ({ sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' } })),
  )(healthyFacts());
  const { checks, verdict } = diagnose(facts, { about: 'web', from: '' });
  const told = checks.filter(({ section, about }) => section === 'container' && about === 'web');
  expect(verdict).toBe('ok');
  expect(told.filter(({ code }) => code === 'container')).toEqual([]);
  expect(
    told.filter(({ verdict: one }) => one === 'warn').map(({ code, evidence }) => ({ code, evidence })),
  ).toEqual([
    {
      code: 'container-ipv6-off',
      evidence: ['net.ipv6.conf.eth0.disable_ipv6 = 1 inside', '--sysctl net.ipv6.conf.all.disable_ipv6=1'],
    },
  ]);
});
