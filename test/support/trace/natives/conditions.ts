import type { Dice } from '../dice.ts';
import { ADDRESSES, PORTS } from '../words-of-rules.ts';

/** Where a rule stands; undefined for a chain that several lead to. */
export type At = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | undefined;

const BLOCKS = ['172.17.0.0/16', '172.18.0.0/16', '192.0.2.0/24', '172.16.0.0/12', '192.0.2.1-192.0.2.9'];
const INTERFACES = ['eth0', 'eth1', 'docker0', 'br1', 'lo'];

/** Sets and maps that every table has, and that rules ask for by their names. */
export const HOLDINGS = `
set near { type ipv4_addr; flags interval; elements = { 172.17.0.0/24, 192.0.2.2, 198.51.100.0-198.51.100.9 } }
set doors { type inet_service; flags interval; elements = { 53, 80-90, 8000-9000 } }
set pairs { type ipv4_addr . inet_service; elements = { 172.17.0.2 . 80, 192.0.2.1 . 53, 172.18.0.2 . 443, 192.0.2.10 . 8080 } }
set ranges { type ipv4_addr . inet_proto . inet_service; flags interval; elements = { 172.16.0.0/12 . tcp . 1-1023, 192.0.2.1-192.0.2.10 . udp . 53 } }
set ends { type ipv4_addr . ipv4_addr; flags interval; elements = { 192.0.2.0/24 . 172.17.0.2, 172.17.0.0/16 . 172.18.0.0/16, 172.17.0.2 . 192.0.2.1 } }
set wires { type ifname; elements = { "eth0", "br1" } }
set ways { type ifname . ifname; elements = { "eth0" . "docker0", "docker0" . "br1", "br1" . "eth0" } }
set colours { type mark; elements = { 0x1, 0x3, 0x6 } }
set seen { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
set counted { type ipv4_addr; counter; elements = { 192.0.2.2, 172.17.0.3 } }
map colour_of { type ipv4_addr : mark; flags interval; elements = { 172.17.0.0/16 : 0x1, 192.0.2.2 : 0x3 } }
map home_of { type inet_service : ipv4_addr; elements = { 80 : 172.17.0.2, 53 : 172.18.0.2, 8080 : 172.17.0.3 } }
map door_of { type inet_service : ipv4_addr . inet_service; elements = { 80 : 172.17.0.2 . 8080, 443 : 172.18.0.2 . 443, 9000 : 172.17.0.3 . 80 } }
map face_of { type ipv4_addr : ipv4_addr; elements = { 172.17.0.2 : 192.0.2.10, 172.18.0.2 : 192.0.2.1, 192.0.2.2 : 172.17.0.1 } }
map fate_of { type inet_service : verdict; flags interval; elements = { 53 : accept, 80 : jump three, 1000-8079 : drop, 9000 : goto two } }
map fate_at { type ifname : verdict; elements = { "eth0" : jump three, "docker0" : accept, "eth1" : return } }
map fate_between { type ipv4_addr . inet_service : verdict; elements = { 172.17.0.2 . 80 : drop, 192.0.2.1 . 80 : accept, 172.18.0.2 . 53 : jump two } }
`;

const port = (dice: Dice): string => String(dice.pick(PORTS));

/** Bits of headers that nft has no name for. */
const raw = (not: string): readonly string[] => [
  `meta l4proto tcp @th,16,8 ${not}0x1f`,
  `meta l4proto { tcp, udp } @th,0,32 ${not}0x50005000-0x60006000`,
  'meta l4proto tcp @th,104,8 & 0x12 == 0x02',
  'udp dport 53 @th,96,24 0x1001',
];

/** Protocols, ports and flags: one condition at most speaks of them, for nft refuses what no packet can meet. */
function transport(dice: Dice): string {
  const not = dice.chance(15) ? '!= ' : '';
  const protocol = dice.pick(['tcp', 'udp']);
  return dice.pick([
    `${protocol} dport ${not}${port(dice)}`,
    `${protocol} dport ${not}{ 53, 80, 1000-9000 }`,
    `${protocol} dport ${not}@doors`,
    `${protocol} dport ${not}50-8100`,
    `${protocol} dport ${dice.pick(['> 79', '< 444', '>= 8080', '<= 80'])}`,
    `${protocol} sport ${not}20000-35000`,
    `meta l4proto { tcp, udp } th dport ${not}{ 53, 443 }`,
    `meta l4proto . th dport ${not}{ tcp . 80, udp . 53, tcp . 8000-9000 }`,
    `meta l4proto ${not}${dice.pick(['tcp', 'udp', 'icmp', '{ tcp, udp }', '{ tcp, icmp }'])}`,
    `ip protocol ${not}${dice.pick(['tcp', 'udp', '{ udp, icmp }'])}`,
    `tcp flags ${dice.pick(['syn', 'syn,ack', '! ack', '!= syn', '== syn', '& (fin|syn|rst|ack) == syn', '& (syn|ack) != syn', '& (syn|ack) == syn|ack', '{ syn, syn|ack }'])}`,
    `icmp type ${dice.pick(['echo-request', 'echo-reply', '!= echo-request', '{ echo-request, echo-reply }'])}`,
    'icmp type echo-request icmp code 0',
    `ip daddr . tcp dport ${not}@pairs`,
    `ip saddr . tcp dport ${not}{ 192.0.2.2 . 80, 172.17.0.0/16 . 8000-9000, 192.0.2.0/24 . 443 }`,
    `ip daddr . meta l4proto . th dport ${not}@ranges`,
    `ip daddr . udp dport { 192.0.2.1 . 53, 172.17.0.2 . 80 }`,
    ...raw(not),
  ]);
}

/** What only a connection, or routing, can say; neither is there yet where packets come in. */
function behindIngress(dice: Dice): readonly string[] {
  const not = dice.chance(15) ? '!= ' : '';
  return [
    `ct state ${dice.pick(['new', 'established,related', 'invalid', 'new,untracked', 'untracked', '!= new', '! new', '{ established, new }', '& (new|established) == new', '!= { new, invalid }'])}`,
    `ct status ${dice.pick(['dnat', 'snat', 'snat,dnat', '! dnat', 'confirmed', 'seen-reply', '& (snat|dnat) == dnat'])}`,
    `ct direction ${not}${dice.pick(['original', 'reply'])}`,
    `ct original ip saddr ${not}${dice.pick([...ADDRESSES, ...BLOCKS])}`,
    `ct original ip daddr ${not}${dice.pick([...ADDRESSES, ...BLOCKS])}`,
    `meta l4proto { tcp, udp } ct original proto-dst ${not}${port(dice)}`,
    `ct protocol ${not}${dice.pick(['tcp', 'udp'])}`,
    `ct mark ${dice.pick(['0x1', '!= 0x1', '& 0x3 != 0x1', '{ 0x0, 0x1 }', '0x1-0x5'])}`,
    `fib ${dice.pick(['saddr', 'daddr'])} type ${not}${dice.pick(['local', 'unicast', '{ local, broadcast }'])}`,
  ];
}

/** Conditions of one rule, each about something else. */
export function conditions(dice: Dice, at: At): readonly string[] {
  const not = (): string => (dice.chance(15) ? '!= ' : '');
  const places = [...ADDRESSES, ...BLOCKS, '@near', '@counted', '{ 172.17.0.2, 192.0.2.0/24 }'];
  const names = (): string =>
    dice.pick([
      ...INTERFACES.map((name) => `"${name}"`),
      '"eth*"',
      '{ "eth0", "docker0" }',
      '@wires',
      '"br*"',
    ]);
  const kinds: (() => string)[] = [
    () => `ip saddr ${not()}${dice.pick(places)}`,
    () => `ip daddr ${not()}${dice.pick(places)}`,
    () => transport(dice),
    () => transport(dice),
    () => `ip saddr . ip daddr ${not()}@ends`,
    () =>
      `meta mark ${dice.pick(['0x1', '!= 0x1', '& 0x2 == 0x2', '& 0x3 != 0x1', '{ 0x1, 0x3 }', '@colours', '!= @colours', '0x1-0x3'])}`,
  ];
  if (at !== 'ingress') {
    kinds.push(
      () =>
        dice.pick([
          'meta ipsec missing',
          'meta ipsec exists',
          '@nh,128,32 0xc0000201',
          '@nh,96,16 != 0xac11',
        ]),
      () => dice.pick(behindIngress(dice)),
      () => dice.pick(behindIngress(dice)),
    );
    kinds.push(
      () => `meta pkttype ${dice.pick(['host', '!= broadcast'])}`,
      () => 'ip version 4',
    );
  }
  if (at !== undefined && /^(?:ingress|prerouting|input|forward|postrouting|output)$/.test(at))
    kinds.push(() => `iifname ${not()}${names()}`);
  if (at !== 'prerouting' && at !== 'input' && at !== 'ingress')
    kinds.push(() => `oifname ${not()}${names()}`);
  if (at === 'forward' || at === 'postrouting') kinds.push(() => `iifname . oifname ${not()}@ways`);
  if (at === 'prerouting')
    kinds.push(
      () => `fib daddr . iif type ${not()}local`,
      () => 'fib daddr . mark type local',
    );
  const chosen = new Set(Array.from({ length: dice.pick([1, 1, 1, 2, 2, 3]) }, () => dice.pick(kinds)));
  return compatible([...chosen].map((make) => make()));
}

/** Leaves out what nft refuses beside what stands there already: two words about one protocol, or about the family of an address. */
function compatible(words: readonly string[]): readonly string[] {
  const isTransport = (word: string): boolean => /\b(?:tcp|udp|icmp|l4proto|protocol)\b/.test(word);
  const first = words.find(isTransport);
  return words.filter((word) => !isTransport(word) || word === first);
}
