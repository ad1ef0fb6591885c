import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { flushed, withChain, without, withPolicy, withRule } from '../app/edit-rules.ts';

/** What is different on a host. */
export type StateChange = (netState: NetworkState) => NetworkState;

const onRules =
  (change: (rules: HostRules) => HostRules): StateChange =>
  (netState) => ({
    ...netState,
    rulesets: netState.rulesets.map(({ variant, rules }) => ({ variant, rules: change(rules) })),
  });

/** Rules in front of all others of their chains; a chain that is not there is made. */
const rules = (table: string, ...texts: readonly string[]): StateChange =>
  onRules((was) =>
    texts.reduceRight((all, text) => {
      const chain = / (\S+)/.exec(text)?.[1] ?? '';
      const isThere = all.ipv4.tables.get(table)?.chains.has(chain) === true;
      return withRule(isThere ? all : withChain(all, 'ipv4', table, chain), 'ipv4', table, text, 'first');
    }, was),
  );

const filter = (...texts: readonly string[]): StateChange => rules('filter', ...texts);
const nat = (...texts: readonly string[]): StateChange => rules('nat', ...texts);

const all =
  (...changes: readonly StateChange[]): StateChange =>
  (netState) =>
    changes.reduce((now, change) => change(now), netState);

const native =
  (text: string): StateChange =>
  (netState) => ({
    ...netState,
    natives: [...(netState.natives ?? []), { table: /table (\S+ \S+)/.exec(text)?.[1] ?? '', text }],
  });

const sysctls =
  (values: Readonly<Record<string, string>>): StateChange =>
  (netState) => ({ ...netState, sysctls: new Map([...netState.sysctls, ...Object.entries(values)]) });

const NO_ROUTE = { family: 'ipv4', type: 'unicast', via: '', metric: 0, prefSource: '', flags: [] } as const;

/** A further link, and where it leads. */
const link =
  (
    name: string,
    address: string,
    routes: readonly { to: string; via?: string; table?: string }[],
  ): StateChange =>
  (netState) => ({
    ...netState,
    links: netState.links.flatMap((one) =>
      one.name === 'eth0'
        ? [
            one,
            {
              ...one,
              ...{ name, index: 90 },
              addresses:
                address === '' ? [] : [{ family: 'ipv4' as const, address, length: 24, scope: 'global' }],
            },
          ]
        : [one],
    ),
    routes: [...netState.routes, ...routes.map((one) => ({ ...NO_ROUTE, table: 'main', dev: name, ...one }))],
  });

const SECOND = link('eth1', '198.51.100.1', [{ to: '198.51.100.0/24' }]);

const routing =
  (priority: number, table: string, fields: Readonly<Record<string, string>>): StateChange =>
  (netState) => ({
    ...netState,
    routeRules: [
      { family: 'ipv4', priority: 0, table: 'local', fields: { src: 'all' } },
      { family: 'ipv4', priority, table, fields },
      { family: 'ipv4', priority: 32_766, table: 'main', fields: { src: 'all' } },
    ],
  });

const lose = (table: string, match: RegExp): StateChange =>
  onRules((was) => without(was, 'ipv4', table, match));

const fixture = (name: string): string =>
  readFileSync(path.resolve(import.meta.dirname, `../../fixtures/nftables/${name}.nft`), 'latin1');

const FW4 = `table inet fw4 {
	chain forward { # handle 1
		type filter hook forward priority filter; policy drop;
		ct state vmap { established : accept, related : accept } # handle 2
		iifname "docker0" jump forward_docker # handle 3
		iifname "eth0" jump forward_wan # handle 4
		jump handle_reject # handle 5
	}
	chain forward_docker { # handle 6
		oifname "eth0" accept # handle 7
	}
	chain forward_wan { # handle 8
		ct status dnat accept # handle 9
	}
	chain handle_reject { # handle 10
		meta l4proto tcp reject with tcp reset # handle 11
		reject # handle 12
	}
}
`;

const forward = (priority: string, ...texts: readonly string[]): StateChange =>
  native(
    `table inet own { # handle 1\n\tchain one { # handle 2\n\t\ttype filter hook forward priority ${priority}; policy accept;\n${texts
      .map((text, i) => `\t\t${text} # handle ${String(i + 3)}\n`)
      .join('')}\t}\n}\n`,
  );

/** Hosts of which check and doctor must say the same: rules lost, rules of others, routes, settings, tables of nftables' own. */
export const AGREE_STATES: Readonly<Record<string, StateChange>> = {
  whole: (netState) => netState,
  'DROP before Docker': filter('-A FORWARD -i eth0 -j DROP'),
  'DROP of udp before Docker': filter('-A FORWARD -p udp -j DROP'),
  'ACCEPT before Docker': filter('-A FORWARD -j ACCEPT'),
  'DROP in DOCKER-USER': filter('-A DOCKER-USER -i eth0 -j DROP'),
  'ACCEPT in DOCKER-USER': filter('-A DOCKER-USER -j ACCEPT'),
  'DOCKER-USER forgets answers': filter(
    '-A DOCKER-USER -s 198.51.100.0/24 -i eth0 -j ACCEPT',
    '-A DOCKER-USER -i eth0 -j DROP',
  ),
  'answers dropped in FORWARD': filter('-A FORWARD -m conntrack --ctstate ESTABLISHED -j DROP'),
  'answers of containers dropped in DOCKER-USER': filter(
    '-A DOCKER-USER -i docker0 -m conntrack --ctstate ESTABLISHED -j DROP',
  ),
  'answers dropped in INPUT': filter('-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j DROP'),
  'answers of containers dropped in INPUT': filter('-A INPUT -i docker0 -j DROP'),
  'answers dropped in OUTPUT': filter('-A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j DROP'),
  'INPUT policy DROP, answers accepted': all(
    filter('-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'),
    filter('-A INPUT -i eth0 -j DROP'),
  ),
  'OUTPUT drops what goes to containers': filter('-A OUTPUT -o docker0 -j DROP'),
  'raw drops': rules('raw', '-A PREROUTING -p tcp -m tcp --dport 8080 -j DROP'),
  'not tracked': rules('raw', '-A PREROUTING -p tcp -j NOTRACK'),
  'k3s takes a published port': nat(
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    '-A KUBE-NODEPORTS -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.42.0.7:80',
  ),
  'somebody takes a published port': nat(
    '-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:81',
  ),
  'masquerade of all': nat('-A POSTROUTING -j MASQUERADE'),
  'masquerade kept from a subnet': nat('-A POSTROUTING -s 172.17.0.0/16 -j ACCEPT'),
  'nat flushed': onRules((was) => flushed(was)),
  'filter flushed': onRules((was) => withPolicy(flushed(was, 'ipv4', 'filter'), 'ipv4', 'DROP')),
  'filter flushed, policy ACCEPT': onRules((was) =>
    withPolicy(flushed(was, 'ipv4', 'filter'), 'ipv4', 'ACCEPT'),
  ),
  'policy ACCEPT': onRules((was) => withPolicy(was, 'ipv4', 'ACCEPT')),
  'a translation lost': lose('nat', /--dport 8080 -j DNAT/),
  'masquerade of a network lost': lose('nat', /-A POSTROUTING -s 172\.17\.0\.0\/16 .*MASQUERADE/),
  'the jump to DOCKER-USER lost': lose('filter', /-A FORWARD -j DOCKER-USER/),
  'policy ACCEPT, and rules lost': onRules((was) =>
    withPolicy(without(was, 'ipv4', 'filter', /-A DOCKER -d 172\.17\.0\.2\/32 /), 'ipv4', 'ACCEPT'),
  ),
  'forwarding off': (netState) => ({
    ...netState,
    sysctls: new Map(
      [...netState.sysctls].map(([name, value]) => [name, /^ipv4\/.*forward/.test(name) ? '0' : value]),
    ),
  }),
  'bridged packets not filtered': sysctls({ 'bridge/bridge-nf-call-iptables': '0' }),
  'route of a network gone': (netState) => ({
    ...netState,
    routes: netState.routes.filter(({ to }) => to !== '172.17.0.0/16'),
  }),
  'policy routing leads all away': all(
    link('t0', '', [{ to: '0.0.0.0/0', table: '52' }]),
    routing(5270, '52', { src: 'all' }),
  ),
  'policy routing leads answers away': all(
    link('t0', '', [{ to: '0.0.0.0/0', table: '52' }]),
    routing(3, '52', { src: '192.0.2.1' }),
  ),
  'default route by a link without an address': all(link('t0', '', [{ to: '0.0.0.0/0' }]), (netState) => ({
    ...netState,
    routes: netState.routes.filter(({ to, dev }) => to !== '0.0.0.0/0' || dev === 't0'),
  })),
  'a second uplink': SECOND,
  'a second uplink, closed before Docker': all(SECOND, filter('-A FORWARD -i eth1 -j DROP')),
  'a second uplink, closed in DOCKER-USER': all(SECOND, filter('-A DOCKER-USER -i eth1 -j DROP')),
  'a second uplink, closed by ufw': all(
    SECOND,
    filter('-A FORWARD -j ufw-before-forward', '-A ufw-before-forward -i eth1 -j DROP'),
  ),
  "firewalld 1.3, Docker's bridges in no zone": native(
    fixture('firewalld-1.3.3').replaceAll('"docker0"', '"br9"'),
  ),
  'firewalld 1.3, one bridge in a zone': native(fixture('firewalld-1.3.3')),
  "firewalld 2.5, Docker's bridges in no zone": native(
    fixture('firewalld-2.5.2').replaceAll('"docker0"', '"br9"'),
  ),
  'firewalld 2.5, one bridge in a zone': native(fixture('firewalld-2.5.2')),
  'firewalld, a bridge put where nothing passes': native(
    fixture('firewalld-1.3.3')
      .replace('oifname "eth0" accept # handle 180', '')
      .replaceAll('iifname "docker0" goto filter_FWD_trusted', 'iifname "docker0" goto filter_FWD_public'),
  ),
  'firewalld of iptables, a bridge in no zone': filter(
    '-A FORWARD -j FORWARD_direct',
    '-A FORWARD_direct -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT',
    '-A FORWARD -j FORWARD_ZONES',
    '-A FORWARD_ZONES -g FWD_public',
    '-A FWD_public -j REJECT --reject-with icmp-port-unreachable',
  ),
  fw4: native(FW4),
  'fw4, a port refused': native(
    FW4.replace(
      'ct status dnat accept # handle 9',
      'tcp dport 80 jump handle_reject # handle 19\n\t\tct status dnat accept # handle 9',
    ),
  ),
  "a drop of nftables' own": forward('filter', 'iifname "eth0" drop'),
  "answers dropped by nftables' own": forward('filter', 'ct state established drop'),
  'a ban of fail2ban’s': native(
    'table inet f2b-table { # handle 1\n\tchain f2b-chain { # handle 2\n\t\ttype filter hook forward priority filter - 1; policy accept;\n\t\tip saddr 192.0.2.2 drop # handle 3\n\t}\n}\n',
  ),
  'what only traffic shows': filter(
    '-A FORWARD -m recent --rcheck --name x --mask 255.255.255.255 --rsource -j DROP',
  ),
};
