import { NFT_FAMILY, type Family } from '../../../../src/net/family.ts';
import type { KnownNetwork } from '../../reach/like-networks.ts';

/** Rules of others: for one network, `%b`, another one, `%c`, and containers on them, `%a` and `%d`. `%f` is the family. */
export const RULES = [
  'iifname "%b" drop',
  'oifname "%b" accept',
  'iifname != "%b" tcp dport 80 drop',
  'iifname "%b" oifname "%c" accept',
  'iifname { "%b", "%c" } drop',
  'iifname != { "%b", "%c" } accept',
  'iifname "br-*" drop',
  'oifname "br-*" udp dport 53 reject',
  '%f saddr %sb %f daddr %sc drop',
  '%f saddr != %sb drop',
  '%f saddr %hb drop',
  '%f daddr { %a, %d } drop',
  '%f daddr != { %a, %d } accept',
  '%f saddr %a %f daddr %d drop',
  '%f daddr %a counter packets 3 bytes 180 drop comment "mine"',
  '%f daddr %a iifname "%c" accept',
  '%f saddr %a tcp dport 443 drop',
  '%f saddr %a return',
  '%f daddr %gb drop',
  'tcp dport 80 drop',
  'tcp dport { 80, 8080 } drop',
  'tcp dport 8000-8090 accept',
  'udp dport != 53 drop',
  'tcp dport > 1023 accept',
  'th dport 80 drop',
  'ct state established,related accept',
  'ct state new drop',
  'ct state established,related iifname "%b" drop',
  'ct status dnat accept',
  'ct original proto-dst 8080 drop',
  'ct direction reply drop',
  'meta mark 0x1 drop',
  'meta mark set 0x1',
  'iifname "%b" meta mark set 0x3',
  '%f daddr %a meta mark set 0x3',
  'meta l4proto udp drop',
  'fib daddr type local accept',
  'fib saddr type != local drop',
  'fib daddr type broadcast drop',
  'limit rate 5/second accept',
  'log prefix "here " accept',
  'counter packets 1 bytes 60',
  'counter packets 1 bytes 60 drop',
  'continue',
  'accept',
  'return',
  'queue num 3',
  'jump %chain',
  'goto %chain',
  'iifname "%b" jump %chain',
  '%f daddr %a jump %chain',
  'oifname vmap { "%b" : drop, "%c" : accept }',
  'iifname vmap { "%b" : jump %chain }',
  'iifname vmap { "br-*" : drop }',
  '%f daddr vmap { %a : drop, %d : accept }',
  'tcp dport vmap { 80 : drop, 8080 : accept }',
  'oifname vmap @filter-forward-out-jumps',
  'oifname vmap @filter-forward-in-jumps',
  'iifname . tcp dport vmap { "%b" . 80 : drop }',
  '%f saddr & 255.255.0.0 == 10.1.0.0 drop',
  '%f daddr @some drop',
  '%f saddr @some accept',
  'jhash %f saddr mod 2 0 drop',
  '@th,96,24 7 drop',
] as const;

/** Rules for chains that translate. */
export const NAT_RULES = [
  'tcp dport 8080 dnat to %p:80',
  'iifname "%b" tcp dport 80 dnat to %q:81',
  'iifname "%b" meta l4proto tcp dnat to %q',
  '%f daddr %a dnat to %q',
  'tcp dport 2000-2003 dnat to %p',
  'tcp dport 2001 redirect to :80',
  'dnat to tcp dport map { 2000 : %a, 2001 : %d }',
  'udp dport 53 dnat to %p',
  'tcp dport 2000 dnat to %n:80',
] as const;

export const SNAT_RULES = [
  'oifname "%b" masquerade',
  '%f saddr %sb snat to %g',
  '%f saddr %a masquerade random',
  '%f saddr %a tcp dport 443 masquerade',
  'fib saddr type local masquerade',
] as const;

/** Hooks of tables of the operator's own. */
export const HOOKS = [
  'type filter hook forward priority filter - 5; policy accept;',
  'type filter hook forward priority filter + 5; policy accept;',
  'type filter hook forward priority filter; policy drop;',
  'type filter hook prerouting priority raw; policy accept;',
  'type filter hook input priority filter; policy accept;',
  'type filter hook output priority filter; policy accept;',
  'type filter hook postrouting priority mangle; policy accept;',
] as const;
export const NAT_HOOKS: readonly string[] = [
  'type nat hook prerouting priority dstnat - 5; policy accept;',
  'type nat hook output priority -100; policy accept;',
];
export const SNAT_HOOK = 'type nat hook postrouting priority srcnat - 5; policy accept;';

/** Rules of iptables beside. */
export const IPTABLES = [
  '-A FORWARD -i %b -j DROP',
  '-A FORWARD -d %a -j DROP',
  '-A FORWARD -d %a -p tcp -m tcp --dport 80 -j ACCEPT',
  '-A FORWARD -p tcp -m tcp --dport 80 -j DROP',
  '-A FORWARD -s %sb -d %sc -j DROP',
  '-A FORWARD -o %b -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A INPUT -i %b -j DROP',
  '-A OUTPUT -d %sb -j DROP',
] as const;

/** Whom rules name. */
export interface Names {
  readonly family: Family;
  readonly b: KnownNetwork;
  readonly c: KnownNetwork;
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** @param chain - one that a rule may lead to */
export function filled(text: string, { family, b, c }: Names, chain = ''): string {
  const [a, d] = [b.containers[0] ?? b.nobody, c.containers.at(-1) ?? c.nobody];
  const words: Readonly<Record<string, string>> = {
    ...{ sb: b.subnet, sc: c.subnet, hb: b.half, gb: b.gateway, chain, f: NFT_FAMILY[family] },
    ...{ a, d, b: b.bridge, c: c.bridge, n: bracketed(b.nobody) },
    ...{ p: bracketed(a), q: bracketed(d), g: family === 'ipv4' ? '192.0.2.10' : '2001:db8::10' },
  };
  return text.replaceAll(
    /%(chain|[a-z]{1,2})/g,
    (whole, word: string) => words[word] ?? words[word.slice(0, 1)] ?? whole,
  );
}
