import type { HostChange } from './change.ts';

/** Loads rules beside those that are there, as a program does that keeps its own. */
const loads = (
  name: string,
  lines: readonly string[],
  more: Partial<HostChange> = { harmless: true },
): HostChange => ({
  name,
  words: [
    'sh',
    '-ec',
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} | iptables-restore --noflush`,
  ],
  ...more,
});

const inserts = (
  name: string,
  lines: readonly string[],
  more: Partial<HostChange> = { harmless: true },
): HostChange => ({
  name,
  words: ['sh', '-ec', lines.map((line) => `iptables ${line}`).join('; ')],
  ...more,
});

const UFW_CHAINS = [
  'ufw-before-input',
  'ufw-user-input',
  'ufw-before-forward',
  'ufw-user-forward',
  'ufw-after-forward',
  'ufw-reject-forward',
];

/** What ufw loads, at the end of the built-in chains. */
const ufw = (...inner: readonly string[]): readonly string[] => [
  '*filter',
  ...UFW_CHAINS.map((chain) => `:${chain} - [0:0]`),
  '-A INPUT -j ufw-before-input',
  ...['before', 'after', 'reject'].map((kind) => `-A FORWARD -j ufw-${kind}-forward`),
  '-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A ufw-before-input -i lo -j ACCEPT',
  '-A ufw-before-input -j ufw-user-input',
  '-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A ufw-before-forward -j ufw-user-forward',
  '-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT',
  ...inner,
  'COMMIT',
];

/** Rules of programs that share a host with Docker. */
export const NEIGHBOURS: readonly HostChange[] = [
  loads('ufw is enabled', ufw()),
  loads('ufw allows a port', ufw('-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT')),
  loads(
    'ufw denies a published port, with effect on docker-proxy alone',
    ufw('-A ufw-user-input -p tcp -m tcp --dport 8080 -j DROP'),
    {},
  ),
  loads('ufw routes between networks', ufw('-A ufw-user-forward -i docker0 -o front0 -j ACCEPT')),
  loads(
    'ufw-docker closes what is published',
    [
      '*filter',
      ':ufw-user-forward - [0:0]',
      '-A DOCKER-USER -j ufw-user-forward',
      '-A DOCKER-USER -s 172.16.0.0/12 -j RETURN',
      '-A DOCKER-USER -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -d 172.16.0.0/12 -j DROP',
      '-A DOCKER-USER -p udp -m udp --dport 0:32767 -d 172.16.0.0/12 -j DROP',
      'COMMIT',
    ],
    {},
  ),
  inserts('fail2ban starts', [
    '-N f2b-sshd',
    '-A f2b-sshd -j RETURN',
    '-I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd',
  ]),
  inserts('fail2ban bans for Docker', [
    '-N f2b-web',
    '-A f2b-web -j RETURN',
    '-I DOCKER-USER -p tcp -j f2b-web',
    '-I f2b-web -s 203.0.113.66 -j REJECT',
  ]),
  inserts('fail2ban bans a neighbour for Docker', [
    '-N f2b-web',
    '-A f2b-web -j RETURN',
    '-I DOCKER-USER -p tcp -j f2b-web',
    '-I f2b-web -s 192.0.2.66 -j REJECT',
  ]),
  inserts('libvirt starts its network', [
    '-N LIBVIRT_FWI',
    '-N LIBVIRT_FWO',
    '-N LIBVIRT_FWX',
    '-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT',
    '-A LIBVIRT_FWO -i virbr0 -j REJECT',
    '-A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A LIBVIRT_FWI -o virbr0 -j REJECT',
    '-A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT',
    '-I FORWARD -j LIBVIRT_FWI',
    '-I FORWARD -j LIBVIRT_FWO',
    '-I FORWARD -j LIBVIRT_FWX',
    '-t nat -N LIBVIRT_PRT',
    '-t nat -I POSTROUTING -j LIBVIRT_PRT',
    '-t nat -A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE',
  ]),
  {
    name: 'LXD starts its bridge',
    words: [
      'nft',
      'table inet lxd {\nchain fwd.lxdbr0 { type filter hook forward priority filter; policy accept; ip version 4 oifname "lxdbr0" accept; ip version 4 iifname "lxdbr0" accept; }\nchain pstrt.lxdbr0 { type nat hook postrouting priority srcnat; policy accept; ip saddr 10.11.0.0/24 ip daddr != 10.11.0.0/24 masquerade; }\n}',
    ],
    undo: 'nft delete table inet lxd',
    harmless: true,
  },
  {
    name: 'podman starts a network',
    words: [
      'nft',
      'table inet netavark {\nchain FORWARD { type filter hook forward priority filter; policy accept; ip daddr 10.88.0.0/16 ct state related,established accept; ip saddr 10.88.0.0/16 accept; }\nchain POSTROUTING { type nat hook postrouting priority srcnat; policy accept; ip saddr 10.88.0.0/16 ip daddr != 10.88.0.0/16 masquerade; }\n}',
    ],
    undo: 'nft delete table inet netavark',
    harmless: true,
  },
  inserts('k3s starts', [
    '-N KUBE-FORWARD',
    '-N KUBE-SERVICES',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-I FORWARD -j KUBE-FORWARD',
    '-I FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES',
    '-t nat -N KUBE-POSTROUTING',
    '-t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-t nat -A KUBE-POSTROUTING -j MASQUERADE --random-fully',
    '-t nat -I POSTROUTING -j KUBE-POSTROUTING',
    '-N FLANNEL-FWD',
    '-A FLANNEL-FWD -s 10.42.0.0/16 -j ACCEPT',
    '-A FLANNEL-FWD -d 10.42.0.0/16 -j ACCEPT',
    '-A FORWARD -j FLANNEL-FWD',
  ]),
  {
    name: 'tailscale comes up',
    words: [
      'sh',
      '-ec',
      [
        'iptables -N ts-forward',
        'iptables -N ts-input',
        'iptables -A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000',
        'iptables -A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT',
        'iptables -A ts-forward -s 100.64.0.0/10 -o tailscale0 -j DROP',
        'iptables -A ts-forward -o tailscale0 -j ACCEPT',
        'iptables -I FORWARD -j ts-forward',
        'iptables -A ts-input -s 100.64.0.0/10 ! -i tailscale0 -j DROP',
        'iptables -I INPUT -j ts-input',
        'ip rule add pref 5210 fwmark 0x80000/0xff0000 lookup main',
        'ip rule add pref 5230 fwmark 0x80000/0xff0000 lookup default',
        'ip rule add pref 5250 fwmark 0x80000/0xff0000 unreachable',
        'ip rule add pref 5270 lookup 52',
        'ip route add blackhole 100.100.100.100 table 52',
      ].join('; '),
    ],
    undo: 'for p in 5210 5230 5250 5270; do ip rule del pref $p; done; ip route flush table 52',
    harmless: true,
  },
  {
    name: 'firewalld with nftables',
    words: [
      'nft',
      'table inet firewalld {\nchain filter_FORWARD { type filter hook forward priority filter + 10; policy accept; ct state { established, related } accept; ct status dnat accept; iifname "lo" accept; iifname "docker0" accept; iifname "front0" accept; iifname "back0" accept; reject with icmpx admin-prohibited; }\nchain filter_INPUT { type filter hook input priority filter + 10; policy accept; ct state { established, related } accept; iifname "lo" accept; iifname { "docker0", "front0", "back0" } accept; tcp dport { 22, 8080, 8081, 9000, 9100 } accept; meta l4proto { icmp, ipv6-icmp } accept; udp dport 5353 accept; reject with icmpx admin-prohibited; }\n}',
    ],
    undo: 'nft delete table inet firewalld',
  },
  {
    name: 'firewalld rejects what is forwarded',
    words: [
      'nft',
      'table inet firewalld {\nchain filter_FORWARD { type filter hook forward priority filter + 10; policy accept; ct state { established, related } accept; reject with icmpx admin-prohibited; }\n}',
    ],
    undo: 'nft delete table inet firewalld',
  },
];
