import { FAR, NEAR, SEEN_AS } from './two-engines.ts';

/** Something that keeps a packet, or its answer, from getting through both hosts. */
export interface PeerFault {
  readonly name: string;
  readonly on: 'host-a' | 'host-b';
  readonly break: string;
  readonly undo?: string;
  /** Codes one of which the first cause has. */
  readonly codes: readonly string[];
  /** The address asked; that behind the router where absent. */
  readonly address?: string;
  readonly port?: number;
  /** The first remedy has no command by which packets pass. */
  readonly byHand?: true;
  /** A small packet passes all the same, or docker-proxy answers. */
  readonly passes?: true;
}

/** The one veth of a bridge, by shell. */
const port = (bridge: string) => `$(ls /sys/class/net/${bridge}/brif | head -1)`;

/** What either host can do to what it passes on. */
const onEither = (on: PeerFault['on'], rp: string): readonly PeerFault[] => [
  { name: 'a rule of FORWARD drops', on, break: 'iptables -I FORWARD -p tcp -j DROP', codes: ['rule-stops'] },
  {
    name: 'a rule of DOCKER-USER rejects',
    on,
    break: 'iptables -I DOCKER-USER -p tcp -j REJECT',
    codes: ['user-rule-stops'],
  },
  {
    name: 'a rule of raw drops',
    on,
    break: 'iptables -t raw -I PREROUTING -i eth0 -p tcp -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'a rule of mangle drops',
    on,
    break: 'iptables -t mangle -I FORWARD -p tcp -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'answers are dropped',
    on,
    break: 'iptables -I FORWARD -m conntrack --ctstate ESTABLISHED -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'a table of its own drops',
    on,
    break:
      "nft add table inet own; nft 'add chain inet own f { type filter hook forward priority -5; policy drop; }'",
    undo: 'nft delete table inet own',
    codes: ['native-stops', 'native-drop'],
  },
  {
    name: 'filter FORWARD was flushed',
    on,
    break: 'iptables -P FORWARD DROP; iptables -F FORWARD',
    codes: ['rules-lost'],
  },
  {
    name: 'forwarding is off',
    on,
    break: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    undo: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
    codes: ['forwarding-off'],
  },
  {
    name: 'the bridge is down',
    on,
    break: 'ip link set docker0 down',
    undo: 'ip link set docker0 up',
    codes: ['bridge-down'],
  },
  {
    name: 'the veth is down',
    on,
    break: `ip link set ${port('docker0')} down`,
    undo: `ip link set ${port('docker0')} up`,
    codes: ['veth-down'],
  },
  {
    name: 'the veth hangs on no bridge',
    on,
    break: `ip link set ${port('docker0')} nomaster`,
    undo: 'for v in $(ls /sys/class/net | grep veth); do [ -e /sys/class/net/$v/master ] || ip link set $v master docker0; done',
    codes: ['veth-detached'],
  },
  {
    name: 'the default route is gone',
    on,
    break: 'ip route save table main default >/lab/route; ip route del default',
    undo: 'ip route restore </lab/route',
    codes: ['route-missing', 'no-default-route', 'route-lost'],
    byHand: true,
  },
  {
    name: 'a blackhole to the other host',
    on,
    break: `ip route add blackhole ${on === 'host-a' ? FAR : SEEN_AS}`,
    undo: `ip route del blackhole ${on === 'host-a' ? FAR : SEEN_AS}`,
    codes: ['route-blocked'],
  },
  {
    name: 'strict rp_filter, and the other host is routed elsewhere',
    on,
    break: `ip route add ${rp} dev eth1; echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    undo: `ip route del ${rp} dev eth1; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    codes: ['rp-filter', 'misrouted', 'route-overlap'],
    byHand: true,
  },
];

export const FAULTS: readonly PeerFault[] = [
  ...onEither('host-a', '198.51.100.0/24').slice(0, -1),
  ...onEither('host-b', '192.0.2.0/24'),
  {
    name: 'POSTROUTING was flushed',
    on: 'host-a',
    break: 'iptables -t nat -F POSTROUTING',
    codes: ['rules-lost', 'not-masqueraded'],
  },
  {
    name: 'nat was flushed',
    on: 'host-b',
    break: 'iptables -t nat -F',
    codes: ['rules-lost', 'translation-lost'],
    passes: true,
  },
  {
    name: 'the address was taken away',
    on: 'host-b',
    break: `ip addr del ${FAR}/24 dev eth0`,
    undo: `ip addr add ${FAR}/24 dev eth0; ip route replace default via 198.51.100.254`,
    codes: ['address-elsewhere'],
    byHand: true,
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
    port: 8085,
    codes: ['published-elsewhere'],
    byHand: true,
  },
  {
    name: 'the service has ended',
    on: 'host-b',
    break: 'docker stop -t 0 api',
    undo: 'docker start api',
    codes: ['not-published', 'container-stopped'],
    byHand: true,
  },
  {
    name: 'packets larger than the other end takes',
    on: 'host-b',
    break: 'ip link set eth1 mtu 1300',
    undo: 'ip link set eth1 mtu 1500',
    address: NEAR.asked,
    codes: ['wire-mtu'],
    passes: true,
  },
  {
    name: 'the asking host has the address too',
    on: 'host-a',
    break: `ip addr add ${NEAR.asked}/32 dev eth1`,
    undo: `ip addr del ${NEAR.asked}/32 dev eth1`,
    address: NEAR.asked,
    codes: ['address-here'],
    byHand: true,
  },
  {
    name: 'the interface on the wire is down',
    on: 'host-b',
    break: 'ip link set eth1 down',
    undo: 'ip link set eth1 up',
    address: NEAR.asked,
    codes: ['wire-down'],
  },
];

/** A pair where all is well, or where nothing on either host is amiss. */
export interface PeerHealthy {
  readonly name: string;
  readonly asker?: string;
  readonly address?: string;
  readonly port?: number;
  readonly where?: 'host-a' | 'host-b' | 'router';
  readonly make?: string;
  readonly undo?: string;
  /** Whether packets pass; false where something between the hosts, which nobody sees, stops them. */
  readonly passes?: false;
}

export const HEALTHY: readonly PeerHealthy[] = [
  { name: 'a router between' },
  { name: 'one wire', address: NEAR.asked },
  {
    name: 'rules for others',
    where: 'host-b',
    make: 'iptables -I FORWARD -s 203.0.113.99 -j DROP; iptables -I DOCKER-USER -p udp --dport 9 -j DROP',
    undo: 'true',
  },
  {
    name: 'strict rp_filter',
    where: 'host-b',
    make: 'echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter',
    undo: 'echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter',
  },
  {
    name: 'a route of its own to the other host',
    where: 'host-a',
    make: `ip route add ${FAR} via 192.0.2.2`,
    undo: `ip route del ${FAR} via 192.0.2.2`,
  },
  { name: 'INPUT closed', where: 'host-b', make: 'iptables -P INPUT DROP', undo: 'iptables -P INPUT ACCEPT' },
  { name: 'a rule that only counts', where: 'host-a', make: 'iptables -I FORWARD -p tcp', undo: 'true' },
  { name: 'both hosts use the same subnet and masquerade', address: NEAR.asked },
  {
    name: 'small MTU of the container network',
    where: 'host-a',
    make: 'ip link set eth0 mtu 9000',
    undo: 'ip link set eth0 mtu 1500',
  },
  {
    name: 'the router drops, which no host shows',
    where: 'router',
    make: 'iptables -P FORWARD DROP',
    undo: 'iptables -P FORWARD ACCEPT',
    passes: false,
  },
  {
    name: 'the router does not forward, which no host shows',
    where: 'router',
    make: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    undo: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
    passes: false,
  },
];
