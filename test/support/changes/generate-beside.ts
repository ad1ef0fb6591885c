import type { Dice } from '../trace/dice.ts';
import { typed, type HostChange } from './change.ts';
import { GOALS, INTERFACES, SOURCES } from './names.ts';

/** A table of nftables' own with one chain. */
export function nativeText(dice: Dice): string {
  const hook = dice.pick(['forward', 'forward', 'prerouting', 'input', 'postrouting'] as const);
  const parts = [
    ...(dice.chance(50) && hook !== 'postrouting' ? [`iifname "${dice.pick(INTERFACES)}"`] : []),
    ...(dice.chance(30) && (hook === 'forward' || hook === 'postrouting')
      ? [`oifname "${dice.pick(INTERFACES)}"`]
      : []),
    ...(dice.chance(40) ? [`ip saddr ${dice.pick(SOURCES)}`] : []),
    ...(dice.chance(30) ? [`ip daddr ${dice.pick(GOALS)}`] : []),
    ...(dice.chance(35) ? [`tcp dport ${dice.pick(['80', '81', '8080', '{ 80, 8081 }', '22'])}`] : []),
  ];
  const first = dice.chance(20) ? 'ct state established,related accept; ' : '';
  const rule = `${first}${parts.join(' ')} ${dice.pick(['drop', 'drop', 'accept', 'counter', 'reject'])};`;
  const priority = dice.pick(['0', '-10', '10', 'filter']);
  const policy = dice.chance(10) && hook === 'forward' ? 'drop' : 'accept';
  return `table inet rg {\nchain c { type filter hook ${hook} priority ${priority}; policy ${policy}; ${rule} }\n}`;
}

export const NO_NATIVE = 'nft delete table inet rg 2>/dev/null || true';

export function nativeRule(dice: Dice): HostChange {
  const text = nativeText(dice);
  if (dice.chance(60)) return { name: `nft ${text}`, words: ['nft', text], undo: NO_NATIVE };
  const script = `echo '${text}' >/tmp/rg.nft; nft -f /tmp/rg.nft; rm /tmp/rg.nft`;
  return { name: `nft -f: ${text}`, words: ['sh', '-ec', script], undo: NO_NATIVE };
}

export function link(dice: Dice): HostChange {
  const [script, undo] = dice.pick([
    ['ip link set docker0 down', 'ip link set docker0 up'],
    ['ip link set front0 down; ip link set front0 up', 'true'],
    ['ip link add rg7 type dummy; ip addr add 10.77.0.1/24 dev rg7; ip link set rg7 up', 'ip link del rg7'],
    [
      'ip link add rg7 type bridge; ip addr add 172.28.1.129/25 dev rg7; ip link set rg7 up',
      'ip link del rg7',
    ],
    ['ip addr add 198.51.100.20/24 dev eth0', 'ip addr del 198.51.100.20/24 dev eth0'],
    ['ip addr add 172.17.0.9/32 dev lo', 'ip addr del 172.17.0.9/32 dev lo'],
  ] as const);
  return { name: script, words: ['sh', '-ec', script], undo };
}

export function routing(dice: Dice): HostChange {
  const to = dice.pick([
    '172.17.0.2/32',
    '172.28.1.0/24',
    '172.28.2.0/25',
    '10.77.0.0/16',
    '198.51.100.0/24',
    '172.16.0.0/12',
    '192.0.2.2/32',
  ]);
  const kind = dice.pick(['blackhole', 'unreachable', 'prohibit']);
  if (dice.chance(50))
    return {
      name: `ip route add ${kind} ${to}`,
      words: ['ip', 'route', 'add', kind, to, 'metric', '0'],
      undo: `ip route del ${kind} ${to}`,
    };
  const from = dice.pick([
    'from 172.17.0.0/16',
    'from 192.0.2.1',
    'iif front0',
    'iif eth0',
    'fwmark 0x77',
    'not fwmark 0x77',
    'from 10.0.0.0/9',
  ]);
  const line = `ip rule add pref 5000 ${from} to ${to} ${kind}`;
  return { name: line, words: ['sh', '-ec', line], undo: 'ip rule del pref 5000' };
}

/** A rule that nft writes into a table of iptables'. */
export function nftIntoIptables(dice: Dice): HostChange {
  const chain = dice.pick(['DOCKER-USER', 'DOCKER-USER', 'FORWARD', 'INPUT']);
  const match = dice.pick([
    'iifname "eth0"',
    'ip saddr 192.0.2.0/24',
    'ip saddr 203.0.113.9',
    'tcp dport 80',
    'tcp dport { 80, 81 }',
    'ct state established,related',
    'oifname "front0"',
    'ip daddr 172.28.1.11',
  ]);
  const line = `nft ${dice.pick(['add', 'insert'])} rule ip filter ${chain} ${match} ${dice.pick(['drop', 'accept', 'counter'])}`;
  return { name: line, words: ['nft', line.slice(4)] };
}

const SYSCTLS = [
  ['ipv4.ip_forward', '0', '1'],
  ['ipv4.conf.all.forwarding', '0', '1'],
  ['ipv4.conf.docker0.forwarding', '0', '1'],
  ['ipv4.conf.back0.forwarding', '0', '1'],
  ['ipv4.conf.all.rp_filter', '1', '0'],
  ['ipv4.conf.front0.rp_filter', '1', '0'],
  ['ipv4.conf.eth0.route_localnet', '1', '0'],
  ['ipv4.conf.all.accept_redirects', '1', '0'],
  ['ipv4.conf.eth0.proxy_arp', '1', '0'],
  ['ipv6.conf.all.forwarding', '0', '1'],
  ['ipv6.conf.eth0.forwarding', '0', '1'],
] as const;

export function setting(dice: Dice): HostChange {
  const [path, value, back] = dice.pick(SYSCTLS);
  const name = `sysctl -qw net.${path}=${value}`;
  return typed(name, { undo: `sysctl -qw net.${path}=${back}` });
}
