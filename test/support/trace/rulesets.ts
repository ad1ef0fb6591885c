import type { Backend } from '../netns.ts';
import type { Dice } from './dice.ts';
import { conditions, target } from './words-of-rules.ts';

/** Rules with what they need beside them, ready to be loaded. */
export interface Scene {
  readonly name: string;
  /** For `iptables-restore`, of each backend that is to have any. */
  readonly rules: Readonly<Partial<Record<Backend, string>>>;
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
  { table: 'security', hooks: ['INPUT', 'FORWARD', 'OUTPUT'], own: {} },
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
    const few = table === 'nat' || table === 'filter' ? 6 : 3;
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
export function throwSysctls(dice: Dice, exotic: boolean): Record<string, string> {
  return {
    'ipv4/conf/all/rp_filter': dice.pick(['0', '0', '1', '2']),
    'ipv4/conf/eth0/rp_filter': dice.pick(['0', '0', '1', '2']),
    'ipv4/conf/eth1/rp_filter': dice.pick(['0', '0', '1', '2']),
    'ipv4/conf/all/forwarding': '1',
    'ipv4/conf/eth0/forwarding': dice.chance(92) ? '1' : '0',
    'ipv4/conf/eth1/forwarding': dice.chance(92) ? '1' : '0',
    'ipv4/conf/br1/forwarding': exotic && dice.chance(30) ? '0' : '1',
    'ipv4/conf/all/route_localnet': dice.chance(15) ? '1' : '0',
    'ipv4/conf/docker0/route_localnet': dice.chance(30) ? '1' : '0',
    'bridge/bridge-nf-call-iptables': dice.chance(70) ? '1' : '0',
  };
}

/** A ruleset nobody would write, of everything the trace knows and, where `exotic`, some of what it does not. */
export function generateScene(
  dice: Dice,
  name: string,
  exotic: boolean,
  backends: readonly Backend[],
): Scene {
  const rules = (): string => PLANS.map((plan) => tableText(dice, plan, exotic)).join('');
  return {
    name,
    rules: Object.fromEntries(backends.map((backend) => [backend, rules()])),
    sysctls: throwSysctls(dice, exotic),
    // Which backend's rules come first, nobody tells.
    exotic: exotic || backends.length > 1,
    destinations: [],
    ports: [],
  };
}
