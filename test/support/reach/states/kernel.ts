import { always, typed, type ReachState } from './state.ts';

/** Settings of the kernel that decide about packets; `put` writes below /proc/sys/net. */
const SYSCTLS = typed('sysctls', [
  'put 0 ipv4/ip_forward',
  'put 0 ipv6/conf/all/forwarding',
  'put 0 ipv4/conf/eth0/forwarding',
  'put 0 ipv4/conf/eth1/forwarding',
  'put 0 ipv4/conf/front0/forwarding',
  'put 0 ipv4/conf/docker0/forwarding',
  'put 1 ipv4/conf/all/rp_filter',
  'put 2 ipv4/conf/all/rp_filter',
  'put 1 ipv4/conf/eth1/rp_filter; ip route add 198.51.100.2 via 192.0.2.2 dev eth0',
  'put 2 ipv4/conf/eth1/rp_filter; ip route add 198.51.100.2 via 192.0.2.2 dev eth0',
  'put 1 ipv4/conf/eth0/rp_filter; ip route replace default via 198.51.100.2 dev eth1',
  'put 0 bridge/bridge-nf-call-iptables',
  'put 0 bridge/bridge-nf-call-ip6tables',
  'put 0 bridge/bridge-nf-call-iptables; iptables -I FORWARD -i front0 -o front0 -j DROP',
  'put 1 ipv4/conf/eth0/route_localnet',
  'put 1 ipv4/conf/all/route_localnet',
  'put 1 ipv4/conf/all/route_localnet; iptables -t nat -F; iptables -t raw -F',
  'put 1 ipv6/conf/eth0/disable_ipv6',
  'put 1 ipv6/conf/back0/disable_ipv6',
]);

/** Links, addresses, routes and policy routing. */
const ROUTES = typed('routes', [
  'mk t0; ip rule add pref 5270 not fwmark 0x711e lookup 71; ip route add default dev t0 table 71',
  'mk t0; ip rule add pref 5270 lookup 52; ip route add default dev t0 table 52',
  `mk t0; ip rule add pref 5270 lookup 52; ip route add default dev t0 table 52
    ip rule add pref 5200 to 172.16.0.0/12 lookup main`,
  'mk t0; ip rule add pref 5270 lookup 52; ip route add 172.16.0.0/12 dev t0 table 52',
  'mk t0; ip rule add pref 5270 iif eth0 lookup 52; ip route add 172.28.1.0/24 dev t0 table 52',
  'mk t0; ip rule add pref 5270 from 172.17.0.0/16 lookup 52; ip route add default dev t0 table 52',
  'ip rule add pref 3 from 192.0.2.1 lookup 100; ip route add default via 192.0.2.2 dev eth0 table 100',
  `ip rule add pref 3 from 172.17.0.0/16 lookup 100
    ip route add default via 198.51.100.2 dev eth1 table 100`,
  'ip rule add pref 3 from 198.51.100.1 lookup 100; ip route add default via 198.51.100.2 dev eth1 table 100',
  'ip rule add pref 100 to 203.0.113.0/24 blackhole',
  'ip rule add pref 100 from 172.28.1.0/24 prohibit',
  'ip rule add pref 100 iif docker0 unreachable',
  'ip -6 rule add pref 100 to fd00:6::/64 blackhole',
  'ip -6 rule add pref 5270 lookup 52; ip -6 route add default via 2001:db8:1::2 dev eth1 table 52',
  'ip rule add pref 100 fwmark 0x5 lookup 100; ip route add blackhole default table 100',
  'ip rule add pref 100 ipproto tcp dport 80 lookup 100; ip route add blackhole default table 100',
  `ip rule add pref 100 ipproto tcp sport 1-90 lookup 100
    ip route add default via 198.51.100.2 dev eth1 table 100`,
  'ip rule add pref 100 ipproto udp prohibit; ip -6 rule add pref 100 not ipproto tcp blackhole',
  `iptables -t mangle -A PREROUTING -i docker0 -j MARK --set-mark 0x5
    ip rule add pref 100 fwmark 0x5 lookup 100; ip route add blackhole default table 100`,
  `iptables -t mangle -A PREROUTING -i eth1 -j CONNMARK --set-mark 0x5
    iptables -t mangle -A PREROUTING -i docker0 -j CONNMARK --restore-mark
    ip rule add pref 100 fwmark 0x5 lookup 100; ip route add default via 198.51.100.2 dev eth1 table 100`,
  'ip route del default',
  'ip -6 route del default',
  'ip route replace default via 198.51.100.2 dev eth1',
  'ip route add default via 198.51.100.2 dev eth1 metric 50',
  'ip route replace unreachable default',
  'ip route add blackhole 203.0.113.0/24',
  'ip route add prohibit 192.0.2.2',
  'ip route add 203.0.113.77 via 198.51.100.2 dev eth1',
  'ip route add 192.0.2.2 via 198.51.100.2 dev eth1',
  'ip route del 172.28.1.0/24 dev front0',
  'ip route replace blackhole 172.28.1.0/24',
  'mk t0; ip route add 172.28.1.11 dev t0',
  'mk t0; ip route add 172.17.0.0/25 dev t0',
  'mk t0; ip route add 172.28.2.0/25 dev t0 metric 5',
  'ip -6 route del fd00:6::/64 dev back0',
  'ip -6 route add unreachable 2001:db8:cafe::/48',
  'ip link set front0 down',
  'ip link set docker0 down',
  'ip link set eth1 down',
  'ip addr del 172.28.1.1/24 dev front0',
  'ip addr del 192.0.2.10/24 dev eth0',
  'ip addr add 192.0.2.66/24 dev eth0',
  'ip addr del 198.51.100.1/24 dev eth1',
]);

/** Without a way out: a host that knows its own networks alone is well, one whose interfaces are dead is not. */
const ALONE = always(
  typed('routes', [
    'ip route del default; ip -6 route del default',
    'ip link set eth0 down; ip link set eth1 down',
    'ip route del default; ip link set eth1 down',
  ]),
);

export const STATES_OF_KERNEL: readonly ReachState[] = [...SYSCTLS, ...ROUTES, ...ALONE];
