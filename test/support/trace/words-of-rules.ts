import type { Family } from '../netns.ts';
import type { Dice } from './dice.ts';
import { setName, WORDS } from './families.ts';

/** Addresses of the town, and one beyond the client, that rules and packets are about. */
export const ADDRESSES = [
  ...['192.0.2.1', '192.0.2.2', '192.0.2.10', '198.51.100.1', '198.51.100.2', '172.17.0.1', '172.17.0.2'],
  ...['172.17.0.3', '172.18.0.1', '172.18.0.2', '172.18.0.3', '203.0.113.5'],
];
const BLOCKS = [
  ...ADDRESSES.map((address) => `${address}/32`),
  '172.17.0.0/16',
  '172.18.0.0/16',
  '192.0.2.0/24',
  '172.16.0.0/12',
];
export const PORTS = [53, 80, 443, 8080, 9000];
const SETS_AND_SIDES = [
  ...['ips src', 'ips dst', 'nets src', 'nets dst', 'ipports dst,dst', 'ipports src,dst', 'netports dst,dst'],
  ...['ports dst', 'triples src,dst,dst', 'timed src', 'timed dst', 'both src', 'both dst', 'ipports dst'],
];
const IN_HOOKS = ['PREROUTING', 'INPUT', 'FORWARD'];
const OUT_HOOKS = ['FORWARD', 'OUTPUT', 'POSTROUTING'];

function setAndSides(family: Family, text: string): string {
  const [name = '', sides = ''] = text.split(' ');
  return `${setName(family, name)} ${sides}`;
}

/** Condition words that may stand in a rule of a chain, by protocol: base words first, matches behind them. */
export function conditions(
  dice: Dice,
  hooks: readonly string[],
  exotic: boolean,
  family: Family,
): { base: string; protocol: string; more: string } {
  const words = WORDS[family];
  const not = dice.chance(20) ? '! ' : '';
  const sure = (list: readonly string[]): boolean => hooks.every((hook) => list.includes(hook));
  const base: string[] = [];
  const more: string[] = [];
  let protocol = '';
  if (dice.chance(30)) base.push(`${not}-s ${dice.pick(BLOCKS)}`);
  if (dice.chance(35)) base.push(`${dice.chance(15) ? '! ' : ''}-d ${dice.pick(BLOCKS)}`);
  if (dice.chance(20) && sure(IN_HOOKS))
    base.push(`${not}-i ${dice.pick(['eth0', 'eth1', 'docker0', 'br1', 'eth+', 'lo'])}`);
  if (dice.chance(20) && sure(OUT_HOOKS))
    base.push(`${not}-o ${dice.pick(['eth0', 'eth1', 'docker0', 'br1', 'eth+', 'lo'])}`);
  if (dice.chance(45)) {
    protocol = dice.pick(['tcp', 'tcp', 'udp', 'udp', words.icmp]);
    base.push(`-p ${protocol}`);
    const port = String(dice.pick(PORTS));
    if (protocol === words.icmp) {
      if (dice.chance(50)) more.push(`-m ${words.match} ${not}${words.option} ${dice.pick(words.types)}`);
    } else
      more.push(
        dice.pick([
          `-m ${protocol} ${not}--dport ${port}`,
          `-m ${protocol} --dport ${port}`,
          `-m ${protocol} --dport 50:8100`,
          `-m ${protocol} ${not}--sport 20000:35000`,
          `-m multiport ${not}--dports 53,80,1000:9000`,
          `-m multiport ${not}--ports 443,9000`,
          `-m multiport --sports 1:30000`,
          ...(protocol === 'tcp'
            ? [`-m tcp ${not}--tcp-flags FIN,SYN,RST,ACK SYN`, '-m tcp --tcp-flags SYN,URG SYN']
            : []),
        ]),
      );
  } else if (dice.chance(8)) base.push(`! -p ${dice.pick(['tcp', 'udp'])}`);
  const extras = [
    `-m conntrack ${not}--ctstate ${dice.pick(['NEW', 'RELATED,ESTABLISHED', 'INVALID', 'NEW,UNTRACKED', 'DNAT', 'SNAT', 'UNTRACKED'])}`,
    `-m conntrack ${not}--ctorigdst ${dice.pick(ADDRESSES)}`,
    `-m conntrack --ctorigdstport ${String(dice.pick(PORTS))}`,
    `-m conntrack --ctorigsrc ${dice.pick(BLOCKS)} --ctdir ${dice.pick(['ORIGINAL', 'REPLY'])}`,
    `-m conntrack ${not}--ctproto ${dice.pick(['tcp', 'udp'])}`,
    `-m state --state ${dice.pick(['NEW', 'ESTABLISHED,RELATED'])}`,
    `-m mark ${not}--mark ${dice.pick(['0x0', '0x1', '0x2/0x2', '0x1/0x3', '0x0/0x1'])}`,
    `-m connmark ${not}--mark ${dice.pick(['0x0', '0x1', '0x2/0x2'])}`,
    `-m set ${not}--match-set ${setAndSides(family, dice.pick(SETS_AND_SIDES))}`,
    `-m addrtype ${not}--dst-type ${dice.pick(words.kinds)}`,
    `-m addrtype ${not}--src-type ${dice.pick(['LOCAL', 'UNICAST'])}`,
    ...(sure(['PREROUTING', 'INPUT']) ? ['-m addrtype --dst-type LOCAL --limit-iface-in'] : []),
    ...(sure(IN_HOOKS) ? [`-m set --match-set ${setAndSides(family, 'netifs src,src')}`] : []),
    ...(sure(IN_HOOKS) ? [`-m physdev ${not}--physdev-in ${dice.pick(['v1', 'v2', 'v3'])}`] : []),
    ...(sure(['FORWARD']) ? [`-m physdev ${not}--physdev-is-bridged`] : []),
    `-m iprange ${not}--src-range 172.17.0.2-172.18.0.1`,
    `-m iprange ${not}--dst-range 192.0.2.1-192.0.2.9`,
    `-m pkttype ${not}--pkt-type ${dice.pick(['unicast', 'broadcast'])}`,
    '-m comment --comment "not -j DROP"',
  ];
  for (let left = dice.pick([0, 0, 1, 1, 2]); left > 0; left--) more.push(dice.pick(extras));
  if (exotic && dice.chance(8))
    more.push(
      dice.pick([
        '-m limit --limit 5/sec --limit-burst 5',
        '-m statistic --mode random --probability 0.5',
        '-m length --length 1:100',
        '-m recent --rcheck --name R',
        words.life,
        '-m string --algo bm --string TRAC',
        '-m hashlimit --hashlimit-upto 5/s --hashlimit-name H',
        '-m quota --quota 1000',
      ]),
    );
  return { base: base.join(' '), protocol, more: more.join(' ') };
}

function natTarget(dice: Dice, hook: string, protocol: string, exotic: boolean): string {
  const ports = protocol === 'tcp' || protocol === 'udp';
  const port = ports && dice.chance(50) ? `:${String(dice.pick(PORTS))}` : '';
  const to = dice.pick(['172.17.0.2', '172.17.0.3', '172.18.0.2', '172.18.0.3', '192.0.2.10', '192.0.2.2']);
  const from = dice.pick(['192.0.2.1', '192.0.2.10', '172.17.0.1', '198.51.100.1']);
  const range = exotic && ports && dice.chance(20);
  if (hook === 'POSTROUTING')
    return dice.pick([
      `SNAT --to-source ${from}${range ? ':1000-1100' : ''}`,
      range ? 'MASQUERADE --to-ports 1000-1100' : 'MASQUERADE',
      'MASQUERADE',
      'NETMAP --to 192.0.2.0/24',
      exotic && dice.chance(30) ? 'MASQUERADE --random' : 'ACCEPT',
    ]);
  if (hook === 'INPUT') return dice.pick([`SNAT --to-source ${from}`, 'ACCEPT']);
  return dice.pick([
    `DNAT --to-destination ${to}${range ? ':8000-8100' : port}`,
    `DNAT --to-destination ${to}${port}`,
    exotic && dice.chance(20) ? 'DNAT --to-destination 172.17.0.2-172.17.0.3' : `DNAT --to-destination ${to}`,
    port === '' ? 'REDIRECT' : `REDIRECT --to-ports ${port.slice(1)}`,
    `NETMAP --to ${dice.pick(['172.17.0.0/29', '172.18.0.0/29'])}`,
    'ACCEPT',
  ]);
}

/** A target that a table takes at a hook, with its options. */
export function target(
  dice: Dice,
  family: Family,
  place: { readonly table: string; readonly hook: string },
  protocol: string,
  exotic: boolean,
): string {
  const { table, hook } = place;
  if (table === 'nat') return dice.chance(85) ? natTarget(dice, hook, protocol, exotic) : 'RETURN';
  const marks = [
    'MARK --set-xmark 0x1/0xffffffff',
    'MARK --set-xmark 0x2/0x2',
    'MARK --set-xmark 0x0/0x1',
    'MARK --set-xmark 0x3/0x0',
    'CONNMARK --set-xmark 0x1/0xffffffff',
    'CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    'CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
  ];
  // No rule asks for this set: what the packets before have put into one, no look before the first of them shows.
  const passing = [
    'LOG --log-prefix "a -j DROP"',
    ...(exotic ? [`SET --add-set ${setName(family, 'noted')} src`] : []),
  ];
  switch (table) {
    case 'raw':
      return dice.pick(['CT --notrack', 'ACCEPT', 'DROP', 'RETURN', marks[0] ?? '', ...passing]);
    case 'mangle':
      return dice.pick([
        ...marks,
        'ACCEPT',
        'DROP',
        'RETURN',
        'DSCP --set-dscp 0x08',
        WORDS[family].setLife,
        ...passing,
      ]);
    case 'security':
      return dice.pick(['ACCEPT', 'DROP', 'RETURN', ...passing]);
    default:
      return dice.pick([
        ...['ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP', 'DROP', 'REJECT', 'RETURN', 'RETURN'],
        protocol === 'tcp'
          ? 'REJECT --reject-with tcp-reset'
          : `REJECT --reject-with ${WORDS[family].prohibited}`,
        ...[marks[0] ?? '', ...passing],
      ]);
  }
}
