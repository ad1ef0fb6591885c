import { readFileSync } from 'node:fs';
import { CLIENT, HOST } from '../../lab/wire.ts';
import { must } from '../../lab/run.ts';
import { BANNED } from '../../matrix/city.ts';
import { flow, type Flow } from '../flows.ts';
import {
  BY_PROXY,
  INTO,
  INTO_SHOP,
  INTO_WEB,
  OUT,
  OUT_OF_WEB,
  SAME_BRIDGE,
  SIX,
  inTurn,
  lax,
  ofScripts,
  reload,
  sh,
  type Deed,
  type Plant,
} from './plant.ts';

/** A client from far away, behind the host's default route. */
const fromAfar = (): readonly Flow[] => [
  flow('client', 'web:8080 from afar', `${HOST.ipv4}:8080/tcp`, `web saw ${BANNED}`, BANNED),
];

/** A second wire between host and client, by which the host answers those from afar. */
const secondWire: Deed = async ({ engine }) => {
  const words = `link add eth1 type veth peer name eth1 netns ${engine.client.netns}`;
  await must(engine.exec, 'ip', words.split(' '));
  const set = 'ip addr add "$0" dev eth1 && ip link set eth1 up';
  await must(engine.client.exec, 'sh', ['-c', set, '198.51.100.2/24']);
  await must(engine.exec, 'sh', ['-c', set, '198.51.100.1/24']);
  await must(engine.exec, 'ip', ['route', 'add', `${BANNED}/32`, 'via', '198.51.100.2']);
};

const SETTINGS = '/proc/sys/net/netfilter';

/** One line of `conntrack -R` for the nth connection of nobody. */
const nobody = (n: number) =>
  `-I -s 10.${String(64 + (n >> 16))}.${String((n >> 8) & 255)}.${String(n & 255)} -d 10.9.9.9 -p tcp ` +
  '--sport 1000 --dport 2000 --state ESTABLISHED -u ASSURED,SEEN_REPLY -t 600\n';

/** Fills the table with connections of nobody, which the kernel does not throw out by itself. */
const fillConntrack: Deed = async ({ engine }) => {
  const max = Number(readFileSync(`${SETTINGS}/nf_conntrack_max`, 'latin1'));
  const count = async () => Number(await must(engine.exec, 'cat', [`${SETTINGS}/nf_conntrack_count`]));
  let said = '';
  // What earlier packets left ends by itself, and would make room while it is looked.
  await must(engine.exec, 'sh', ['-c', 'conntrack -F 2>&1']);
  for (let attempt = 0; attempt < 4; attempt++) {
    const first = attempt * (max + 50);
    const input = Array.from({ length: max + 50 }, (_, n) => nobody(first + n)).join('');
    // By this machine's own tool: Debian 12's takes no list. It reads no socket, and ends with the first connection that
    // the kernel does not take, for want of room or, on a busy machine, for another reason.
    said = (await engine.exec('sh', ['-c', 'cat | conntrack -R - 2>&1'], { input })).stdout;
    if ((await count()) >= max) return;
  }
  throw new Error(`conntrack holds ${String(await count())} of ${String(max)}: ${said.trim()}`);
};

const SHOP_BY_ROUTE = [...INTO_SHOP, 'shop → client', 'host → shop', ...BY_PROXY];

/** What a network configuration does for the uplink. */
const UPLINK_UP = `ip link set eth0 up
  ip route add default via ${CLIENT.ipv4}
  ip addr add ${HOST.ipv6}/64 dev eth0 nodad
  ip -6 route add default via ${CLIENT.ipv6}`;

/** A wire to nobody. */
const WIRE = 'ip link add t0 type veth peer name t0p; ip link set t0 up; ip link set t0p up';

const LED_AWAY = [
  ...[...INTO, ...OUT_OF_WEB, 'shop → client', 'api → client'],
  ...['host → web', 'host → shop', 'host → own:8080', ...BY_PROXY, 'web → host service'],
];

/** Settings, routes and limits of the host. */
export const ON_HOST: readonly Plant[] = [
  ofScripts(
    'ip_forward off',
    'forwarding-off',
    ['put 0 ipv4/ip_forward', 'put 1 ipv4/ip_forward'],
    [...INTO, ...OUT],
  ),
  ofScripts(
    'IPv6 forwarding off',
    'forwarding-off',
    ['put 0 ipv6/conf/all/forwarding', 'put 1 ipv6/conf/all/forwarding'],
    SIX,
    { target: 'api' },
  ),
  ofScripts(
    'forwarding of one bridge off',
    'interface-forwarding-off',
    ['put 0 ipv4/conf/docker0/forwarding', 'put 1 ipv4/conf/docker0/forwarding'],
    [...INTO_WEB, ...OUT_OF_WEB],
    { target: 'web' },
  ),
  ofScripts(
    'forwarding of the uplink off',
    'interface-forwarding-off',
    ['put 0 ipv4/conf/eth0/forwarding', 'put 1 ipv4/conf/eth0/forwarding'],
    [...INTO, ...OUT],
  ),
  {
    name: 'rp_filter strict, answers take another way',
    code: 'rp-filter',
    target: `${HOST.ipv4}:8080`,
    plant: inTurn(secondWire, sh('put 1 ipv4/conf/all/rp_filter ipv4/conf/eth0/rp_filter')),
    undo: lax('put 0 ipv4/conf/all/rp_filter ipv4/conf/eth0/rp_filter; ip link del eth1'),
    broken: ['client → web:8080 from afar'],
    extra: fromAfar,
  },
  ofScripts(
    "a VPN's route lies over a network's subnet",
    'route-overlap',
    [
      'ip tuntap add dev tun0 mode tun; ip link set tun0 up; ip route add 172.17.0.0/24 dev tun0',
      'ip link del tun0',
    ],
    [
      ...INTO_WEB,
      ...OUT_OF_WEB,
      'host → web',
      'host → own:8080',
      'web → host service',
      'mate → shop:8081 by host',
    ],
  ),
  ofScripts(
    "another bridge's subnet lies over a network's",
    'route-overlap',
    [
      'ip link add virbr9 type bridge; ip addr add 172.28.1.126/25 dev virbr9; ip link set virbr9 up',
      'ip link del virbr9',
    ],
    SHOP_BY_ROUTE,
    { target: 'front' },
  ),
  ofScripts(
    "a network's own route gone",
    'route-missing',
    [
      'ip route del 172.28.1.0/24 dev front0',
      'ip route add 172.28.1.0/24 dev front0 proto kernel scope link src 172.28.1.1',
    ],
    SHOP_BY_ROUTE,
    { target: 'front' },
  ),
  ofScripts(
    'blackhole route over a subnet',
    'route-blocked',
    ['ip route add blackhole 172.28.1.0/25', 'ip route del blackhole 172.28.1.0/25'],
    SHOP_BY_ROUTE,
    { target: 'shop' },
  ),
  ofScripts(
    "policy rule leads a network's packets into a dead table",
    'route-blocked',
    [
      'ip route add blackhole default table 123; ip rule add from 172.28.1.0/24 lookup 123 prio 100',
      'ip rule del prio 100; while ip rule del pref 99 2>/dev/null; do :; done; ip route flush table 123',
    ],
    // The kernel asks the same table whether a packet of that source may have come in at all.
    SHOP_BY_ROUTE,
    { target: 'shop' },
  ),
  ofScripts(
    'policy rule leads all but marked packets into a table that knows no bridge',
    'route-rule',
    [
      `${WIRE}; ip rule add pref 5270 not fwmark 0x711e lookup 71; ip route add default dev t0 table 71`,
      'ip rule del pref 5270; ip rule del pref 5269; ip rule del pref 5269; ip rule del pref 5269; ip link del t0',
    ],
    LED_AWAY,
  ),
  ofScripts(
    "policy rule leads answers of the host's own address away",
    'route-rule',
    [
      `ip rule add pref 3 from ${HOST.ipv4} lookup 100; ip route add default via ${CLIENT.ipv4} dev eth0 table 100`,
      'ip rule del pref 3; ip rule del pref 2; ip rule del pref 2; ip rule del pref 2; ip route flush table 100',
    ],
    ['host → own:8080', 'mate → shop:8081 by host', 'desk → shop:8081 by host', 'web → host service'],
  ),
  ofScripts(
    'the uplink down',
    'interface-down',
    ['ip link set eth0 down', UPLINK_UP],
    ['client → *:*', ...OUT, 'api → client6'],
    { byHand: sh(UPLINK_UP) },
  ),
  {
    name: 'conntrack full',
    code: 'conntrack-full',
    plant: fillConntrack,
    undo: lax('conntrack -F'),
    notHere: "the table's size is this machine's own, and read-only in a namespace",
    byHand: sh('conntrack -F'),
    broken: [
      'client → *:*',
      ...OUT,
      'api → client6',
      'host → *',
      ...SAME_BRIDGE,
      '* by host',
      'web → host service',
    ],
  },
  {
    name: 'a smaller MTU on the way, and ICMP that tells of it dropped',
    code: 'mtu-black-hole',
    target: 'web',
    plant: sh(`ip link set eth0 mtu 1400
      iptables -I OUTPUT -p icmp -m icmp --icmp-type fragmentation-needed -j DROP`),
    undo: inTurn(lax('ip link set eth0 mtu 1500'), reload),
    broken: ['* bulk'],
  },
];
