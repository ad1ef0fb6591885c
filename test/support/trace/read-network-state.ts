import type { Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { XTABLES } from '../../../src/firewall/nftables/tables/names.ts';
import { parseSets } from '../../../src/trace/match/set-contents.ts';
import type { NetworkLink, Route, RouteRule, NetworkState } from '../../../src/trace/network-state.ts';
import type { Family, Netns } from '../netns.ts';

type Json = Readonly<Record<string, unknown>>;
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const words = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

function linkFrom(json: Json): NetworkLink {
  const info = record(json['linkinfo']);
  const port = record(info['info_slave_data']);
  const flags = words(json['flags']);
  return {
    name: text(json['ifname']),
    index: Number(json['ifindex']),
    peerIndex: Number(json['link_index'] ?? 0),
    kind: text(info['info_kind']),
    master: text(json['master']),
    up: flags.includes('UP'),
    carrier: flags.includes('LOWER_UP'),
    mtu: Number(json['mtu']),
    mac: text(json['address']),
    ...(flags.some((flag) => /^(?:NOARP|POINTOPOINT|LOOPBACK)$/.test(flag)) && { asksNobody: true }),
    portState: text(port['state']),
    ...(typeof port['hairpin'] === 'boolean' && { hairpin: port['hairpin'] }),
    addresses: list(json['addr_info']).map((address) => ({
      family: address['family'] === 'inet6' ? 'ipv6' : 'ipv4',
      address: text(address['local']),
      length: Number(address['prefixlen']),
      scope: text(address['scope']),
    })),
  };
}

function routeFrom(json: Json, family: Family): Route {
  const to = text(json['dst']);
  const any = family === 'ipv4' ? '0.0.0.0/0' : '::/0';
  return {
    family,
    table: text(json['table']) || 'main',
    type: text(json['type']) || 'unicast',
    to: to === 'default' ? any : to.includes('/') ? to : `${to}/${family === 'ipv4' ? '32' : '128'}`,
    via: text(json['gateway']),
    dev: text(json['dev']),
    metric: Number(json['metric'] ?? 0),
    prefSource: text(json['prefsrc']),
    flags: words(json['flags']),
  };
}

const ruleFrom = (json: Json, family: Family): RouteRule => ({
  family,
  priority: Number(json['priority']),
  table: text(json['table']),
  fields: Object.fromEntries(Object.entries(json).map(([key, value]) => [key, text(value)])),
});

const READ = `
for family in 4 6; do
  ip -$family -json route show table all; echo; echo '----'
  ip -$family -json rule; echo; echo '----'
done
ip -json -details addr; echo; echo '----'
ipset save; echo '----'
for variant in nft legacy; do for tool in iptables ip6tables; do $tool-$variant-save -c 2>/dev/null; echo '----'; done; done
cd /proc/sys/net; grep -rs . ipv4/ip_forward ipv4/ip_autobind_reuse ipv4/conf ipv6/conf bridge; echo '----'
nft -s -a list ruleset; true
`;

/** nftables' own tables in a listing of all. */
export const nativesOf = (listing: string): NonNullable<NetworkState['natives']> =>
  listing
    .split(/^(?=table )/m)
    .map((text) => ({ table: /^table (\S+ \S+)/.exec(text)?.[1] ?? '', text }))
    .filter(({ table }) => table !== '' && !XTABLES.test(table));

const parse = (json: string): readonly Json[] => list(JSON.parse(json.trim() || '[]'));

/** Everything that decides about packets in a namespace, with one program start: hundreds are read in one test. */
export async function readNetworkState(ns: Netns): Promise<NetworkState> {
  const { code, stdout, stderr } = await ns.exec('sh', ['-c', READ]);
  if (code > 2 || stderr.includes('not found')) throw new Error(`reading the netState: ${stderr}`);
  const parts = stdout.split('----\n');
  const part = (i: number): string => parts[i] ?? '';
  const rules = (i: number): { ipv4: Ruleset; ipv6: Ruleset } => ({
    ipv4: parseSave(part(i)).ruleset,
    ipv6: parseSave(part(i + 1)).ruleset,
  });
  return {
    rulesets: [
      { variant: 'nft', rules: rules(6) },
      { variant: 'legacy', rules: rules(8) },
    ],
    sets: parseSets(part(5)),
    natives: nativesOf(part(11)),
    links: parse(part(4)).map(linkFrom),
    routes: [
      ...parse(part(0)).map((json) => routeFrom(json, 'ipv4')),
      ...parse(part(2)).map((json) => routeFrom(json, 'ipv6')),
    ],
    routeRules: [
      ...parse(part(1)).map((json) => ruleFrom(json, 'ipv4')),
      ...parse(part(3)).map((json) => ruleFrom(json, 'ipv6')),
    ],
    sysctls: new Map(
      part(10)
        .split('\n')
        .filter((line) => line.includes(':'))
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    ),
  };
}
