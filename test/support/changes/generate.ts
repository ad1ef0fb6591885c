import type { Dice } from '../trace/dice.ts';
import type { HostChange } from './change.ts';
import {
  link,
  nativeRule,
  nativeText,
  nftIntoIptables,
  NO_NATIVE,
  routing,
  setting,
} from './generate-beside.ts';
import { GOALS, INTERFACES, SOURCES } from './names.ts';

const PORTS = ['80', '81', '8080', '8081', '9000', '22', '79:81', '5353'];

const FILTER_CHAINS = ['DOCKER-USER', 'DOCKER-USER', 'FORWARD', 'FORWARD', 'INPUT', 'OUTPUT'];

/** Conditions of a rule in a chain: none that no packet there can meet. */
function conditions(dice: Dice, chain: string): string {
  const not = (): string => (dice.chance(15) ? '! ' : '');
  const parts = [
    ...(dice.chance(45) && !/OUTPUT|POSTROUTING/.test(chain) ? [`${not()}-i ${dice.pick(INTERFACES)}`] : []),
    ...(dice.chance(25) && !/INPUT|PREROUTING/.test(chain) ? [`${not()}-o ${dice.pick(INTERFACES)}`] : []),
    ...(dice.chance(40) ? [`${not()}-s ${dice.pick(SOURCES)}`] : []),
    ...(dice.chance(30) ? [`${not()}-d ${dice.pick(GOALS)}`] : []),
    ...(dice.chance(35) ? [`-p ${dice.pick(['tcp', 'tcp', 'udp'])} --dport ${dice.pick(PORTS)}`] : []),
    ...(dice.chance(20)
      ? [`-m conntrack --ctstate ${dice.pick(['NEW', 'RELATED,ESTABLISHED', 'NEW,ESTABLISHED', 'INVALID'])}`]
      : []),
  ];
  return parts.join(' ');
}

function filterRule(dice: Dice): string {
  if (dice.chance(12)) return filterRule6(dice);
  const chain = dice.pick(FILTER_CHAINS);
  return `iptables ${dice.chance(75) ? '-I' : '-A'} ${chain} ${conditions(dice, chain)} -j ${dice.pick(['DROP', 'DROP', 'ACCEPT', 'ACCEPT', 'REJECT', 'RETURN'])}`;
}

/** Of IPv6, where one network is. */
function filterRule6(dice: Dice): string {
  const chain = dice.pick(FILTER_CHAINS);
  const parts = [
    ...(dice.chance(40) && chain !== 'OUTPUT' ? [`-i ${dice.pick(['eth0', 'back0'])}`] : []),
    ...(dice.chance(40) ? [`-s ${dice.pick(['2001:db8::2', '2001:db8::/32', 'fd00:6::/64'])}`] : []),
    ...(dice.chance(30) ? [`-d ${dice.pick(['fd00:6::/64', 'fd00:6::2', '2001:db8:bad::/48'])}`] : []),
    ...(dice.chance(35) ? [`-p tcp --dport ${dice.pick(['80', '9000', '443'])}`] : []),
  ];
  return `ip6tables -I ${chain} ${parts.join(' ')} -j ${dice.pick(['DROP', 'ACCEPT', 'REJECT'])}`;
}

function natRule(dice: Dice): string {
  const place = dice.pick(['PREROUTING', 'POSTROUTING', 'OUTPUT'] as const);
  if (place === 'POSTROUTING')
    return `iptables -t nat ${dice.pick(['-I', '-A'])} POSTROUTING ${conditions(dice, place)} -j ${dice.pick(['MASQUERADE', 'ACCEPT', 'RETURN'])}`;
  const port = dice.pick(['8080', '8081', '9000', '2222', '80']);
  const target = dice.pick([
    'ACCEPT',
    'DNAT --to-destination 172.17.0.3:80',
    'DNAT --to-destination 172.28.1.12:80',
    'REDIRECT --to-ports 9100',
  ]);
  return `iptables -t nat ${dice.pick(['-I', '-A'])} ${place} -p tcp --dport ${port} -j ${target}`;
}

function earlyRule(dice: Dice): string {
  const [table, chain] = dice.pick([
    ['raw', 'PREROUTING'],
    ['mangle', 'PREROUTING'],
    ['mangle', 'FORWARD'],
    ['mangle', 'POSTROUTING'],
  ] as const);
  return `iptables -t ${table} -I ${chain} ${conditions(dice, chain).replace(/-m conntrack --ctstate \S+/, table === 'raw' ? '' : '$&')} -j DROP`;
}

/** Deletes one rule of a chain by its number, or all of them: what there is of a chain hangs on the Engine. */
function deletion(dice: Dice): string {
  const [table, chain] = dice.pick([
    ['filter', 'FORWARD'],
    ['filter', 'DOCKER'],
    ['filter', 'DOCKER-FORWARD'],
    ['filter', 'DOCKER-CT'],
    ['filter', 'DOCKER-BRIDGE'],
    ['filter', 'DOCKER-ISOLATION-STAGE-1'],
    ['filter', 'DOCKER-ISOLATION-STAGE-2'],
    ['nat', 'DOCKER'],
    ['nat', 'POSTROUTING'],
    ['nat', 'PREROUTING'],
    ['raw', 'PREROUTING'],
  ] as const);
  const rule = String(1 + dice.below(6));
  return `iptables -t ${table} -D ${chain} ${rule} || iptables -t ${table} -D ${chain} 1 || true`;
}

/** A saved file, edited, and loaded in one of the ways there are. */
function savedFile(dice: Dice): HostChange {
  const stale = '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 9998 -j DNAT --to-destination 172.17.0.3:81';
  const edit = dice
    .pick([
      String.raw`/^\*nat/,/^COMMIT/s/^COMMIT/${'STALE'}\nCOMMIT/`,
      '/^-A DOCKER /d',
      '/^-A FORWARD .*DOCKER-USER/d',
      '/^-A POSTROUTING .*MASQUERADE/d',
      's/^:FORWARD DROP/:FORWARD ACCEPT/',
      '/^-A DOCKER-ISOLATION/d;/^-A DOCKER-FORWARD -j DOCKER-BRIDGE/d',
      's/172.28.1.11/172.28.1.99/',
      '/^#/d',
      '1,2d',
    ])
    .replace('STALE', stale);
  const save = dice.pick([
    'iptables-save',
    'iptables-save',
    'iptables-save -t filter',
    'iptables-save -t nat',
    'ip6tables-save',
  ]);
  const tool = save.startsWith('ip6') ? 'ip6tables-restore' : 'iptables-restore';
  const option = dice.chance(30) ? ' --noflush' : '';
  const script = `${save} | sed '${edit}' >/tmp/rg-saved; ${tool}${option} </tmp/rg-saved; rm /tmp/rg-saved`;
  return { name: script, words: ['sh', '-ec', script] };
}

/** A set, and a rule that asks it. */
function setRule(dice: Dice): HostChange {
  const element = dice.pick([
    '203.0.113.0/24',
    '192.0.2.0/24',
    '172.28.1.0/24',
    '172.17.0.0/16',
    '192.0.2.2',
  ]);
  const chain = dice.pick(['DOCKER-USER', 'FORWARD', 'INPUT']);
  const line = `iptables -I ${chain} -m set ${dice.chance(20) ? '! ' : ''}--match-set rgset ${dice.pick(['src', 'dst'])} -j ${dice.pick(['DROP', 'ACCEPT'])}`;
  const script = `ipset create rgset hash:net; ipset add rgset ${element}; ${line}`;
  return { name: script, words: ['sh', '-ec', script], undo: 'ipset destroy rgset' };
}

/** A file that is asked about before it is loaded. */
function candidate(dice: Dice): HostChange {
  const lines = Array.from({ length: 1 + dice.below(3) }, () =>
    dice.chance(70) ? filterRule(dice) : natRule(dice),
  );
  const native = nativeText(dice);
  const text = dice.chance(60)
    ? `#!/bin/sh -e\n${lines.map((line) => `${line}\n`).join('')}`
    : `#!/usr/sbin/nft -f\n${dice.chance(15) ? 'flush ruleset\n' : ''}${native}\n`;
  return {
    name: `a file: ${text.replaceAll('\n', '; ')}`,
    words: ['true'],
    candidate: text,
    undo: NO_NATIVE,
  };
}

const ofScript = (script: string): HostChange =>
  /[|;]/.test(script)
    ? { name: script, words: ['sh', '-ec', script] }
    : { name: script, words: splitWords(script) };

const splitWords = (line: string): HostChange['words'] => {
  const [program = '', ...rest] = line.split(/ +/);
  return [program, ...rest];
};

const policy = (dice: Dice): string =>
  `${dice.chance(25) ? 'ip6tables' : 'iptables'} -P ${dice.pick(['FORWARD', 'FORWARD', 'INPUT', 'OUTPUT'])} ${dice.pick(['ACCEPT', 'DROP'])}`;

/** How often each kind is thrown, of 100. */
const KINDS: readonly (readonly [number, (dice: Dice) => HostChange])[] = [
  [28, (dice) => ofScript(filterRule(dice))],
  [10, (dice) => ofScript(natRule(dice))],
  [7, (dice) => ofScript(earlyRule(dice))],
  [9, (dice) => ofScript(deletion(dice))],
  [9, nativeRule],
  [4, nftIntoIptables],
  [7, savedFile],
  [3, (dice) => ofScript(policy(dice))],
  [4, setting],
  [4, setRule],
  [2, link],
  [4, routing],
  [4, candidate],
  [5, (dice) => ofScript(`${filterRule(dice)}; ${dice.chance(50) ? natRule(dice) : filterRule(dice)}`)],
];

/** A change of one kind or another, by chance. */
export function changeBy(dice: Dice): HostChange {
  let left = dice.below(100);
  for (const [share, make] of KINDS) {
    if (left < share) return make(dice);
    left -= share;
  }
  return ofScript(filterRule(dice));
}
