import { hasHostAddress } from '../../../src/docker/intent/network.ts';
import type { Inventory, LiveNetwork } from '../../../src/docker/inventory/inventory.ts';
import { inferIntent } from '../../../src/firewall/iptables/expected/infer-intent.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { blockOf, formatBlock } from '../../../src/net/address.ts';
import { FAMILIES, familyOf } from '../../../src/net/family.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import type {
  LinkAddress,
  NetworkLink,
  NetworkState,
  Route,
  RouteRule,
} from '../../../src/trace/network-state.ts';
import { CLIENT, HOST } from '../lab/wire.ts';
import { recordedHost } from '../recorded/observation.ts';

const link = (name: string, index: number, fields: Partial<NetworkLink> = {}): NetworkLink => ({
  ...{ name, index, peerIndex: 0, kind: '', master: '', up: true, carrier: true, mtu: 1500, mac: '' },
  ...{ portState: '', addresses: [] },
  ...fields,
});

const address = (text: string, length: number, scope = 'global'): LinkAddress => ({
  family: familyOf(text),
  address: text,
  length,
  scope,
});

const route = (to: string, dev: string, via = '', prefSource = ''): Route => ({
  ...{ family: familyOf(to), table: 'main', type: 'unicast', to, via, dev, metric: 0, prefSource, flags: [] },
});

const LO = link('lo', 1, { addresses: [address('127.0.0.1', 8, 'host'), address('::1', 128, 'host')] });
const ETH0 = link('eth0', 2, {
  addresses: [address(HOST.ipv4, 24), address(HOST.second, 24), address(HOST.ipv6, 64)],
});

/** The host's addresses on a network's bridge, as dockerd gives them: the first of a subnet, unless it was told another. */
const gatewaysOn = (network: LiveNetwork): readonly LinkAddress[] =>
  FAMILIES.flatMap((family) => {
    const [subnet] = network.subnets
      .flatMap((text) => blockOf(text) ?? [])
      .filter((one) => one.family === family);
    if (subnet === undefined || !network[family] || !hasHostAddress(network, family)) return [];
    const told = network.gateways.find((one) => familyOf(one) === family)?.replace(/\/.*$/, '');
    const first = formatBlock({ family, base: subnet.base + 1n, length: family === 'ipv4' ? 32 : 128 });
    return [address(told ?? first.replace(/\/.*$/, ''), subnet.length)];
  });

function bridgeLinks(networks: readonly LiveNetwork[], hairpin: boolean): readonly NetworkLink[] {
  return networks.flatMap((network, i): readonly NetworkLink[] => {
    const { bridge } = network;
    const port = { kind: 'veth', peerIndex: 2, master: bridge, portState: 'forwarding', hairpin };
    return [
      link(bridge, 10 + 2 * i, { kind: 'bridge', addresses: gatewaysOn(network) }),
      link(`veth${String(i)}`, 11 + 2 * i, port),
    ];
  });
}

/** A host around Docker's rules: one way out, and bridges as dockerd makes them. */
export function stateAround(
  { networks }: Pick<Inventory, 'networks'>,
  rules: HostRules,
  { hairpin = false }: { readonly hairpin?: boolean } = {},
): NetworkState {
  const bridges = networks.filter(({ bridge }) => bridge !== '');
  const links = [LO, ETH0, ...bridgeLinks(bridges, hairpin)];
  const direct = links.flatMap(({ name, addresses }) =>
    addresses
      .filter(({ scope }) => scope === 'global')
      .flatMap((one) => {
        const block = blockOf(`${one.address}/${String(one.length)}`);
        return block === undefined ? [] : [route(formatBlock(block), name, '', one.address)];
      }),
  );
  const perLink = links.flatMap(({ name }): readonly (readonly [string, string])[] => [
    [`ipv4/conf/${name}/forwarding`, '1'],
    [`ipv4/conf/${name}/rp_filter`, '0'],
    [`ipv4/conf/${name}/route_localnet`, hairpin && name !== 'eth0' ? '1' : '0'],
    [`ipv6/conf/${name}/forwarding`, '1'],
    [`ipv6/conf/${name}/disable_ipv6`, '0'],
  ]);
  return {
    rulesets: [{ variant: 'nft', rules }],
    sets: new Map(),
    natives: [],
    links,
    routes: [route('0.0.0.0/0', 'eth0', CLIENT.ipv4), route('::/0', 'eth0', CLIENT.ipv6), ...direct],
    routeRules: [],
    sysctls: new Map([
      ['ipv4/ip_forward', '1'],
      ['ipv4/conf/all/forwarding', '1'],
      ['ipv6/conf/all/forwarding', '1'],
      ['ipv4/conf/all/rp_filter', '0'],
      ['bridge/bridge-nf-call-iptables', '1'],
      ['bridge/bridge-nf-call-ip6tables', '1'],
      ...perLink,
    ]),
  };
}

/**
 * A recording as a host whose table can be made.
 *
 * @param name - of a recording with a whole account
 */
export function recordedTerrain(name: string): Terrain {
  const { live, reply } = recordedHost(name);
  if (!reply.answered) throw new Error(`${name} holds no account of its Engine`);
  const { inventory, daemons } = reply;
  const written = () => [ownHost(live.rules, { networks: inventory.networks, settled: true })];
  const inferred = inferIntent({ inventory, facts: daemons.facts, written });
  if (inferred === undefined) throw new Error(`${inventory.version} is not known`);
  return {
    intent: inferred.intent,
    inventory,
    netState: stateAround(inventory, live.rules, { hairpin: !inferred.settings.userlandProxy }),
    proxies: undefined,
    nameServers: [CLIENT.ipv4],
  };
}

/** The same host with other rules. */
export const withRules = (terrain: Terrain, rules: HostRules): Terrain => ({
  ...terrain,
  netState: { ...terrain.netState, rulesets: [{ variant: 'nft', rules }] },
});

/** The same host with other settings of its kernel. */
export const withSysctls = (terrain: Terrain, changed: Readonly<Record<string, string>>): Terrain => ({
  ...terrain,
  netState: {
    ...terrain.netState,
    sysctls: new Map([...terrain.netState.sysctls, ...Object.entries(changed)]),
  },
});

/** The rules of a terrain made by {@link recordedTerrain}. */
export function rulesOf({ netState }: Terrain): HostRules {
  const [first] = netState.rulesets;
  if (first === undefined) throw new Error(`no rules of ${FAMILIES.join()}`);
  return first.rules;
}

/**
 * The same host with a link t0 without an address, and a rule of policy routing that leads into it.
 *
 * @param fields - which packets the rule is for, as `ip -json rule` names it
 */
export function ledOutBy(terrain: Terrain, fields: RouteRule['fields'] = { src: 'all' }): Terrain {
  const { netState } = terrain;
  const usual = { family: 'ipv4', fields: { src: 'all' } } as const;
  return {
    ...terrain,
    netState: {
      ...netState,
      links: [...netState.links, link('t0', 99)],
      routes: [...netState.routes, { ...route('0.0.0.0/0', 't0'), table: '52' }],
      routeRules: [
        { ...usual, priority: 0, table: 'local' },
        { ...usual, priority: 5270, table: '52', fields },
        { ...usual, priority: 32_766, table: 'main' },
      ],
    },
  };
}
