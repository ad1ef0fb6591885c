import { fine, sh, typed, type HostChange } from './change.ts';

const NO_TABLE = 'nft delete table inet rg 2>/dev/null || true';

const put = (path: string, value: string, back: string, more: Partial<HostChange> = {}): HostChange =>
  typed(`sysctl -qw net.${path}=${value}`, { undo: `sysctl -qw net.${path}=${back}`, ...more });

/** Settings of the kernel. */
export const SETTINGS: readonly HostChange[] = [
  put('ipv4.ip_forward', '0', '1'),
  put('ipv4.ip_forward', '1', '1', fine),
  put('ipv4.conf.all.forwarding', '0', '1'),
  put('ipv4.conf.docker0.forwarding', '0', '1'),
  put('ipv4.conf.front0.forwarding', '0', '1'),
  put('ipv4.conf.eth0.forwarding', '0', '1'),
  put('ipv4.conf.lo.forwarding', '0', '1', fine),
  put('ipv4.conf.eth0.rp_filter', '1', '0', fine),
  put('ipv4.conf.eth0.rp_filter', '2', '0', fine),
  put('ipv4.conf.docker0.route_localnet', '1', '0', fine),
  put('ipv4.icmp_echo_ignore_all', '1', '0', fine),
  put('ipv4.tcp_syncookies', '1', '1', fine),
  put('ipv4.conf.all.send_redirects', '0', '1', fine),
  put('ipv6.conf.all.forwarding', '0', '1'),
  put('ipv6.conf.back0.forwarding', '0', '1'),
  sh('forwarding off and on', 'sysctl -qw net.ipv4.ip_forward=0; sysctl -qw net.ipv4.ip_forward=1', fine),
];

/** Routes, routing rules, interfaces. */
export const ROUTES: readonly HostChange[] = [
  typed('ip route add 10.99.0.0/16 via 192.0.2.2', { undo: 'ip route del 10.99.0.0/16', ...fine }),
  typed('ip route add blackhole 10.98.0.0/16', { undo: 'ip route del blackhole 10.98.0.0/16', ...fine }),
  typed('ip route add blackhole 172.28.1.11/32', { undo: 'ip route del blackhole 172.28.1.11/32' }),
  typed('ip route add unreachable 172.28.1.0/25', { undo: 'ip route del unreachable 172.28.1.0/25' }),
  typed('ip route add 172.17.0.0/24 via 192.0.2.2', { undo: 'ip route del 172.17.0.0/24' }),
  typed('ip route add 172.28.0.0/16 via 192.0.2.2', { undo: 'ip route del 172.28.0.0/16', ...fine }),
  typed('ip route del default', { undo: 'ip route replace default via 192.0.2.2' }),
  typed('ip route del 172.28.1.0/24', {
    undo: 'ip route replace 172.28.1.0/24 dev front0 proto kernel scope link src 172.28.1.1',
  }),
  typed('ip route add default via 192.0.2.3 metric 50', {
    undo: 'ip route del default via 192.0.2.3 metric 50',
  }),
  typed('ip rule add pref 5270 to 10.0.0.0/9 lookup 52', { undo: 'ip rule del pref 5270', ...fine }),
  typed('ip rule add pref 5270 fwmark 0x8000 lookup 52', { undo: 'ip rule del pref 5270', ...fine }),
  typed('ip rule add pref 5270 to 172.28.1.0/24 blackhole', { undo: 'ip rule del pref 5270' }),
  typed('ip rule add pref 5270 from 172.17.0.0/16 prohibit', { undo: 'ip rule del pref 5270' }),
  typed('ip rule add pref 5270 iif front0 unreachable', { undo: 'ip rule del pref 5270' }),
  sh('all is routed elsewhere', 'ip route add blackhole default table 52; ip rule add pref 5270 lookup 52', {
    undo: 'ip rule del pref 5270; ip route flush table 52',
  }),
  sh(
    'all but the marked is routed elsewhere',
    'ip route add blackhole default table 71; ip rule add pref 5270 not fwmark 0x711e lookup 71',
    {
      undo: 'ip rule del pref 5270; ip route flush table 71',
    },
  ),
  sh(
    'answers of the host are routed elsewhere',
    'ip route add blackhole default table 72; ip rule add pref 3 from 192.0.2.1 lookup 72',
    {
      undo: 'ip rule del pref 3; ip route flush table 72',
    },
  ),
  typed('ip addr add 198.51.100.20/32 dev eth0', { undo: 'ip addr del 198.51.100.20/32 dev eth0', ...fine }),
  sh(
    'a bridge of others',
    'ip link add virbr7 type bridge; ip addr add 192.168.122.1/24 dev virbr7; ip link set virbr7 up',
    {
      undo: 'ip link del virbr7',
      ...fine,
    },
  ),
  sh('a bridge goes down and comes up', 'ip link set front0 down; ip link set front0 up', fine),
];

const native = (
  name: string,
  text: string,
  more: Omit<HostChange, 'name' | 'words' | 'undo'> = {},
): HostChange => ({
  name: `nft: ${name}`,
  words: ['nft', `table inet rg {\n${text}\n}`],
  undo: NO_TABLE,
  ...more,
});

/** nftables' own tables, and sets. */
export const NATIVES: readonly HostChange[] = [
  native('a forward chain that drops', 'chain f { type filter hook forward priority 0; policy drop; }'),
  native(
    'a forward chain that drops but for answers',
    'chain f { type filter hook forward priority 0; policy drop; ct state established,related accept; }',
  ),
  native(
    'a forward chain that drops by interface',
    'chain f { type filter hook forward priority 0; iifname "eth0" oifname "docker0" drop; }',
  ),
  native(
    'a forward chain that accepts',
    'chain f { type filter hook forward priority -10; policy accept; iifname "eth0" accept; }',
    fine,
  ),
  native(
    'an input chain that drops a port',
    'chain i { type filter hook input priority 0; tcp dport 23 drop; }',
    fine,
  ),
  native(
    'an input chain with a policy',
    'chain i { type filter hook input priority 0; policy accept; ct state invalid drop; }',
    fine,
  ),
  native(
    'a port is dropped before translation',
    'chain p { type filter hook prerouting priority -150; tcp dport 8080 drop; }',
  ),
  native(
    'a port is dropped after translation',
    'chain f { type filter hook forward priority 10; tcp dport 80 drop; }',
  ),
  native(
    'a set of the banned',
    'set b { type ipv4_addr; elements = { 203.0.113.4, 203.0.113.5 } }\nchain f { type filter hook prerouting priority -300; ip saddr @b drop; }',
    fine,
  ),
  native(
    'masquerade of others',
    'chain n { type nat hook postrouting priority srcnat; ip saddr 10.9.0.0/24 oifname "eth0" masquerade; }',
    fine,
  ),
  native('counting', 'chain c { type filter hook forward priority 0; counter; }', fine),
  typed('nft flush ruleset'),
  sh(
    'a set of ipset bans',
    'ipset create rgbans hash:ip; ipset add rgbans 203.0.113.9; iptables -I DOCKER-USER -m set --match-set rgbans src -j DROP',
    { undo: 'ipset destroy rgbans', ...fine },
  ),
  sh(
    'a set of ipset that holds the containers',
    'ipset create rgbans hash:net; ipset add rgbans 172.28.1.0/24; iptables -I DOCKER-USER -m set --match-set rgbans dst -j DROP',
    { undo: 'ipset destroy rgbans' },
  ),
  sh(
    'a set of ipset that closes the door',
    'ipset create rgbans hash:net; ipset add rgbans 192.0.2.0/24; iptables -I DOCKER-USER -m set --match-set rgbans src -j DROP',
    { undo: 'ipset destroy rgbans' },
  ),
  sh(
    'an empty set',
    'ipset create rgbans hash:ip; iptables -I DOCKER-USER -m set --match-set rgbans src -j DROP',
    { undo: 'ipset destroy rgbans', ...fine },
  ),
];
