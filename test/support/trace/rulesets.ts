import { FAMILIES } from '../kernel.ts';
import type { Variant, Family } from '../netns.ts';
import type { Dice } from './dice.ts';
import { inFamily, setName, WORDS } from './families.ts';
import { generateNatives } from './native-tables.ts';
import { conditions, target } from './words-of-rules.ts';

/** Rules with what they need beside them, ready to be loaded. */
export interface Scene {
  readonly name: string;
  readonly family: Family;
  /** For `iptables-restore`, of each variant that is to have any. */
  readonly rules: Readonly<Partial<Record<Variant, string>>>;
  /** Tables of nftables' own beside them, for `nft -f`. */
  readonly natives?: string | undefined;
  /** Under /proc/sys/net. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whether it holds matches or targets that are not known to the trace. */
  readonly exotic: boolean;
  /** Packets that have something to do with these rules; IPv4 addresses, used for either family. */
  readonly destinations: readonly string[];
  readonly ports: readonly number[];
}

const IPV4_SETS = `create ips hash:ip
create nets hash:net
create ipports hash:ip,port
create netports hash:net,port
create netifs hash:net,iface
create ports bitmap:port range 0-65535
create triples hash:ip,port,ip
create timed hash:ip timeout 600
create noted hash:ip
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

/** The sets in the words of a family; of IPv4's echo request ipset knows the numbers of IPv6's. */
const setsOf = (family: Family): string =>
  inFamily(family, IPV4_SETS)
    .replaceAll('icmp:8/0', `${WORDS[family].icmp}:${WORDS[family].types[2]}`)
    .replaceAll(
      /^(create|add) (\S+)/gm,
      (_, verb: string, name: string) => `${verb} ${setName(family, name)}`,
    )
    .replaceAll(/^(add both6) (\S+)/gm, (_, verb: string, name: string) => `${verb} ${setName(family, name)}`)
    .replaceAll(/^create \S+ hash:\S+/gm, (create) =>
      family === 'ipv6' ? `${create} family inet6` : create,
    );

/** For `ipset restore`; the sets that the generated rules ask for. */
export const SETS = FAMILIES.map(setsOf).join('');

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

/**
 * What would make a packet over lo one of which the answer is not known: which address it gets where IPv4 masquerades it,
 * and what becomes of a translated one that is untracked.
 *
 * @returns the option that leaves lo out
 */
function notOverLo(end: string, hooks: readonly string[], family: Family): '-i' | '-o' | undefined {
  if (family === 'ipv4' && end.includes('MASQUERADE')) return '-o';
  return end.includes('--notrack') && hooks.includes('PREROUTING') ? '-i' : undefined;
}

function tableText(dice: Dice, plan: (typeof PLANS)[number], exotic: boolean, family: Family): string {
  const { table, hooks, own } = plan;
  const names = Object.keys(own);
  const lines = [`*${table}`];
  for (const hook of hooks)
    lines.push(`:${hook} ${table === 'filter' && dice.chance(15) ? 'DROP' : 'ACCEPT'} [0:0]`);
  for (const name of names) lines.push(`:${name} - [0:0]`);
  const write = (chain: string, places: readonly string[], later: readonly string[]): void => {
    const few = table === 'nat' || table === 'filter' ? 6 : 3;
    for (let left = dice.below(few); left > 0; left--) {
      const { base, protocol, more } = conditions(dice, places, exotic, family);
      const open = base === '' && more === '';
      let what = target(dice, family, { table, hook: places[0] ?? '' }, protocol, exotic);
      // A rule for every packet that stops it would leave nothing to be seen behind it.
      if (open && table !== 'nat' && /^(?:DROP|REJECT|ACCEPT)/.test(what)) what = 'RETURN';
      if (later.length > 0 && dice.chance(35)) what = dice.pick(later);
      const jump = later.includes(what) && dice.chance(30) ? '-g' : '-j';
      const end = dice.chance(4) ? '' : `${jump} ${what}`;
      const side = exotic ? undefined : notOverLo(end, places, family);
      const where =
        side === undefined ? base : `${base.replace(new RegExp(`(?:! )?${side} \\S+ ?`), '')} ! ${side} lo`;
      lines.push(['-A', chain, where, more, end].filter((word) => word !== '').join(' '));
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
export function throwSysctls(dice: Dice, family: Family, exotic: boolean): Record<string, string> {
  const shown = dice.chance(70) ? '1' : '0';
  if (family === 'ipv6')
    return {
      // One for all decides, and an interface may be forced on alone.
      'ipv6/conf/all/forwarding': dice.chance(85) ? '1' : '0',
      'ipv6/conf/eth0/force_forwarding': dice.chance(15) ? '1' : '0',
      'ipv6/conf/docker0/force_forwarding': dice.chance(15) ? '1' : '0',
      'bridge/bridge-nf-call-ip6tables': shown,
    };
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
    'bridge/bridge-nf-call-iptables': shown,
  };
}

/** What is to be generated. */
export interface Order {
  readonly family: Family;
  /** With some of what the trace does not know. */
  readonly exotic: boolean;
  readonly variants: readonly Variant[];
  /** With tables of nftables' own. */
  readonly natives?: true;
}

/** A ruleset nobody would write, of everything the trace knows and, where `exotic`, some of what it does not. */
export function generateScene(dice: Dice, name: string, order: Order): Scene {
  const { family, exotic, variants } = order;
  const rules = (): string =>
    inFamily(family, PLANS.map((plan) => tableText(dice, plan, exotic, family)).join(''));
  return {
    name,
    family,
    rules: Object.fromEntries(variants.map((variant) => [variant, rules()])),
    natives: order.natives && generateNatives(dice, { family, exotic }),
    sysctls: throwSysctls(dice, family, exotic),
    // Which variant's rules come first, nobody tells.
    exotic: exotic || variants.length > 1,
    destinations: [],
    ports: [],
  };
}
