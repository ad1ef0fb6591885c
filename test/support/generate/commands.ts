import * as fc from 'fast-check';
import { chainOf, isBuiltin, rulespecOf, type Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import { splitWords } from '../../../src/firewall/iptables/text/words.ts';
import type { Family } from '../netns.ts';

/** What is done to the rules: the arguments of iptables, or a file for iptables-restore. */
export type TypedCommand =
  | { readonly kind: 'command' | 'odd command'; readonly words: readonly string[] }
  | { readonly kind: 'restore'; readonly text: string; readonly noflush: boolean };

/** Numbers that pick one of several things, whatever their count. */
type Picks = readonly number[];

const pick = <Item>(items: readonly Item[], number = 0): Item => {
  const item = items[number % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

/** The same picks in every run, so that a failure can be run again. */
export function somePicks(count: number, seed: number): readonly Picks[] {
  return fc.sample(fc.array(fc.nat({ max: 9999 }), { minLength: 12, maxLength: 12 }), {
    numRuns: count,
    seed,
  });
}

/** Rules as people type them: plain ones, some in save's spelling, some not, some refused. */
const TYPED: readonly string[] = [
  '-i eth0 -j ACCEPT',
  '-j DROP',
  '-j RETURN',
  '-o eth0 -j DROP -i docker0',
  '-p tcp --dport 22 -j ACCEPT',
  '-p tcp -m tcp --dport 443 --sport 1024 -j ACCEPT',
  '-p tcp -m tcp -j DROP',
  '-j DROP -p udp --sport 53',
  '-p udp -j ACCEPT',
  '--protocol tcp --destination-port 80 --jump DROP',
  '--dport 22 -p tcp -j ACCEPT',
  '-m tcp -p tcp -j ACCEPT',
  '-p tcp -m udp --dport 22 -j DROP',
  '-p tcp --dport 70000 -j DROP',
  '-p tcp --dport http -j DROP',
  '-p tcp --dport 1:65535 -j DROP',
  '-s 192.0.2.1 -j DROP',
  '-s 192.0.2.1/32 -d 10.0.0.0/8 -j ACCEPT',
  '--src 10.8.0.0/24 -i wg0 -j ACCEPT',
  '-s 10.8.0.1/24 -j ACCEPT',
  '-s 0.0.0.0/0 -j ACCEPT',
  '-s 300.1.1.1 -j ACCEPT',
  '-s 2001:db8::/32 -j DROP',
  '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  '-i eth0 -m conntrack --ctstate INVALID -j DROP',
  '-m conntrack --ctstate NEW -p tcp -j ACCEPT',
  '-m conntrack -j ACCEPT',
  '-p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT',
  '-m state --state ESTABLISHED -j ACCEPT',
  '-i a-name-that-is-too-long -j DROP',
  '-i eth0+ -j DROP',
  '! -i eth0 -j DROP',
  '-j NOSUCH',
  '-j INPUT',
  '-j REJECT',
  '-j LOG',
  '-j MASQUERADE',
  '-s 10.8.0.0/24 -o eth0 -j MASQUERADE',
  '-o eth0 -j MASQUERADE',
  '-o eth0 -j ACCEPT',
  '-p icmp -j ACCEPT',
  '-j DOCKER',
  '',
];

const NAMES = [
  ...['MINE', 'mine', 'a.b', 'NEW-1', 'ACCEPT', 'LOG', 'standard', '-x', '!x', 'a b', 'PREROUTING', 'DOCKER'],
  ...['abcdefghijklmnopqrstuvwxyz12', 'abcdefghijklmnopqrstuvwxyz123'],
];

/** Commands that try the reader of arguments; several are refused. */
const ODD: readonly string[] = [
  ...['-F -X', '-FX', '-F INPUT FORWARD', '-F -n', '-L -n -n', '-Lnv', '-nvL', '-vF', '-FFORWARD', '--flu'],
  ...[
    '--f',
    '--flush=FORWARD',
    '--flush FORWARD',
    '-L --line-numbers -n -v -x',
    '-L --line',
    '-F -v FORWARD',
  ],
  ...[
    '-w x -F',
    '-F -w FORWARD',
    '-F -w 5 FORWARD',
    '-w -1 -F',
    '-w 5 5 -F',
    '-- -F',
    '-F --',
    '! -F',
    '-F !',
  ],
  ...['-h', '-V', '-F -h', '-F -V', '-P FORWARD drop', '-P FORWARD', '-PFORWARD DROP', '-P FORWARD RETURN'],
  ...[
    '-P -v FORWARD DROP',
    '-P FORWARD -t filter DROP',
    '-P DOCKER DROP',
    '-X INPUT',
    '-Z INPUT 1',
    '-Z INPUT 99',
  ],
  ...[
    '-S INPUT 1',
    '-S -n',
    '-L INPUT 99',
    '-L NOSUCH',
    '-S NOSUCH',
    '-D INPUT 0',
    '-D INPUT 01',
    '-D INPUT 99',
  ],
  ...['-D INPUT -v 1', '-D INPUT 1 -v', '-I INPUT 0 -j DROP', '-I INPUT 99 -j DROP', '-R INPUT 1 -j DROP'],
  ...['-E DOCKER OTHER', '-t nosuch -F', '-t filter -t nat -F', '-F -t', '-F -0', '-F -i eth0', '-F -j DROP'],
  ...[
    '-A -v INPUT -j DROP',
    '-A INPUT -v -j DROP',
    '-A INPUT -j DROP -v',
    '-A INPUT -n -j DROP',
    '-L -Z',
    '-t raw -F',
  ],
  ...[
    '-t security -F',
    '-t mangle -X',
    '-t mangle -F',
    '--list',
    '--list-rules',
    '--li',
    '--policy FORWARD ACCEPT',
  ],
  ...[
    '--policy=FORWARD ACCEPT',
    '--new-chain MINE',
    '--delete-chain',
    '--del INPUT 1',
    '--delete INPUT 1',
    '',
    '-c 1 2 -F',
  ],
  ...[
    '--append FORWARD -j DROP',
    '--insert FORWARD -j DROP',
    '--zero',
    '-4 -F',
    '-6 -F',
    '-F -w',
    '-W 1 -F',
    '-F FORWARD -w 3',
  ],
];

const split = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

/** Something a person may do to these rules. */
export function commandOn(ruleset: Ruleset, picks: Picks, family: Family): TypedCommand {
  const [kind = 0, ...more] = picks;
  return kind % 5 === 0 ? restoreOf(ruleset, more) : commandOf(ruleset, more, family);
}

function commandOf(ruleset: Ruleset, picks: Picks, family: Family): TypedCommand {
  const [a = 0, b, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = picks;
  const table = pick([...ruleset.tables.keys()], b);
  const chains = [...(ruleset.tables.get(table)?.chains.keys() ?? [])];
  const chain = c % 40 === 0 ? 'NOSUCH' : pick(chains, c);
  const rules = chainOf(ruleset, table, chain)?.rules ?? [];
  const live = rules.length === 0 ? '-j NOSUCH' : rulespecOf(pick(rules, d));
  const spec = e % 2 === 0 ? splitWords(live).words : split(pick(TYPED, d));
  const number = String(1 + (f % (rules.length + 2)));
  const bodies: readonly (readonly string[])[] = [
    ['-F'],
    ['-F', chain],
    ['-X'],
    ['-X', chain],
    ['-Z'],
    ['-Z', chain],
    ['-P', chain, pick(['ACCEPT', 'DROP'], f)],
    [
      '-P',
      pick(
        chains.filter((name) => isBuiltin(table, name)),
        c,
      ),
      pick(['ACCEPT', 'DROP'], f),
    ],
    ['-L', chain, '-n'],
    ['-S', chain],
    ['-N', pick(NAMES, f)],
    ['-D', chain, number],
    ['-D', chain, ...splitWords(live).words],
    ['-D', chain, ...spec],
    ['-C', chain, ...spec],
    ['-A', chain, ...spec],
    ['-A', chain, ...split(pick(TYPED, d))],
    ['-I', chain, ...spec],
    ['-I', chain, number, ...spec],
  ];
  const body = pick(bodies, a);
  if (h % 7 === 0) return { kind: 'odd command', words: split(pick(ODD, d)) };
  const inTable =
    table === 'filter' && g % 2 === 0
      ? []
      : pick([['-t', table], [`-t${table}`], [`--table=${table}`], ['--table', table], ['--tab', table]], g);
  const beside = pick([[], [], ['-w'], ['-w', '5'], ['--wait'], ['--wait=5'], ['-w5'], ['-v']], h);
  const inFront = family === 'ipv6' || h % 3 !== 0 || '-A-I-D-C'.includes(body[0] ?? '');
  const words = inFront ? [...beside, ...inTable, ...body] : [...body, ...inTable, ...beside];
  return { kind: 'command', words };
}

/** The rules as a file, with some lines gone, added or changed. */
function restoreOf(ruleset: Ruleset, picks: Picks): TypedCommand {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = picks;
  const names = [...ruleset.tables.keys()];
  const tables = a % 3 === 0 ? names : [pick(names, b)];
  const lines: string[] =
    d % 2 === 0 ? ['# Generated by iptables-save v1.8.9 on Tue Nov 24 11:23:41 2026'] : [];
  for (const name of tables) {
    lines.push(`*${name}`);
    const chains = [...(ruleset.tables.get(name)?.chains.values() ?? [])];
    const kept = chains.filter((_, i) => (c + i) % 13 !== 0);
    const counters = f % 19 === 0 ? '' : ' [0:0]';
    for (const chain of kept) {
      const policy = chain.policy === '-' ? '-' : pick(['ACCEPT', 'ACCEPT', 'DROP', chain.policy], d);
      lines.push(`:${chain.name} ${policy}${counters}`);
    }
    if (e % 4 === 0) lines.push(`:${pick(NAMES, f)} - [0:0]`);
    for (const chain of kept) {
      chain.rules.forEach((rule, i) => {
        if ((d + i) % 5 !== 0) lines.push(f % 3 === 0 ? `[1:60] ${rule.text}` : rule.text);
      });
    }
    if (e % 3 === 0) lines.push(`-A ${pick(kept, f).name} ${pick(TYPED, c)}`.trimEnd());
    if (e % 23 !== 1) lines.push('COMMIT');
  }
  return { kind: 'restore', text: `${lines.join('\n')}\n`, noflush: b % 3 === 0 };
}
