import type { Dice } from './dice.ts';

/** Rules with what they need beside them, ready to be loaded. */
export interface Scene {
  readonly name: string;
  /** For `iptables-restore`. */
  readonly rules: string;
  /** Under /proc/sys/net. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whether it holds matches or targets that are not known to the trace. */
  readonly exotic: boolean;
  /** Packets that have something to do with these rules. */
  readonly destinations: readonly string[];
  readonly ports: readonly number[];
}

/** For `ipset restore`; the sets that the generated rules ask for. */
export const SETS = `create ips hash:ip
create nets hash:net
create ipports hash:ip,port
create netports hash:net,port
create netifs hash:net,iface
create ports bitmap:port range 0-65535
create triples hash:ip,port,ip
create timed hash:ip timeout 600
create both list:set
add ips 192.0.2.2
add ips 172.17.0.2
add ips 172.18.0.2
add nets 172.16.0.0/12
add nets 172.17.0.0/24 nomatch
add nets 172.17.0.3
add nets 198.51.100.0/24
add ipports 172.17.0.2,tcp:80
add ipports 192.0.2.1,udp:53
add ipports 172.18.0.2,icmp:8/0
add netports 172.17.0.0/16,tcp:80
add netports 172.17.0.2,tcp:80 nomatch
add netports 192.0.2.0/24,udp:53
add netifs 192.0.2.0/24,eth0
add netifs 172.16.0.0/12,docker0
add netifs 172.17.0.2,docker0 nomatch
add ports 80
add ports 8080
add triples 192.0.2.2,tcp:80,172.17.0.2
add triples 172.17.0.2,tcp:8080,192.0.2.1
add timed 172.17.0.3
add timed 198.51.100.2
add both ips
add both nets
`;

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

/** Condition words that may stand in a rule of a chain, by protocol: base words first, matches behind them. */
function conditions(
  dice: Dice,
  hooks: readonly string[],
  exotic: boolean,
): { base: string; protocol: string; more: string } {
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
    protocol = dice.pick(['tcp', 'tcp', 'udp', 'udp', 'icmp']);
    base.push(`-p ${protocol}`);
    const port = String(dice.pick(PORTS));
    if (protocol === 'icmp') {
      if (dice.chance(50))
        more.push(`-m icmp ${not}--icmp-type ${dice.pick(['8', '0', '8/0', 'any', '13'])}`);
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
    `-m set ${not}--match-set ${dice.pick(SETS_AND_SIDES)}`,
    `-m addrtype ${not}--dst-type ${dice.pick(['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST'])}`,
    `-m addrtype ${not}--src-type ${dice.pick(['LOCAL', 'UNICAST'])}`,
    ...(sure(['PREROUTING', 'INPUT']) ? ['-m addrtype --dst-type LOCAL --limit-iface-in'] : []),
    ...(sure(IN_HOOKS) ? ['-m set --match-set netifs src,src'] : []),
    ...(sure(IN_HOOKS) ? [`-m physdev ${not}--physdev-in ${dice.pick(['v1', 'v2', 'v3'])}`] : []),
    ...(sure(['FORWARD']) ? [`-m physdev ${not}--physdev-is-bridged`] : []),
    `-m iprange ${not}--src-range 172.17.0.2-172.18.0.1`,
    `-m iprange ${not}--dst-range 192.0.2.1-192.0.2.9`,
    `-m pkttype ${not}--pkt-type ${dice.pick(['unicast', 'broadcast'])}`,
    '-m comment --comment "not -j DROP"',
  ];
  for (let left = dice.pick([0, 0, 1, 1, 2]); left > 0; left--) more.push(dice.pick(extras));
  if (exotic && dice.chance(12))
    more.push(
      dice.pick([
        '-m limit --limit 5/sec --limit-burst 5',
        '-m statistic --mode random --probability 0.5',
        '-m length --length 1:100',
        '-m recent --rcheck --name R',
        '-m ttl --ttl-gt 3',
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

function target(dice: Dice, table: string, hook: string, protocol: string, exotic: boolean): string {
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
  const passing = ['LOG --log-prefix "a -j DROP"', ...(exotic ? ['SET --add-set ips src'] : [])];
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
        'TTL --ttl-set 60',
        ...passing,
      ]);
    default:
      return dice.pick([
        ...['ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP', 'DROP', 'REJECT', 'RETURN', 'RETURN'],
        ...[protocol === 'tcp' ? 'REJECT --reject-with tcp-reset' : 'REJECT', marks[0] ?? '', ...passing],
      ]);
  }
}

/** Chains of a table: which are built in, and which of one's own each may lead to. */
const PLANS: readonly {
  table: string;
  hooks: readonly string[];
  own: Readonly<Record<string, readonly string[]>>;
}[] = [
  { table: 'raw', hooks: ['PREROUTING', 'OUTPUT'], own: { R1: ['PREROUTING', 'OUTPUT'] } },
  {
    table: 'mangle',
    hooks: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
    own: { M1: ['PREROUTING', 'FORWARD'], M2: ['PREROUTING', 'FORWARD'], M3: ['OUTPUT', 'POSTROUTING'] },
  },
  {
    table: 'nat',
    hooks: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    own: {
      D1: ['PREROUTING', 'OUTPUT'],
      D2: ['PREROUTING', 'OUTPUT'],
      S1: ['POSTROUTING'],
      S2: ['POSTROUTING'],
    },
  },
  {
    table: 'filter',
    hooks: ['INPUT', 'FORWARD', 'OUTPUT'],
    own: {
      F1: ['INPUT', 'FORWARD', 'OUTPUT'],
      F2: ['INPUT', 'FORWARD', 'OUTPUT'],
      F3: ['FORWARD'],
      F4: ['FORWARD'],
    },
  },
];

function tableText(dice: Dice, plan: (typeof PLANS)[number], exotic: boolean): string {
  const { table, hooks, own } = plan;
  const names = Object.keys(own);
  const lines = [`*${table}`];
  for (const hook of hooks)
    lines.push(`:${hook} ${table === 'filter' && dice.chance(15) ? 'DROP' : 'ACCEPT'} [0:0]`);
  for (const name of names) lines.push(`:${name} - [0:0]`);
  const write = (chain: string, places: readonly string[], later: readonly string[]): void => {
    const few = table === 'raw' || table === 'mangle' ? 3 : 6;
    for (let left = dice.below(few); left > 0; left--) {
      const { base, protocol, more } = conditions(dice, places, exotic);
      const open = base === '' && more === '';
      let what = target(dice, table, places[0] ?? '', protocol, exotic);
      // A rule for every packet that stops it would leave nothing to be seen behind it.
      if (open && table !== 'nat' && /^(?:DROP|REJECT|ACCEPT)/.test(what)) what = 'RETURN';
      // Where packets to the machine itself are masqueraded, which address they get is known to nobody.
      const wide = !exotic && what.startsWith('MASQUERADE');
      if (later.length > 0 && dice.chance(35)) what = dice.pick(later);
      const jump = later.includes(what) && dice.chance(30) ? '-g' : '-j';
      const end = dice.chance(4) ? '' : `${jump} ${what}`;
      lines.push(
        [
          '-A',
          chain,
          wide && end.includes('MASQ') ? `${base.replace(/(?:! )?-o \S+ ?/, '')} ! -o lo` : base,
          more,
          end,
        ]
          .filter((word) => word !== '')
          .join(' '),
      );
    }
  };
  for (const hook of hooks)
    write(
      hook,
      [hook],
      names.filter((name) => own[name]?.includes(hook)),
    );
  names.forEach((name, i) => {
    const places = own[name] ?? [];
    write(
      name,
      places,
      names.slice(i + 1).filter((other) => places.every((place) => own[other]?.includes(place))),
    );
  });
  return `${lines.join('\n')}\nCOMMIT\n`;
}

/** Settings of the kernel that decide about packets, thrown anew. */
export function throwSysctls(dice: Dice): Record<string, string> {
  return {
    'ipv4/conf/all/rp_filter': dice.pick(['0', '0', '1', '2']),
    'ipv4/conf/eth0/rp_filter': dice.pick(['0', '0', '1', '2']),
    'ipv4/conf/eth1/rp_filter': dice.pick(['0', '0', '1', '2']),
    'ipv4/conf/all/forwarding': dice.chance(92) ? '1' : '0',
    'ipv4/conf/eth1/forwarding': dice.chance(92) ? '1' : '0',
    'ipv4/conf/all/route_localnet': dice.chance(15) ? '1' : '0',
    'ipv4/conf/docker0/route_localnet': dice.chance(30) ? '1' : '0',
    'bridge/bridge-nf-call-iptables': dice.chance(70) ? '1' : '0',
  };
}

/** A ruleset nobody would write, of everything the trace knows and, where `exotic`, some of what it does not. */
export function generateScene(dice: Dice, name: string, exotic: boolean): Scene {
  return {
    name,
    rules: PLANS.map((plan) => tableText(dice, plan, exotic)).join(''),
    sysctls: throwSysctls(dice),
    exotic,
    destinations: [],
    ports: [],
  };
}
