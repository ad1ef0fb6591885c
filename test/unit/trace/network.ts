import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import type { Variant } from '../../../src/firewall/iptables/text/model.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { makePacket } from '../../../src/trace/packet.ts';
import type { Path } from '../../../src/trace/path.ts';
import { parseSets } from '../../../src/trace/match/set-contents.ts';
import type { NetworkLink, Route, NetworkState } from '../../../src/trace/network-state.ts';
import { tracePath } from '../../../src/trace/trace.ts';

/** An interface that is up, with addresses `address/length`. */
export function link(
  name: string,
  addresses: readonly string[],
  more: Partial<NetworkLink> = {},
): NetworkLink {
  return {
    ...{ name, index: 0, peerIndex: 0, kind: '', master: '', up: true, carrier: true, mtu: 1500, mac: '' },
    portState: '',
    addresses: addresses.map((text) => {
      const [address = '', length] = text.split('/');
      const family = address.includes(':') ? 'ipv6' : 'ipv4';
      const scope = name === 'lo' ? 'host' : address.startsWith('fe80') ? 'link' : 'global';
      return { family, address, length: Number(length), scope } as const;
    }),
    ...more,
  };
}

/** A route of the table main: `to via X dev Y` in few words. */
export function route(to: string, dev: string, via = '', more: Partial<Route> = {}): Route {
  const family = to.includes(':') ? 'ipv6' : 'ipv4';
  return {
    family,
    table: 'main',
    type: 'unicast',
    to,
    via,
    dev,
    metric: 0,
    prefSource: '',
    flags: [],
    ...more,
  };
}

/** A machine as Docker leaves it: a wire outside, two bridges with ports, everything forwarded and shown to the rules. */
export const GROUND: NetworkState = {
  rulesets: [],
  sets: new Map(),
  natives: [],
  links: [
    link('lo', ['127.0.0.1/8', '::1/128']),
    link('eth0', ['192.0.2.1/24', '2001:db8::1/64']),
    link('docker0', ['172.17.0.1/16', 'fd00:17::1/64'], { kind: 'bridge' }),
    link('br1', ['172.18.0.1/16'], { kind: 'bridge' }),
    link('v1', [], { master: 'docker0', portState: 'forwarding', hairpin: false }),
    link('v3', [], { master: 'br1', portState: 'forwarding' }),
  ],
  routes: [
    route('0.0.0.0/0', 'eth0', '192.0.2.2'),
    route('192.0.2.0/24', 'eth0'),
    route('172.17.0.0/16', 'docker0'),
    route('172.18.0.0/16', 'br1'),
    route('2001:db8::/64', 'eth0'),
    route('fd00:17::/64', 'docker0'),
    route('::/0', 'eth0', 'fe80::2'),
  ],
  routeRules: [],
  sysctls: new Map([
    ['ipv4/conf/all/forwarding', '1'],
    ['ipv6/conf/all/forwarding', '1'],
    ['bridge/bridge-nf-call-iptables', '1'],
    ['bridge/bridge-nf-call-ip6tables', '1'],
  ]),
};

/** Text of a save, from rules of one table with its built-in chains; further chains are made as they are named. */
export function saved(
  table: string,
  rules: readonly string[],
  policies: Readonly<Record<string, string>> = {},
): string {
  const builtin = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'].filter(
    (chain) => table === 'mangle' || (table === 'nat' ? chain !== 'FORWARD' : true),
  );
  const hooks = builtin.filter((chain) =>
    table === 'filter' || table === 'security'
      ? !chain.endsWith('ROUTING')
      : table === 'raw'
        ? /^(?:PRE|OUT)/.test(chain)
        : true,
  );
  const own = new Set(
    rules.map((rule) => /-A (\S+)/.exec(rule)?.[1] ?? '').filter((chain) => !hooks.includes(chain)),
  );
  return [
    `*${table}`,
    ...hooks.map((chain) => `:${chain} ${policies[chain] ?? 'ACCEPT'} [0:0]`),
    ...[...own].map((chain) => `:${chain} - [0:0]`),
    ...rules,
    'COMMIT',
    '',
  ].join('\n');
}

/** The ground with these rules, for both families. */
export function withRules(
  text: string,
  variant: Variant = 'nft',
  ground: NetworkState = GROUND,
): NetworkState {
  const { ruleset } = parseSave(text);
  const rules = { ipv4: ruleset, ipv6: ruleset };
  return { ...ground, rulesets: [...ground.rulesets, { variant, rules }] };
}

/** The ground with nothing but these sysctls changed. */
export const withSysctls = (
  ground: NetworkState,
  changed: Readonly<Record<string, string>>,
): NetworkState => ({
  ...ground,
  sysctls: new Map([...ground.sysctls, ...Object.entries(changed)]),
});

export const withSets = (ground: NetworkState, text: string): NetworkState => ({
  ...ground,
  sets: parseSets(text),
});

type Fields = Partial<Packet>;

/** From the client outside to the machine itself, unless said otherwise. */
export const outside = (fields: Fields = {}): Packet =>
  makePacket({
    family: 'ipv4',
    source: '192.0.2.2',
    destination: '192.0.2.1',
    inInterface: 'eth0',
    ...fields,
  });

/** From the first container of docker0. */
export const inside = (fields: Fields = {}): Packet =>
  makePacket({
    ...{
      family: 'ipv4',
      source: '172.17.0.2',
      destination: '203.0.113.5',
      inInterface: 'docker0',
      inPort: 'v1',
    },
    ...fields,
  });

/** A path's end in a few words. */
export function told({ end, last }: Path): string {
  const ports = last.sourcePort === 0 ? '' : `:${String(last.destinationPort)}`;
  switch (end.at) {
    case 'local':
      return `local ${last.destination}${ports}`;
    case 'sent':
      return `sent ${end.outInterface} ${last.source} → ${last.destination}${ports}`;
    case 'stopped':
      return `stopped ${end.table} ${end.chain} ${end.target}`;
    case 'lost':
      return `lost ${end.why}`;
    default:
      return `unknown: ${end.why}`;
  }
}

/** Whether a rule with this condition stops a packet that would reach this machine: yes, no, or why that is unknown. */
export function matches(
  condition: string,
  fields: Fields = {},
  ground: NetworkState = GROUND,
): boolean | string {
  const family = fields.family ?? 'ipv4';
  const netState = withRules(saved('filter', [`-A INPUT ${condition} -j DROP`]), 'nft', ground);
  const to = family === 'ipv4' ? {} : { source: '2001:db8::2', destination: '2001:db8::1' };
  const { end } = tracePath(outside({ ...to, ...fields }), netState);
  if (end.at === 'stopped') return true;
  return end.at === 'local' ? false : end.at === 'unknown' ? end.why : end.at;
}
