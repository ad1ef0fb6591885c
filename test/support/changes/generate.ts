import type { Dice } from '../trace/dice.ts';
import type { HostChange } from './change.ts';

const INTERFACES = ['eth0', 'docker0', 'front0', 'back0'];
const SOURCES = [
  '192.0.2.2',
  '192.0.2.0/24',
  '203.0.113.9',
  '172.17.0.2',
  '172.17.0.0/16',
  '172.28.1.12',
  '172.28.2.0/24',
  '172.16.0.0/12',
  '10.8.0.0/24',
];
const GOALS = [
  '172.17.0.2',
  '172.17.0.3',
  '172.28.1.11',
  '172.28.1.0/24',
  '172.28.2.11',
  '192.0.2.1',
  '192.0.2.2',
  '172.16.0.0/12',
  '198.51.100.7',
];
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
  const chain = dice.pick(FILTER_CHAINS);
  return `iptables ${dice.chance(75) ? '-I' : '-A'} ${chain} ${conditions(dice, chain)} -j ${dice.pick(['DROP', 'DROP', 'ACCEPT', 'ACCEPT', 'REJECT', 'RETURN'])}`;
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

function nativeRule(dice: Dice): HostChange {
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
  const rule = `${parts.join(' ')} ${dice.pick(['drop', 'drop', 'accept', 'counter'])};`;
  const priority = dice.pick(['0', '-10', '10']);
  const text = `table inet rg { chain c { type filter hook ${hook} priority ${priority}; policy accept; ${rule} } }`;
  return { name: `nft ${text}`, words: ['nft', text], undo: 'nft delete table inet rg 2>/dev/null || true' };
}

function routing(dice: Dice): HostChange {
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

const ofScript = (script: string): HostChange =>
  /[|;]/.test(script)
    ? { name: script, words: ['sh', '-ec', script] }
    : { name: script, words: splitWords(script) };

const splitWords = (line: string): HostChange['words'] => {
  const [program = '', ...rest] = line.split(/ +/);
  return [program, ...rest];
};

/** A change of one kind or another, by chance. */
export function changeBy(dice: Dice): HostChange {
  const kind = dice.below(100);
  if (kind < 38) return ofScript(filterRule(dice));
  if (kind < 50) return ofScript(natRule(dice));
  if (kind < 58) return ofScript(earlyRule(dice));
  if (kind < 72) return ofScript(deletion(dice));
  if (kind < 84) return nativeRule(dice);
  if (kind < 92) return routing(dice);
  return ofScript(`${filterRule(dice)}; ${dice.chance(50) ? natRule(dice) : filterRule(dice)}`);
}
