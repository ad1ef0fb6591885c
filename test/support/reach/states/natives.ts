import type { ReachState } from './state.ts';
import { named, nft } from './state.ts';

/** A table of nftables' own with one base chain. */
const chain = (head: string, ...rules: readonly string[]): string =>
  nft(`table inet own { chain one { type ${head}; ${rules.map((rule) => `${rule};`).join(' ')} } }`);

const forward = (priority: string, ...rules: readonly string[]): string =>
  chain(`filter hook forward priority ${priority}`, ...rules);

/** Tables of nftables' own, which iptables shows nothing of. */
export const STATES_OF_NATIVES: readonly ReachState[] = named("nftables' own", {
  'forward, drop': forward('filter', 'drop'),
  'forward at -300, drop of what comes by eth0': forward('-300', 'iifname "eth0" drop'),
  'forward at 300, drop of udp': forward('300', 'meta l4proto udp drop'),
  'forward, accept': forward('filter - 5', 'accept'),
  'forward, policy drop': forward('filter', 'policy drop'),
  'forward, policy drop, answers accepted': forward(
    'filter',
    'policy drop',
    'ct state established,related accept',
  ),
  'forward, policy drop, new of containers accepted': forward(
    'filter',
    'policy drop',
    'ct state established,related accept',
    'iifname { "docker0", "front0" } accept',
  ),
  'forward, policy drop, verdict map by interface': nft(`table inet own {
    chain lan { accept; }
    chain wan { reject; }
    chain one { type filter hook forward priority filter; policy drop;
      ct state vmap { established : accept, related : accept };
      iifname vmap { "docker0" : jump lan, "eth0" : jump wan }; } }`),
  'forward, reject of ports in a set': nft(`table inet own {
    set closed { type inet_service; elements = { 80, 443 }; }
    chain one { type filter hook forward priority filter; tcp dport @closed reject with tcp reset; } }`),
  'forward, addresses in an interval set': nft(`table inet own {
    set near { type ipv4_addr; flags interval; elements = { 172.28.0.0/22, 203.0.113.0/24 }; }
    chain one { type filter hook forward priority filter; ip saddr @near drop; } }`),
  'prerouting, drop of a published port': chain(
    'filter hook prerouting priority raw',
    'iifname "eth0" tcp dport 8080 drop',
  ),
  'prerouting behind DNAT, drop of the port inside': chain(
    'filter hook prerouting priority dstnat + 10',
    'iifname "eth0" tcp dport 80 drop',
  ),
  'prerouting, notrack': chain('filter hook prerouting priority raw', 'tcp dport 8081 notrack'),
  'prerouting, mark, and a route by it': `${chain(
    'filter hook prerouting priority mangle',
    'iifname "docker0" meta mark set 0x5',
  )}\nip rule add pref 100 fwmark 0x5 lookup 100; ip route add blackhole default table 100`,
  'input, drop': chain('filter hook input priority filter', 'iifname "eth0" drop'),
  'input, policy drop, answers and lo accepted, docker-proxy alone': `iptables -t nat -F DOCKER\n${chain(
    'filter hook input priority filter',
    'policy drop',
    'ct state established,related accept',
    'iifname "lo" accept',
  )}`,
  'output, drop towards containers': chain(
    'filter hook output priority filter',
    'ip daddr 172.17.0.0/16 drop',
  ),
  'postrouting, drop': chain('filter hook postrouting priority mangle', 'oifname "front0" drop'),
  'postrouting, masquerade': chain('nat hook postrouting priority srcnat', 'oifname "eth0" masquerade'),
  'postrouting, masquerade before Docker, of all': chain(
    'nat hook postrouting priority srcnat - 10',
    'oifname != "lo" masquerade',
  ),
  'postrouting, masquerade in the place of Docker': `iptables -t nat -F POSTROUTING\n${chain(
    'nat hook postrouting priority srcnat + 5',
    'ip saddr 172.16.0.0/12 oifname "eth0" masquerade',
  )}`,
  'prerouting, DNAT of a published port elsewhere': chain(
    'nat hook prerouting priority dstnat - 10',
    'tcp dport 8080 dnat ip to 172.28.1.11:80',
  ),
  'prerouting, DNAT behind Docker': chain(
    'nat hook prerouting priority dstnat + 10',
    'tcp dport { 8080, 8099 } dnat ip to 172.28.1.11:80',
  ),
  'prerouting, redirect': chain(
    'nat hook prerouting priority dstnat - 10',
    'iifname "eth0" tcp dport 8080 redirect to :9100',
  ),
  'a chain of its own in table ip filter, policy drop': nft(
    'table ip filter { chain forward { type filter hook forward priority -1; policy drop; } }',
  ),
  'a chain of its own in table ip filter, drop of eth1': nft(
    'table ip filter { chain own { type filter hook forward priority 10; iifname "eth1" drop; } }',
  ),
  'ct state in DOCKER-USER, by nft': 'nft add rule ip filter DOCKER-USER ct state established accept',
  'addresses in DOCKER-USER, by nft':
    'nft insert rule ip filter DOCKER-USER ip saddr "{ 192.0.2.2, 198.51.100.3 }" drop',
  'drop in FORWARD, by nft': 'nft insert rule ip filter FORWARD iifname "eth0" drop',
  'of ip6 alone, drop': nft(
    'table ip6 own { chain one { type filter hook forward priority filter; oifname "back0" drop; } }',
  ),
  'of ip6 alone, output reject': nft(
    'table ip6 own { chain one { type filter hook output priority filter; tcp dport 80 reject; } }',
  ),
  'of ip alone, mark and drop by it': nft(`table ip own {
    chain a { type filter hook prerouting priority mangle; iifname "eth1" meta mark set 0x9; }
    chain b { type filter hook forward priority filter; meta mark 0x9 drop; } }`),
  'ct mark, set and asked for': nft(`table ip own {
    chain a { type filter hook prerouting priority mangle; iifname "eth0" ct state new ct mark set 0x7; }
    chain b { type filter hook forward priority filter; ct mark 0x7 ct direction reply drop; } }`),
  'rp_filter by fib': chain('filter hook prerouting priority raw', 'fib saddr . iif oif missing drop'),
});
