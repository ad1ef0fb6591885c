import fc from 'fast-check';
import { blockOf, formatBlock } from '../../../src/net/address.ts';
import type { Family } from '../../../src/net/family.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import type { NetworkState, Route, RouteRule } from '../../../src/trace/network-state.ts';
import { withRule } from '../app/edit-rules.ts';
import { withHosts } from './host-chains.ts';
import { rulesOf, withRules } from './terrain.ts';

export interface KnownNetwork {
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly half: string;
  readonly nobody: string;
  readonly containers: readonly string[];
}

const bare = (block: string): string => block.replace(/\/.*$/, '');

/** Networks of a family that have an address of the host's. */
export function networksOf({ inventory, netState }: Terrain, of: Family = 'ipv4'): readonly KnownNetwork[] {
  return inventory.networks.flatMap(({ bridge, subnets }) => {
    const subnet = subnets.find((text) => blockOf(text)?.family === of);
    const block = subnet === undefined ? undefined : blockOf(subnet);
    const own = netState.links
      .find(({ name }) => name === bridge)
      ?.addresses.find(({ family }) => family === of);
    if (subnet === undefined || block === undefined || own === undefined) return [];
    return [
      {
        ...{ bridge, subnet, gateway: own.address },
        half: formatBlock({ ...block, length: block.length + 1 }),
        nobody: bare(formatBlock({ ...block, base: block.base + 77n, length: of === 'ipv4' ? 32 : 128 })),
        containers: inventory.endpoints.flatMap((one) =>
          one.bridge === bridge && one[of] !== '' ? [one[of]] : [],
        ),
      },
    ];
  });
}

/** Rules of others for one network, `%b`, another one, `%c`, and containers on them, `%a` and `%d`. */
const RULES = [
  '-A DOCKER-USER -i %b -j DROP',
  '-A DOCKER-USER -o %b -j ACCEPT',
  '-A DOCKER-USER ! -i %b -p tcp -j DROP',
  '-A DOCKER-USER -i %b -o %c -j ACCEPT',
  '-A DOCKER-USER -i %b ! -o %c -j DROP',
  '-A DOCKER-USER -i br-+ -j DROP',
  '-A DOCKER-USER -s %sb -d %sc -j DROP',
  '-A DOCKER-USER ! -s %sb -j DROP',
  '-A DOCKER-USER -s %hb -j DROP',
  '-A DOCKER-USER -s %sb ! -d %hc -j ACCEPT',
  '-A DOCKER-USER -s 10.0.0.0/8 -i %b -j DROP',
  '-A DOCKER-USER -s 10.0.0.0/14 -j DROP',
  '-A DOCKER-USER -s %a -o %c -j DROP',
  '-A DOCKER-USER -s %a -d %d -j DROP',
  '-A DOCKER-USER -d %a -i %c -j ACCEPT',
  '-A DOCKER-USER -d %a ! -i %b -j DROP',
  '-A DOCKER-USER -p tcp -m tcp --dport 80 -i %b -j DROP',
  '-A DOCKER-USER -i %b -p udp -m udp --dport 53 -j DROP',
  '-A DOCKER-USER -s %a -p tcp -m tcp --dport 80 -j DROP',
  '-A DOCKER-USER -d %a -p tcp -m tcp --sport 90 -j DROP',
  '-A DOCKER-USER -i %b -m mark --mark 0x1 -j DROP',
  '-A DOCKER-USER -o %b -m set --match-set some dst -j DROP',
  '-A DOCKER-USER -m set --match-set some src -j DROP',
  '-A DOCKER-USER -m physdev --physdev-in veth1 -j DROP',
  '-A FORWARD -s %gb -j DROP',
  '-A INPUT -i %b -j DROP',
  '-A INPUT -d %sb -j DROP',
  '-A OUTPUT -d %sb -j REJECT --reject-with icmp-port-unreachable',
  '-t nat -A PREROUTING -i %b -p tcp -j DNAT --to-destination %d',
  '-t nat -A PREROUTING -i %b -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80',
  '-t nat -A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination %nb:80',
  '-t nat -A PREROUTING -p tcp -j DNAT --to-destination %a:80',
  '-t nat -A PREROUTING -s %d -p tcp -j DNAT --to-destination %a:80',
  '-t nat -A PREROUTING -p tcp -m tcp --dport 81 -j DNAT --to-destination %a:80',
  '-t nat -A POSTROUTING -s %sb -o eth0 -j SNAT --to-source 192.0.2.10',
  '-t nat -A POSTROUTING -o %b -j MASQUERADE',
  '-t nat -A POSTROUTING -d %a -j SNAT --to-source %gb',
  '-t nat -A DOCKER -i %b -j RETURN',
] as const;

/** Changes beside rules. */
export const OTHERS: Readonly<
  Record<string, (netState: NetworkState, b: KnownNetwork, c: KnownNetwork) => NetworkState>
> = {
  'a setting of one bridge': withSetting('rp_filter', '1'),
  'no forwarding from one bridge': withSetting('forwarding', '0'),
  'a bridge is down': (state, { bridge }) => ({
    ...state,
    links: state.links.map((one) => (one.name === bridge ? { ...one, up: false } : one)),
  }),
  'a port is isolated': (state, { bridge }) => ({
    ...state,
    links: state.links.map((one) =>
      one.master === bridge ? { ...one, isolated: true, hairpin: true } : one,
    ),
  }),
  'a second address': (state, { bridge, nobody }) => ({
    ...state,
    links: state.links.map((one) =>
      one.name === bridge
        ? {
            ...one,
            addresses: [
              ...one.addresses,
              { family: 'ipv4', address: nobody, length: 24, scope: 'global' } as const,
            ],
          }
        : one,
    ),
  }),
  'half a subnet elsewhere': (state, { half }) => withRoute(state, { to: half, dev: 'eth0' }),
  'a blackhole for one container': (state, { containers: [address = ''] }) =>
    withRoute(state, { to: `${address}/32`, type: 'blackhole' }),
  'several subnets elsewhere': (state) =>
    withRoute(state, { to: '10.0.0.0/14', dev: 'eth0', via: '192.0.2.99' }),
  'a source on the way out': (state, { gateway }) =>
    withRoute(state, { to: '198.51.100.0/24', dev: 'eth0', prefSource: gateway }),
  'policy routing by bridge': (state, { bridge }) => withRouteRule(state, { iif: bridge }),
  'policy routing by subnet': (state, { subnet }) =>
    withRouteRule(state, { src: bare(subnet), srclen: subnet.replace(/^.*\//, '') }),
  'policy routing of several': (state) => withRouteRule(state, { dst: '10.0.0.0', dstlen: '14' }),
  'a set holds a network': (state, { subnet }) => withSet(state, subnet),
  'a set holds half a network': (state, { half }) => withSet(state, half),
  'a set holds containers': (state, b, c) =>
    withSet(state, ...b.containers.slice(1), ...c.containers.slice(0, 1)),
  'a native table by bridge': (state, { bridge }) => withNative(state, `iifname "${bridge}" drop`),
  'a native table by names': (state) => withNative(state, 'oifname "br-*" udp dport 5353 drop'),
  'a native table by subnet': (state, { subnet }, c) =>
    withNative(state, `ip saddr ${subnet} ip daddr ${c.subnet} drop`),
};

function withSetting(name: string, value: string) {
  return (state: NetworkState, { bridge }: KnownNetwork): NetworkState => ({
    ...state,
    sysctls: new Map([...state.sysctls, [`ipv4/conf/${bridge}/${name}`, value]]),
  });
}

const withRoute = (state: NetworkState, fields: Partial<Route>): NetworkState => ({
  ...state,
  routes: [
    ...state.routes,
    {
      ...{
        family: 'ipv4',
        table: 'main',
        type: 'unicast',
        to: '',
        via: '',
        dev: '',
        metric: 0,
        prefSource: '',
      },
      ...{ flags: [], ...fields },
    },
  ],
});

const LAST = [
  { family: 'ipv4', priority: 0, table: 'local', fields: {} },
  { family: 'ipv4', priority: 32_766, table: 'main', fields: {} },
] as const;

const withRouteRule = (state: NetworkState, fields: RouteRule['fields']): NetworkState => ({
  ...withRoute(state, { to: '0.0.0.0/0', table: '100', dev: 'eth0', via: '192.0.2.98' }),
  routeRules: [...LAST, { family: 'ipv4', priority: 100, table: '100', fields }],
});

/** A set that rules may ask for. */
const withSet = (state: NetworkState, ...members: readonly string[]): NetworkState => ({
  ...state,
  sets: new Map([['some', { name: 'some', type: 'hash:net', family: 'ipv4', members }]]),
});

const withNative = (state: NetworkState, rule: string): NetworkState => ({
  ...state,
  natives: [
    ...(state.natives ?? []),
    {
      table: 'inet own',
      text: `table inet own {\n\tchain one {\n\t\ttype filter hook forward priority filter - 5; policy accept;\n\t\t${rule}\n\t}\n}\n`,
    },
  ],
});

/** One to three changes to a host, any of which may tell its networks apart. */
export function tellings(
  terrain: Terrain,
): fc.Arbitrary<{ readonly said: readonly string[]; readonly terrain: Terrain }> {
  const networks = networksOf(terrain);
  const two = fc.shuffledSubarray([...networks], { minLength: 2, maxLength: 2 });
  const rule = fc.tuple(fc.constantFrom(...RULES), two, fc.nat(1000)).map(([text, [b, c], at]) => {
    const line = filled(text, b as KnownNetwork, c as KnownNetwork);
    return { said: `${line} at ${String(at)}`, make: (one: Terrain): Terrain => withLine(one, line, at) };
  });
  const other = fc.tuple(fc.constantFrom(...Object.keys(OTHERS)), two).map(([name, [b, c]]) => ({
    said: `${name}: ${b?.bridge ?? ''}`,
    make: (one: Terrain): Terrain => ({
      ...one,
      netState: OTHERS[name]?.(one.netState, b as KnownNetwork, c as KnownNetwork) ?? one.netState,
    }),
  }));
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: rule }, { weight: 2, arbitrary: other }), {
      minLength: 1,
      maxLength: 3,
    })
    .map((some) => ({
      [fc.toStringMethod]: () => some.map(({ said }) => said).join('; '),
      said: some.map(({ said }) => said),
      terrain: some.reduce((one, { make }) => make(one), {
        ...terrain,
        netState: withSet(terrain.netState, '203.0.113.0/24'),
      }),
    }));
}

function filled(text: string, b: KnownNetwork, c: KnownNetwork): string {
  const words: Readonly<Record<string, string>> = {
    ...{ '%b': b.bridge, '%c': c.bridge, '%sb': b.subnet, '%sc': c.subnet, '%hb': b.half, '%hc': c.half },
    ...{ '%a': `${b.containers[0] ?? b.nobody}/32`, '%d': `${c.containers[0] ?? c.nobody}/32` },
    ...{ '%gb': `${b.gateway}/32`, '%nb:80': `${b.nobody}:80`, '%a:80': `${b.containers[0] ?? b.nobody}:80` },
  };
  return text
    .split(' ')
    .map((word, i, all) => {
      const found = words[word] ?? word;
      return all[i - 1]?.startsWith('--to-') === true ? bare(found) : found;
    })
    .join(' ');
}

function withLine(terrain: Terrain, line: string, at: number): Terrain {
  const [, table = 'filter', rule = ''] = /^(?:-t (\w+) )?(.*)$/.exec(line) ?? [];
  return withRules(terrain, withRule(withHosts(rulesOf(terrain)), 'ipv4', table, rule, at));
}
