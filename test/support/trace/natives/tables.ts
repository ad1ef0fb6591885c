import type { Family } from '../../netns.ts';
import type { Dice } from '../dice.ts';
import { inFamily } from '../families.ts';
import { PORTS } from '../words-of-rules.ts';
import { conditions, HOLDINGS, type At } from './conditions.ts';

const HELPERS = ['one', 'two', 'three'];

/** Where base chains are hooked in, as nft and as others of the kernel's have it: beside them, and at the very same moment. */
const PRIORITIES: Readonly<Record<string, readonly string[]>> = {
  prerouting: ['raw - 10', 'raw', '-250', 'mangle', 'mangle + 10', 'dstnat', 'dstnat + 10', 'filter', '300'],
  input: ['mangle', 'filter - 5', 'filter', 'security', '150'],
  forward: ['mangle', 'filter - 1', 'filter', 'filter + 10', 'security'],
  output: ['raw - 10', 'raw', 'mangle', 'mangle + 10', 'filter', '150'],
  postrouting: ['mangle', 'filter', 'srcnat', 'srcnat + 10'],
};

const MARKS = [
  'meta mark set 0x1',
  'meta mark set 0x2',
  'meta mark set meta mark | 0x2',
  'meta mark set meta mark & 0x1 | 0x4',
  'meta mark set meta mark ^ 0x3',
  'meta mark set ct mark',
  'meta mark set ip saddr map @colour_of',
  'meta mark set ip daddr map { 192.0.2.1 : 0x1, 172.17.0.0/16 : 0x2 }',
  'ct mark set meta mark',
  'ct mark set ct mark | 0x1',
  'ct mark set 0x3',
];

/** What changes nothing that decides. */
const IDLE = [
  ...[
    'counter',
    'log prefix "a drop "',
    'add @seen { ip saddr }',
    'meta nftrace set 0',
    'counter name passed',
  ],
  'log prefix "x" level debug flags all',
];

/** What nobody can know. */
const UNKNOWABLE = ['limit rate 5/second', 'ip saddr @seen', 'quota over 1 mbytes', 'numgen random mod 2 0'];

function verdictMap(dice: Dice, at: At): string {
  return dice.pick([
    'ct state vmap { established : accept, related : accept, invalid : drop }',
    'ct state vmap { established : accept, new : jump three, untracked : continue }',
    'tcp dport vmap @fate_of',
    'udp dport vmap { 53 : drop, 9000 : goto two, 80 : jump three }',
    'ip daddr . tcp dport vmap @fate_between',
    'ip saddr . udp dport vmap { 172.17.0.0/16 . 53 : accept, 192.0.2.2 . 50-90 : drop }',
    'meta l4proto vmap { tcp : jump three, icmp : accept }',
    'meta mark vmap { 0x1 : accept, 0x2 : drop }',
    'ip saddr vmap { 172.17.0.0/16 : jump two, 192.0.2.0/24 : accept, * : continue }',
    ...(at === 'ingress' || at === 'output' ? [] : ['iifname vmap @fate_at']),
  ]);
}

function verdict(dice: Dice, at: At, later: readonly string[]): string {
  if (later.length > 0 && dice.chance(25)) return `${dice.pick(['jump', 'goto'])} ${dice.pick(later)}`;
  const rejects = at !== undefined && /^(?:input|forward|output)$/.test(at);
  if (rejects && dice.chance(15)) return dice.pick(['reject', 'reject with icmpx admin-prohibited']);
  return dice.pick(['accept', 'accept', 'accept', 'drop', 'drop', 'return', 'continue', 'counter']);
}

/** One rule of a chain that filters. */
function filterRule(dice: Dice, at: At, later: readonly string[]): string {
  if (at !== undefined && at !== 'ingress' && dice.chance(12)) return verdictMap(dice, at);
  const words = [...conditions(dice, at)];
  if (dice.chance(1)) words.push(dice.pick(UNKNOWABLE));
  if (dice.chance(15)) words.push(dice.pick(at === 'ingress' ? ['counter'] : IDLE));
  if (dice.chance(12) && at !== 'ingress' && at !== 'output') words.push(dice.pick(MARKS));
  if ((at === 'prerouting' || at === 'output') && dice.chance(5)) words.push('notrack');
  if (at !== 'ingress' && dice.chance(5))
    return `${words.join(' ')} jump {\n${[...conditions(dice, undefined), dice.pick(['accept', 'drop'])].join(' ')}\n}`;
  words.push(verdict(dice, at, at === 'ingress' ? [] : later));
  return words.join(' ');
}

function natRule(dice: Dice, at: At): string {
  const to = dice.pick(['172.17.0.2', '172.17.0.3', '172.18.0.2', '172.18.0.3', '192.0.2.10', '192.0.2.2']);
  const from = dice.pick(['192.0.2.1', '192.0.2.10', '172.17.0.1', '198.51.100.1']);
  const port = String(dice.pick(PORTS));
  const words = conditions(dice, at);
  const mark = dice.chance(15) ? [dice.pick(MARKS)] : [];
  const protocol = dice.pick(['tcp', 'udp']);
  const others = [...words, ...mark, dice.pick(['accept', 'return', 'drop', 'jump three'])].join(' ');
  // nft takes a map of ports only where it sees whose ports they are.
  const apart = words.filter((word) => !/\b(?:tcp|udp|icmp|l4proto|protocol)\b/.test(word));
  if (at === 'input') return dice.pick([[...words, ...mark, `snat ip to ${from}`].join(' '), others]);
  if (at === 'postrouting')
    return dice.pick([
      // Which address a packet over lo is given is not told.
      [...words.filter((word) => !word.includes('oifname')), 'oifname != "lo" masquerade'].join(' '),
      [...words, `snat ip to ${from}`].join(' '),
      [...words, 'snat ip to ip saddr map @face_of'].join(' '),
      [...words, 'snat ip to ip saddr map { 172.17.0.2 : 192.0.2.10, 172.18.0.0/16 : 192.0.2.1 }'].join(' '),
      others,
    ]);
  return dice.pick([
    [...words, ...mark, `dnat ip to ${to}`].join(' '),
    [...words, 'redirect'].join(' '),
    [...apart, `${protocol} dport ${port} dnat ip to ${to}:${String(dice.pick(PORTS))}`].join(' '),
    [...apart, `${protocol} dport { 53, 80, 1000-9000 } redirect to :${port}`].join(' '),
    [...apart, `dnat ip to ${protocol} dport map @home_of`].join(' '),
    [...apart, `dnat ip addr . port to ${protocol} dport map @door_of`].join(' '),
    [
      ...apart,
      `dnat ip to ip daddr . ${protocol} dport map { 192.0.2.1 . 80 : 172.17.0.2, 192.0.2.10 . 53 : ${to} }`,
    ].join(' '),
    [...apart, `${protocol} dport 1-65535 redirect to :${protocol} dport map { 80 : 8080, 443 : 53 }`].join(
      ' ',
    ),
    others,
  ]);
}

/** What a table is made for. */
interface Plan {
  readonly name: string;
  readonly shift: string;
}

const many = (dice: Dice, most: number, make: () => string): readonly string[] =>
  Array.from({ length: dice.below(most) }, make);

const chain = (head: string, rules: readonly string[]): string =>
  `chain ${head} {\n${rules.map((rule) => `${rule}\n`).join('')}}`;

/** A table nobody would write, of everything that is followed; for `nft -f`. */
function table(dice: Dice, { name, shift }: Plan): string {
  const helpers = HELPERS.map((helper, i) =>
    chain(
      helper,
      many(dice, 4, () => filterRule(dice, undefined, HELPERS.slice(i + 1))),
    ),
  ).reverse();
  const filters = Object.entries(PRIORITIES)
    .filter(() => dice.chance(45))
    .flatMap(([hook, priorities]) => {
      const at = hook as At;
      const type = hook === 'output' && dice.chance(60) ? 'route' : 'filter';
      const priority = dice.pick(priorities);
      const head = `type ${type} hook ${hook} priority ${priority}; policy ${dice.chance(6) ? 'drop' : 'accept'};`;
      const rules = [...many(dice, 5, () => filterRule(dice, at, HELPERS))];
      const marks =
        hook === 'output' && dice.chance(40) ? [`${conditions(dice, at).join(' ')} ${dice.pick(MARKS)}`] : [];
      const early = /^(?:raw|-250)/.test(priority) && dice.chance(70);
      if (early) rules.unshift(`${conditions(dice, at).join(' ')} notrack`);
      if (!dice.chance(40)) return [chain(`at_${hook}`, [head, ...marks, ...rules])];
      // Another one at the very same moment: one marks what the other asks for.
      const colours = many(dice, 4, () => `${conditions(dice, at).join(' ')} ${dice.pick(MARKS)}`);
      const asks = `meta mark ${dice.pick(['0x1', '!= 0x0', '& 0x2 == 0x2', '0x3'])} drop`;
      const pair = [chain(`at_${hook}`, [head, asks, ...rules]), chain(`beside_${hook}`, [head, ...colours])];
      return dice.chance(50) ? pair : pair.reverse();
    });
  const nats = ['prerouting', 'input', 'output', 'postrouting']
    .filter(() => dice.chance(30))
    .map((hook) => {
      const level = hook === 'prerouting' || hook === 'output' ? -100 : 100;
      const priority = dice.chance(15) ? String(level) : String(level + Number(shift));
      return chain(`nat_${hook}`, [
        `type nat hook ${hook} priority ${priority};`,
        ...many(dice, 4, () => natRule(dice, hook as At)),
      ]);
    });
  return `table inet ${name} {\ncounter passed { }\n${HOLDINGS}${[...helpers, ...filters, ...nats].join('\n')}\n}\n`;
}

/** A table that sees packets the moment they come in. */
function guard(dice: Dice): string {
  const devices = dice.pick(['"eth0"', '"v1"', '"docker0"', '"eth1", "v3"', '"eth0"', '"lo"']);
  const rules = Array.from({ length: 1 + dice.below(3) }, () =>
    dice.chance(60)
      ? `${conditions(dice, 'ingress').join(' ')} ${dice.pick(['drop', 'drop', 'meta mark set 0x2'])}`
      : filterRule(dice, 'ingress', []),
  );
  return `table netdev guard {\nset near { type ipv4_addr; flags interval; elements = { 172.17.0.2, 192.0.2.3 } }
set counted { type ipv4_addr; elements = { 172.17.0.3 } }
set wires { type ifname; elements = { "eth0", "v3" } }
${HOLDINGS.split('\n')
  .filter((line) => /^set (?:doors|pairs|ranges|ends|colours) /.test(line))
  .join('\n')}
chain early {\ntype filter hook ingress devices = { ${devices} } priority -500;\n${rules.map((rule) => `${rule}\n`).join('')}}\n}\n`;
}

/** One to three tables of nftables' own, in the words of a family. */
export function generateTables(dice: Dice, family: Family): string {
  const plans: readonly Plan[] = [
    { name: 'own', shift: '-5' },
    ...(dice.chance(40) ? [{ name: 'other', shift: '5' }] : []),
  ];
  const text = [...plans.map((plan) => table(dice, plan)), ...(dice.chance(35) ? [guard(dice)] : [])].join(
    '',
  );
  if (family === 'ipv4') return text;
  return inFamily(family, text)
    .replaceAll(/\bip (?=[sd]addr|to |addr )/g, 'ip6 ')
    .replaceAll('ip version 4', 'ip6 version 6')
    .replaceAll('ip protocol', 'ip6 nexthdr')
    .replaceAll(/\bicmp (?=type|code)/g, 'icmpv6 ')
    .replaceAll(/(?<=l4proto |l4proto vmap |nexthdr |!= |[{,] )icmp\b/g, 'ipv6-icmp')
    .replaceAll('icmp : accept', 'ipv6-icmp : accept')
    .replaceAll('ipv6-ipv6-icmp', 'ipv6-icmp')
    .replaceAll('ipv4_addr', 'ipv6_addr');
}
