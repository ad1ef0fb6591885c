import { blockOf, overlap, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { isLinkLocal } from '../../trace/routing/addresses.ts';
import type { NetworkState, Route } from '../../trace/network-state.ts';
import type { AskedNames } from './asked-names.ts';
import type { PlacedRule, RuleIndex } from './rule-index.ts';
import type { KnownNames } from './rule-needs.ts';

/** A network as everything but its own rules sees it. */
export interface NetworkNature {
  /** Two networks of one nature differ in nothing but their names: of the bridge, of the subnet, of the host's address on it. */
  readonly nature: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly block: AddressBlock;
  /** The host's address on the bridge. */
  readonly gateway: string;
}

/** What natures are made of. */
interface NatureParts {
  readonly netState: NetworkState;
  readonly family: Family;
  readonly names: KnownNames;
  readonly index: RuleIndex;
  readonly asked: AskedNames;
}

/** Whether a block holds all of another one, none of it, or a part. */
const holds = (block: AddressBlock, other: AddressBlock): 'all' | 'none' | 'part' =>
  !overlap(block, other) ? 'none' : block.length <= other.length ? 'all' : 'part';

/**
 * Tells networks apart by all that decides about their packets beside the rules that name them. A network has no nature where anything
 * names it, or a part of it, that could also decide about another one's packets.
 */
export class AlikeNetworks {
  private readonly known = new Map<string, NetworkNature | undefined>();
  private readonly parts: NatureParts;
  /** Bridges that one rule names together with others, or that a rule for everybody names. */
  private readonly named: ReadonlySet<string>;
  /** Beginnings of names of interfaces, asked for by `eth+`. */
  private readonly beginnings: readonly string[];
  /** What rules and routing ask for that may hold several networks, or a part of one. */
  private readonly blocks: readonly AddressBlock[];
  private readonly routes: readonly Route[];
  /** Whom routes lead to next. */
  private readonly gateways: ReadonlySet<string>;
  private readonly settings: ReadonlyMap<string, string>;
  private readonly ports: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(parts: NatureParts) {
    this.parts = parts;
    const { names, index, family, netState, asked } = parts;
    const everybodys = [...index.plain, ...index.strays.map(({ placed }) => placed)];
    const asksOf = ({ needs }: PlacedRule): readonly string[] =>
      [...needs.interfaces, ...needs.blocks].flatMap((name) => names.bridges.get(name) ?? []);
    const together = [...index.byBridge.values()].flat().map((one) => new Set(asksOf(one)));
    this.named = new Set([
      ...everybodys.flatMap(asksOf),
      ...together.filter(({ size }) => size > 1).flatMap((some) => [...some]),
      ...[...index.ledTo].flatMap((address) => names.homes.get(address) ?? []),
      ...asked.interfaces,
      ...netState.routeRules.flatMap(({ fields }) => Object.values(fields)),
    ]);
    this.beginnings = [...new Set([...index.interfaces, ...asked.interfaces])].flatMap((name) =>
      /[+*]$/.test(name) ? [name.slice(0, -1)] : [],
    );
    const texts = [
      // A rule of a network's own says its subnet; there it is a name like the bridge's.
      ...[...index.blocks].filter((text) => !names.bridges.has(text)),
      ...asked.blocks,
      ...routedBlocks(netState, family),
    ];
    this.blocks = [...[...new Set(texts)].flatMap((text) => blockOf(text) ?? []), ...index.ledBlocks].filter(
      (block) => block.family === family,
    );
    this.routes = netState.routes.filter((route) => route.family === family);
    this.gateways = new Set(this.routes.map(({ via }) => via));
    this.settings = settingsOf(netState, family);
    this.ports = portsByBridge(netState);
  }

  /** @returns undefined for a network that is to be called by its name */
  of(bridge: string): NetworkNature | undefined {
    if (!this.known.has(bridge)) this.known.set(bridge, this.find(bridge));
    return this.known.get(bridge);
  }

  private find(bridge: string): NetworkNature | undefined {
    const { netState, family, names } = this.parts;
    if (this.named.has(bridge) || names.bridges.get(bridge) !== bridge) return undefined;
    const subnets = [...names.bridges].flatMap(([name, of]) => {
      const block = of === bridge ? blockOf(name) : undefined;
      return block?.family === family ? [{ name, block }] : [];
    });
    const [subnet, second] = subnets;
    const link = netState.links.find(({ name }) => name === bridge);
    if (link === undefined || subnet === undefined || second !== undefined) return undefined;
    const own = link.addresses.filter((one) => one.family === family && one.scope !== 'link');
    const [gateway, another] = own;
    const isUsual =
      gateway?.scope === 'global' && another === undefined && isIn(gateway.address, subnet.block);
    if (!isUsual) return undefined;
    const found = { bridge, subnet: subnet.name, block: subnet.block, gateway: gateway.address };
    const held = this.blocks.map((block) => holds(block, subnet.block));
    const routes = this.routes.map((route) => routeAsSeen(route, found, this.gateways));
    if (held.includes('part') || routes.includes(undefined)) return undefined;
    const { kind, master, up, carrier, addresses } = link;
    const nature = JSON.stringify([
      ...[kind, master, up, carrier, subnet.block.length === gateway.length],
      ...[addresses.filter(({ scope }) => scope === 'link').map((one) => [one.family, one.length])],
      held.map((one) => (one === 'all' ? 1 : 0)).join(''),
      this.beginnings.map((beginning) => (bridge.startsWith(beginning) ? 1 : 0)).join(''),
      routes.filter((text) => text !== ''),
      this.settings.get(bridge) ?? '',
      [...(this.ports.get(bridge) ?? [])].sort(),
    ]);
    return { ...found, nature };
  }
}

const isIn = (address: string, block: AddressBlock): boolean => {
  const own = blockOf(address);
  return own !== undefined && overlap(own, block);
};

/** Blocks that rules of routing ask for. */
const routedBlocks = ({ routeRules }: NetworkState, family: Family): readonly string[] =>
  routeRules
    .filter((rule) => rule.family === family)
    .flatMap(({ fields }) =>
      ['src', 'dst'].flatMap((end) => {
        const text = fields[end];
        const length = fields[`${end}len`];
        if (text === undefined || text === 'all') return [];
        return [length === undefined || text.includes('/') ? text : `${text}/${length}`];
      }),
    );

/**
 * A route as a network meets it, its own names left open; '' for one that leads elsewhere.
 *
 * @param gateways - whom routes lead to next
 * @returns undefined for one of a part of the network, or that names it otherwise
 */
function routeAsSeen(
  route: Route,
  { bridge, block, gateway }: Omit<NetworkNature, 'nature'>,
  gateways: ReadonlySet<string>,
): string | undefined {
  const { table, type, via, metric, flags, prefSource, dev } = route;
  const to = blockOf(route.to);
  const isOther = prefSource !== gateway && isPartOf(prefSource, block);
  if (to === undefined || isOther || isPartOf(via, block)) return undefined;
  const isOwn = dev === bridge;
  const isSingle = to.length === LONGEST[block.family];
  const address = route.to.replace(/\/.*$/, '');
  const said = (where: string): string =>
    [table, type, via, metric, flags.join(' '), prefSource === gateway ? 'gateway' : prefSource, where].join(
      ' ',
    );
  switch (holds(to, block)) {
    case 'none': {
      if (!isOwn) return '';
      // An interface's address on its link is asked by nobody, unless somebody else there has the same.
      const isLinks = isSingle && isLinkLocal(address) && !gateways.has(address);
      return isLinks ? '' : said(route.to);
    }
    case 'all':
      return said(`${to.length === block.length ? 'subnet' : route.to} ${isOwn ? 'own' : dev}`);
    case 'part': {
      // The host's own address, and broadcasts of the subnet.
      const isUsual = isOwn && isSingle && table === 'local';
      const isEdge = type === 'broadcast' || type === 'anycast';
      if (!isUsual || (address !== gateway && !isEdge)) return undefined;
      return said(address === gateway ? 'host' : 'edge');
    }
  }
}

const LONGEST = { ipv4: 32, ipv6: 128 } as const;

const isPartOf = (address: string, block: AddressBlock): boolean => address !== '' && isIn(address, block);

/** By bridge: how each kind of its ports passes packets on. */
function portsByBridge({ links }: NetworkState): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { master, kind, up, portState, isolated, hairpin } of links) {
    if (master === '') continue;
    const natures = found.get(master) ?? new Set();
    found.set(master, natures.add([kind, up, portState, isolated === true, hairpin].join(' ')));
  }
  return found;
}

/** By interface: what the kernel is set to for it alone. */
function settingsOf({ sysctls }: NetworkState, family: Family): ReadonlyMap<string, string> {
  const found = new Map<string, string[]>();
  for (const [path, value] of sysctls) {
    const [of, conf, name = '', ...rest] = path.split('/');
    if (of !== family || conf !== 'conf') continue;
    const list = found.get(name) ?? [];
    found.set(name, list);
    list.push(`${rest.join('/')}=${value}`);
  }
  return new Map([...found].map(([name, list]) => [name, list.sort().join(' ')]));
}
