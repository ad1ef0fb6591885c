import type { Family } from '../netns.ts';
import type { Dice } from './dice.ts';
import { inFamily } from './families.ts';
import { ADDRESSES, PORTS } from './words-of-rules.ts';

const BLOCKS = ['172.17.0.0/16', '172.18.0.0/16', '192.0.2.0/24', '172.16.0.0/12', '192.0.2.1-192.0.2.9'];
const INTERFACES = [
  '"eth0"',
  '"eth1"',
  '"docker0"',
  '"br1"',
  '"lo"',
  '"eth*"',
  '{ "eth0", "docker0" }',
  '"br*"',
];

/** Where base chains are hooked in: never at the very moment at which a connection is tracked or translated. */
const PRIORITIES: Readonly<Record<string, readonly string[]>> = {
  prerouting: ['raw - 10', '-250', 'mangle', 'mangle + 10', 'dstnat + 10', 'filter', 'filter + 10', '300'],
  input: ['filter - 5', 'filter', 'security', '150'],
  forward: ['mangle', 'filter', 'filter + 10', 'security'],
  output: ['raw - 10', 'mangle + 10', 'filter', '150'],
  postrouting: ['mangle', 'filter', 'srcnat + 10'],
};
const HELPERS = ['one', 'two', 'three'];

interface Kind {
  readonly family: Family;
  readonly exotic: boolean;
}

/** Conditions, one of each kind at most: nft refuses a rule that no packet can meet. */
function conditions(dice: Dice, hook: string | undefined, { family, exotic }: Kind): readonly string[] {
  const not = (): string => (dice.chance(20) ? '!= ' : '');
  // Chains that are jumped to also see packets without such an interface, and behind their routing.
  const unless = hook === undefined ? '' : not();
  const port = (): string =>
    dice.pick([
      String(dice.pick(PORTS)),
      '50-8100',
      '{ 53, 80, 1000-9000 }',
      `{ ${String(dice.pick(PORTS))} }`,
    ]);
  const places = [...ADDRESSES, ...BLOCKS, '@near', '{ 172.17.0.2, 192.0.2.0/24 }'];
  const kinds: readonly (() => string)[] = [
    () => `ip saddr ${not()}${dice.pick(places)}`,
    () => `ip daddr ${not()}${dice.pick(places)}`,
    () =>
      dice.pick([
        `${dice.pick(['tcp', 'udp'])} dport ${not()}${port()}`,
        `${dice.pick(['tcp', 'udp'])} sport ${not()}${dice.pick(['20000-35000', '1-30000', '443'])}`,
        `meta l4proto { tcp, udp } th dport ${port()}`,
        `meta l4proto ${not()}${dice.pick(['tcp', 'udp', '{ tcp, udp }', 'icmp'])}`,
        `icmp type ${dice.pick(['echo-request', 'echo-reply', '{ echo-request, echo-reply }'])}`,
      ]),
    () => `ct state ${dice.pick(['new', 'established,related', 'invalid', 'new,untracked', 'untracked'])}`,
    () => `ct status ${dice.pick(['dnat', 'snat'])}`,
    // Of IPv6 what kind nft takes an address for is not followed.
    ...(family === 'ipv6' && !exotic
      ? []
      : [(): string => `fib ${dice.pick(['saddr', 'daddr'])} type ${dice.pick(['local', 'unicast'])}`]),
    ...(hook === undefined || hook === 'postrouting' || hook === 'output'
      ? []
      : [(): string => `iifname ${not()}${dice.pick(INTERFACES)}`]),
    ...(hook === 'prerouting' || hook === 'input'
      ? []
      : [(): string => `oifname ${unless}${dice.pick(INTERFACES)}`]),
  ];
  if (dice.chance(5)) return [`meta nfproto ${dice.pick(['ipv4', 'ipv6'])}`];
  const chosen = new Set(Array.from({ length: dice.pick([1, 1, 2, 2, 3]) }, () => dice.pick(kinds)));
  return [...chosen].map((make) => make());
}

/** What is not followed, or needs what nobody can know. */
const EXOTIC = ['limit rate 5/second', 'meta mark 0x1', 'ct direction original', 'meta length > 3'];

function rule(dice: Dice, hook: string | undefined, later: readonly string[], kind: Kind): string {
  const words = [...conditions(dice, hook, kind)];
  if (kind.exotic && dice.chance(10)) words.push(dice.pick(EXOTIC));
  if (dice.chance(20)) words.push(dice.pick(['counter', 'log prefix "a drop "']));
  if (hook !== undefined && dice.chance(10))
    return dice.pick([
      'ct state vmap { established : accept, related : accept, invalid : drop }',
      'tcp dport vmap { 80 : accept, 443 : drop, 8000-9000 : jump three }',
      'udp dport vmap { 53 : drop, 9000 : goto two }',
    ]);
  if (kind.exotic && hook === 'prerouting' && dice.chance(25))
    return `meta nfproto ${kind.family} fib saddr . mark . iif oif missing drop`;
  if (later.length > 0 && dice.chance(25)) words.push(`${dice.pick(['jump', 'goto'])} ${dice.pick(later)}`);
  // nftables rejects only where a packet is about to arrive, pass or leave.
  else if (hook !== undefined && dice.chance(20) && /^(?:input|forward|output)$/.test(hook))
    words.push('reject');
  else words.push(dice.pick(['accept', 'accept', 'drop', 'drop', 'return', 'continue', 'counter']));
  return words.join(' ');
}

/** Where a table translates and marks: at moments of its own, for nobody tells which of two at the same one comes first. */
const OFFSETS: Readonly<Record<string, number>> = { own: -5, other: 5 };
const MARK_HOOKS = ['prerouting', 'input', 'forward', 'postrouting'];
const NAT_HOOKS = ['prerouting', 'input', 'output', 'postrouting'];

/** Conditions, and now and then one for a mark. */
function markedConditions(dice: Dice, hook: string, kind: Kind): readonly string[] {
  const mark = dice.pick([
    'meta mark 0x1',
    'meta mark != 0x1',
    'meta mark & 0x2 == 0x2',
    'meta mark { 0x1, 0x3 }',
    'ct mark 0x1',
    'ct mark & 0x3 != 0x1',
  ]);
  // nft refuses to translate to an address of the other family.
  const words = conditions(dice, hook, kind).filter((word) => !word.startsWith('meta nfproto'));
  return [...words, ...(dice.chance(30) ? [mark] : [])];
}

function markRule(dice: Dice, hook: string, kind: Kind): string {
  const words = dice.pick([
    'meta mark set 0x1',
    'meta mark set 0x2',
    'meta mark set meta mark | 0x2',
    'meta mark set meta mark & 0x1 | 0x4',
    'meta mark set meta mark ^ 0x3',
    'meta mark set ct mark',
    'ct mark set meta mark',
    'ct mark set ct mark | 0x1',
    'ct mark set 0x3',
  ]);
  const end = dice.pick(['', '', '', ' accept', ' counter', ' drop']);
  return [...markedConditions(dice, hook, kind), words].join(' ') + end;
}

function natRule(dice: Dice, hook: string, kind: Kind): string {
  const to = dice.pick(['172.17.0.2', '172.17.0.3', '172.18.0.2', '172.18.0.3', '192.0.2.10', '192.0.2.2']);
  const from = dice.pick(['192.0.2.1', '192.0.2.10', '172.17.0.1', '198.51.100.1']);
  const port = String(dice.pick(PORTS));
  const words = markedConditions(dice, hook, kind);
  if (hook === 'input') return [...words, dice.pick([`snat ip to ${from}`, 'accept', 'drop'])].join(' ');
  // Which address a packet over lo is given is not told.
  if (hook === 'postrouting')
    return dice.pick([
      [...words.filter((word) => !word.startsWith('oifname')), 'oifname != "lo" masquerade'].join(' '),
      [...words, `snat ip to ${from}`].join(' '),
      [...words, dice.pick(['accept', 'return', 'drop'])].join(' '),
    ]);
  return dice.pick([
    [...words, `dnat ip to ${to}`].join(' '),
    [...words, 'redirect'].join(' '),
    `${dice.pick(['tcp', 'udp'])} dport ${String(dice.pick(PORTS))} dnat ip to ${to}:${port}`,
    `${dice.pick(['tcp', 'udp'])} dport { 53, 80, 1000-9000 } redirect to :${port}`,
    [...words, dice.pick(['accept', 'return', 'drop'])].join(' '),
  ]);
}

/** Chains that translate, and that mark. */
function changingChains(dice: Dice, name: string, kind: Kind): readonly string[] {
  const write = (
    type: string,
    hook: string,
    level: number,
    make: (dice: Dice, hook: string, kind: Kind) => string,
  ): readonly string[] => {
    if (!dice.chance(40)) return [];
    const shift = kind.exotic && dice.chance(6) ? 0 : (OFFSETS[name] ?? 0);
    const rules = Array.from({ length: 1 + dice.below(3) }, () => `${make(dice, hook, kind)}\n`);
    return [
      `chain ${type}_${hook} {\ntype ${type} hook ${hook} priority ${String(level + shift)};\n${rules.join('')}}`,
    ];
  };
  return [
    ...MARK_HOOKS.flatMap((hook) => write('filter', hook, -150, markRule)),
    ...NAT_HOOKS.flatMap((hook) =>
      write('nat', hook, hook === 'prerouting' || hook === 'output' ? -100 : 100, natRule),
    ),
  ];
}

/** A table nobody would write, of everything that is followed and, where `exotic`, some of what is not; for `nft -f`. */
function table(dice: Dice, name: string, kind: Kind): string {
  const chains = HELPERS.map((helper, i) => {
    const rules = Array.from({ length: dice.below(4) }, () =>
      rule(dice, undefined, HELPERS.slice(i + 1), kind),
    );
    return `chain ${helper} {\n${rules.map((line) => `${line}\n`).join('')}}`;
  }).reverse();
  const bases = Object.entries(PRIORITIES)
    .filter(() => dice.chance(55))
    .map(([hook, priorities]) => {
      const policy = dice.chance(8) ? 'drop' : 'accept';
      const head = `type filter hook ${hook} priority ${dice.pick(priorities)}; policy ${policy};`;
      const rules = Array.from({ length: dice.below(5) }, () => rule(dice, hook, HELPERS, kind));
      return `chain at_${hook} {\n${[head, ...rules].map((line) => `${line}\n`).join('')}}`;
    });
  const near = 'set near { type ipv4_addr; flags interval; elements = { 172.17.0.0/24, 192.0.2.2 } }';
  const changing = changingChains(dice, name, kind);
  return `table inet ${name} {\n${[near, ...chains, ...bases, ...changing].join('\n')}\n}\n`;
}

/** One or two tables of nftables' own, in the words of a family. */
export function generateNatives(dice: Dice, kind: Kind): string {
  const text = ['own', ...(dice.chance(40) ? ['other'] : [])].map((name) => table(dice, name, kind)).join('');
  const { family } = kind;
  if (family === 'ipv4') return text;
  return inFamily(family, text)
    .replaceAll(/\bip (?=[sd]addr|to )/g, 'ip6 ')
    .replaceAll('icmp type', 'icmpv6 type')
    .replaceAll('l4proto icmp', 'l4proto ipv6-icmp')
    .replaceAll('ipv4_addr', 'ipv6_addr');
}
