import { IMAGE } from '../lab/engine.ts';
import type { PeerFault } from './fault.ts';
import { FAR6, NEAR6, ROUTER6, SEEN_AS6 } from './two-engines.ts';

/** The one veth of the bridge, by shell. */
const PORT = '$(ls /sys/class/net/six0/brif | head -1)';
/** Sets a link up again with the addresses and routes of IPv6 that it lost when it went down. */
const kept = (link: string, what: string) =>
  `ip -6 addr save dev ${link} scope global >/lab/addr6; ip -6 route save table main default >/lab/route6; ${what}`;
const again = (link: string) =>
  `ip link set ${link} up; ip -6 addr restore </lab/addr6; ip -6 route restore </lab/route6`;

/** What either host can do to what it passes on by IPv6. */
const onEither = (on: PeerFault['on']): readonly PeerFault[] => {
  const other = on === 'host-a' ? FAR6 : SEEN_AS6;
  return [
    {
      name: 'a rule of FORWARD drops',
      on,
      break: 'ip6tables -I FORWARD -p tcp -j DROP',
      codes: ['rule-stops'],
    },
    {
      name: 'a rule of DOCKER-USER rejects',
      on,
      break:
        'ip6tables -N DOCKER-USER || true; ip6tables -C FORWARD -j DOCKER-USER || ip6tables -I FORWARD -j DOCKER-USER; ip6tables -I DOCKER-USER -p tcp -j REJECT',
      codes: ['user-rule-stops'],
    },
    {
      name: 'a rule of raw drops',
      on,
      break: 'ip6tables -t raw -I PREROUTING -i eth0 -p tcp -j DROP',
      codes: ['rule-stops'],
    },
    {
      name: 'a rule of mangle drops',
      on,
      break: 'ip6tables -t mangle -I FORWARD -p tcp -j DROP',
      codes: ['rule-stops'],
    },
    {
      name: 'answers are dropped',
      on,
      break: 'ip6tables -I FORWARD -m conntrack --ctstate ESTABLISHED -j DROP',
      codes: ['rule-stops'],
    },
    {
      name: 'a table of its own drops',
      on,
      break:
        "nft add table ip6 own; nft 'add chain ip6 own f { type filter hook forward priority -5; policy drop; }'",
      undo: 'nft delete table ip6 own',
      codes: ['native-stops', 'native-drop'],
    },
    {
      name: 'filter FORWARD was flushed',
      on,
      break: 'ip6tables -P FORWARD DROP; ip6tables -F FORWARD',
      codes: ['rules-lost'],
    },
    {
      name: 'forwarding is off',
      on,
      break: 'echo 0 >/proc/sys/net/ipv6/conf/all/forwarding',
      undo: 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding',
      codes: ['forwarding-off'],
    },
    {
      name: 'the veth is down',
      on,
      break: `ip link set ${PORT} down`,
      undo: `ip link set ${PORT} up`,
      codes: ['veth-down'],
    },
    {
      name: 'the veth hangs on no bridge',
      on,
      break: `ip link set ${PORT} nomaster`,
      undo: 'for v in $(ls /sys/class/net | grep veth); do [ -e /sys/class/net/$v/master ] || ip link set $v master six0; done',
      codes: ['veth-detached'],
    },
    {
      name: 'the default route is gone',
      on,
      break: 'ip -6 route save table main default >/lab/route6; ip -6 route del default',
      undo: 'ip -6 route restore </lab/route6',
      codes: ['route-missing', 'no-default-route', 'route-lost'],
      byHand: true,
    },
    {
      name: 'a blackhole to the other host',
      on,
      break: `ip -6 route add blackhole ${other}`,
      undo: `ip -6 route del blackhole ${other}`,
      codes: ['route-blocked'],
    },
    {
      name: 'the bridge is down, and its addresses with it',
      on,
      break: kept('six0', 'ip link set six0 down'),
      undo: again('six0'),
      codes: ['bridge-down'],
    },
    {
      name: 'IPv6 is switched off on the bridge',
      on,
      break: kept('six0', 'echo 1 >/proc/sys/net/ipv6/conf/six0/disable_ipv6'),
      undo: `echo 0 >/proc/sys/net/ipv6/conf/six0/disable_ipv6; ${again('six0')}`,
      codes: ['ipv6-disabled'],
    },
  ];
};

/** Faults of IPv6 alone; who asks is `web6`, whom it asks 8086 of {@link FAR6}. */
export const FAULTS_SIX: readonly PeerFault[] = [
  ...onEither('host-a'),
  ...onEither('host-b'),
  {
    name: 'POSTROUTING was flushed',
    on: 'host-a',
    break: 'ip6tables -t nat -F POSTROUTING',
    codes: ['rules-lost', 'not-masqueraded'],
  },
  {
    name: 'nat was flushed',
    on: 'host-b',
    break: 'ip6tables -t nat -F',
    codes: ['rules-lost', 'translation-lost'],
    passes: true,
  },
  {
    name: 'the address was taken away',
    on: 'host-b',
    break: `ip addr del ${FAR6}/64 dev eth0`,
    undo: `ip addr add ${FAR6}/64 dev eth0 nodad; ip -6 route replace default via ${ROUTER6}`,
    codes: ['address-elsewhere'],
    byHand: true,
  },
  {
    name: 'neighbours are not answered',
    on: 'host-b',
    break:
      'ip6tables -I INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -j DROP; ip6tables -I INPUT -p icmpv6 --icmpv6-type neighbour-advertisement -j DROP',
    router: 'ip -6 neigh flush dev eth1',
    codes: ['rule-stops'],
  },
  {
    name: 'nobody publishes the port',
    on: 'host-b',
    break: 'true',
    port: 8099,
    codes: ['not-published'],
    byHand: true,
  },
  {
    name: 'the port is published on loopback',
    on: 'host-b',
    break: 'true',
    port: 8087,
    codes: ['published-elsewhere'],
    byHand: true,
  },
  {
    name: 'the port is published for IPv4 alone',
    on: 'host-b',
    break: `docker run -d --name four -p 0.0.0.0:8191:80 ${IMAGE} 80/tcp`,
    undo: 'docker rm -f four',
    port: 8191,
    codes: ['published-elsewhere'],
    byHand: true,
  },
  {
    name: 'the service has ended',
    on: 'host-b',
    break: 'docker stop -t 0 api6',
    undo: 'docker start api6',
    codes: ['not-published', 'container-stopped'],
    byHand: true,
  },
  {
    name: 'who asks has no address of IPv6',
    on: 'host-a',
    break: 'true',
    asker: 'web',
    codes: ['no-address'],
    byHand: true,
  },
  {
    name: 'packets larger than the other end takes',
    on: 'host-b',
    break: 'ip link set eth1 mtu 1300',
    undo: 'ip link set eth1 mtu 1500',
    address: NEAR6.asked,
    codes: ['wire-mtu'],
    passes: true,
  },
  {
    name: 'the asking host has the address too',
    on: 'host-a',
    break: `ip addr add ${NEAR6.asked}/128 dev eth1 nodad`,
    undo: `ip addr del ${NEAR6.asked}/128 dev eth1`,
    address: NEAR6.asked,
    codes: ['address-here'],
    byHand: true,
  },
  {
    name: 'a rule of DOCKER-USER drops the asking host',
    on: 'host-b',
    break: `ip6tables -N DOCKER-USER || true; ip6tables -C FORWARD -j DOCKER-USER || ip6tables -I FORWARD -j DOCKER-USER; ip6tables -I DOCKER-USER -s ${SEEN_AS6} -j DROP`,
    codes: ['user-rule-stops'],
  },
];

/** Pairs by IPv6 on which nothing is amiss. */
export const HEALTHY_SIX: readonly {
  readonly name: string;
  readonly break?: string;
  readonly undo?: string;
  readonly address?: string;
}[] = [
  { name: 'a router between' },
  { name: 'one wire', address: NEAR6.asked },
  {
    name: 'INPUT closed but for neighbours',
    break: 'ip6tables -A INPUT -p icmpv6 -j ACCEPT; ip6tables -P INPUT DROP',
    undo: 'ip6tables -P INPUT ACCEPT',
  },
  { name: 'everything of IPv4 is dropped', break: 'iptables -I FORWARD -j DROP' },
  {
    name: 'a blackhole of IPv4',
    break: 'ip route add blackhole 198.51.100.0/25',
    undo: 'ip route del blackhole 198.51.100.0/25',
  },
  {
    name: 'a routing rule for others',
    break: 'ip -6 rule add from 2001:db8:9::/64 lookup 99; ip -6 route add blackhole default table 99',
    undo: 'ip -6 rule del from 2001:db8:9::/64 lookup 99; ip -6 route flush table 99',
  },
  { name: 'rules for others', break: 'ip6tables -I FORWARD -s 2001:db8:9::/64 -j DROP' },
];
