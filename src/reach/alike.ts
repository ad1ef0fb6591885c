import type { Chain, Rule, Ruleset } from '../firewall/iptables/text/model.ts';
import { blockOf, overlap } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { portRange } from '../trace/match/ports.ts';
import { memory } from '../trace/memory.ts';
import type { NetworkState, VariantRules } from '../trace/network-state.ts';
import { FROM_PORT } from './question.ts';
import { needsOf, opened, type RuleNeeds } from './rule-needs.ts';

/** One end of a packet that is asked about. Ports are 0 where none is. */
export interface End {
  readonly address: string;
  readonly port: number;
  readonly hostPort: number;
}

interface PlacedRule {
  readonly rule: Rule;
  readonly needs: RuleNeeds;
  readonly chain: Chain;
  readonly at: number;
  /** Its chain, and how many rules for everybody stand before it there. */
  readonly place: string;
}

/** A class of ends whose packets fare alike, and the rules that only this end meets, in order. */
export interface EndClass {
  /** A number for each class. */
  readonly id: number;
  readonly own: readonly Rule[];
}

/** Fields of a routing rule that ask for nothing but addresses, interfaces and marks. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  ...[
    'priority',
    'src',
    'srclen',
    'dst',
    'dstlen',
    'table',
    'iif',
    'oif',
    'fwmark',
    'fwmask',
    'not',
    'protocol',
  ],
  ...['action', 'suppress_prefixlen', 'family'],
]);

/**
 * Tells which packets must fare alike, and gives each the rules that can concern it.
 *
 * A rule that names the address of one container, or one port, concerns only packets that have it: all others never meet it.
 * Two ends are of one class if the rules only they meet are the same but for their own address and ports, if they stand at the
 * same places, and if both lie within the same blocks and ranges that any other rule or route asks for. Where anything else is
 * asked for (a set, nftables' own tables) no two are of one class.
 */
export class Alike {
  private readonly netState: NetworkState;
  private readonly family: Family;
  private readonly containers: ReadonlySet<string>;
  /** Of each chain the rules that concern everybody. */
  private readonly plain = new Map<Chain, { readonly placed: PlacedRule[]; cut: Chain }>();
  private readonly byAddress = new Map<string, PlacedRule[]>();
  private readonly byPort = new Map<number, PlacedRule[]>();
  private readonly blocks: readonly string[];
  private readonly ranges: readonly string[];
  private readonly pairs = new Set<string>();
  private readonly paired = new Set<string>();
  private readonly isOpaque: boolean;
  private readonly ids = new Map<string, number>();
  private readonly known = new Map<string, EndClass>();
  private readonly states = new Map<string, NetworkState>();

  constructor(netState: NetworkState, family: Family, containers: ReadonlySet<string>) {
    this.netState = netState;
    this.family = family;
    this.containers = containers;
    const all = netState.rulesets.flatMap(({ variant, rules }) => this.readRules(variant, rules[family]));
    const given = new Set(all.flatMap(({ needs }) => needs.gives));
    const blocks = new Set(all.flatMap(({ needs }) => needs.blocks));
    const ranges = new Set(all.flatMap(({ needs }) => needs.ranges));
    for (const one of all) {
      // A port that some target gives may be met by anybody's packets.
      const needs = { ...one.needs, ports: one.needs.ports.filter((port) => !given.has(port)) };
      if (needs.ports.length < one.needs.ports.length)
        for (const port of one.needs.ports) ranges.add(String(port));
      this.place({ ...one, needs });
    }
    for (const [chain, held] of this.plain)
      held.cut = { ...chain, rules: held.placed.map(({ rule }) => rule) };
    const routing = netState.routeRules.filter((rule) => rule.family === family);
    for (const { to } of netState.routes.filter((route) => route.family === family)) blocks.add(to);
    for (const { fields } of routing) for (const end of ['src', 'dst']) blocks.add(blockIn(fields, end));
    this.blocks = [...blocks];
    this.ranges = [...ranges];
    this.isOpaque =
      netState.natives?.length !== 0 ||
      all.some(({ needs }) => needs.isOpaque) ||
      routing.some(({ fields }) => Object.keys(fields).some((name) => !PLAIN_FIELDS.has(name)));
  }

  private readRules(variant: string, { tables }: Ruleset): readonly PlacedRule[] {
    return [...tables.values()].flatMap(({ name, chains }) =>
      [...chains.values()].flatMap((chain) => {
        this.plain.set(chain, { placed: [], cut: chain });
        let before = 0;
        return chain.rules.map((rule, at): PlacedRule => {
          const needs = needsOf(rule, this.containers);
          const place = `${variant} ${name} ${chain.name} ${String(before)}`;
          if (needs.addresses.length === 0 && needs.ports.length === 0) before++;
          return { rule, needs, chain, at, place };
        });
      }),
    );
  }

  private place(one: PlacedRule): void {
    const { addresses, ports } = one.needs;
    const [address, other] = addresses;
    if (address !== undefined) {
      listIn(this.byAddress, address).push(one);
      if (other !== undefined && other !== address) {
        this.pairs.add(pairKey(address, other));
        this.paired.add(address).add(other);
      }
    } else if (ports[0] !== undefined) listIn(this.byPort, ports[0]).push(one);
    else this.plain.get(one.chain)?.placed.push(one);
  }

  /** The class of one end of a packet. */
  classOf(end: End): EndClass {
    const { address, port, hostPort } = end;
    const name = `${address} ${String(port)} ${String(hostPort)}`;
    const found = this.known.get(name) ?? this.findClass(end);
    this.known.set(name, found);
    return found;
  }

  private findClass(end: End): EndClass {
    const { address, port, hostPort } = end;
    const ports = new Set([port, hostPort, FROM_PORT]);
    const own = [
      ...(this.byAddress.get(address) ?? []),
      ...[...ports].flatMap((one) => this.byPort.get(one) ?? []),
    ].filter(({ needs }) => isMet(needs, new Set([address]), ports));
    const within = this.blocks.map((block) => (isWithin(address, block) ? '1' : '0')).join('');
    const among = this.ranges.map((range) =>
      [port, hostPort].map((one) => (isAmong(one, range) ? '1' : '0')).join(''),
    );
    const key = [
      ...(this.isOpaque ? [`${address} ${String(port)} ${String(hostPort)}`] : []),
      port === hostPort ? 'same' : 'other',
      within,
      among.join(''),
      ...own.map(({ rule, place }) => `${place} ${opened(rule, end)}`),
    ].join('\n');
    const id = this.ids.get(key) ?? this.ids.size;
    this.ids.set(key, id);
    return { id, own: own.map(({ rule }) => rule) };
  }

  /** Whether rules name both addresses at once: then what holds for each alone says nothing of the two. */
  isPair(a: string, b: string): boolean {
    return this.pairs.has(pairKey(a, b));
  }

  /** Whether any rule names an address together with another one. */
  isPaired(address: string): boolean {
    return this.paired.has(address);
  }

  /** The host's state with those rules alone that packets between these addresses, with these ports, can meet. */
  stateFor(addresses: readonly string[], ports: readonly number[]): NetworkState {
    const name = [...addresses, ...ports].join(' ');
    const found = this.states.get(name) ?? this.findState(addresses, new Set([...ports, FROM_PORT]));
    this.states.set(name, found);
    return found;
  }

  private findState(addresses: readonly string[], ports: ReadonlySet<number>): NetworkState {
    const theirs = new Set(addresses);
    const met = [
      ...[...theirs].flatMap((address) => this.byAddress.get(address) ?? []),
      ...[...ports].flatMap((port) => this.byPort.get(port) ?? []),
    ].filter(({ needs }) => isMet(needs, theirs, ports));
    const extra = new Map<Chain, PlacedRule[]>();
    for (const one of met) listIn(extra, one.chain).push(one);
    const { family } = this;
    const rulesets = this.netState.rulesets.map(({ variant, rules }): VariantRules => {
      const chains = mapChains(rules[family], (chain) => this.cut(chain, extra.get(chain) ?? []));
      return { variant, rules: { ...rules, [family]: chains } };
    });
    return { ...this.netState, rulesets, cutFrom: this.netState };
  }

  /** A chain with those rules alone that concern everybody, and these. */
  private cut(chain: Chain, extra: readonly PlacedRule[]): Chain {
    const plain = this.plain.get(chain) ?? { placed: [], cut: chain };
    if (extra.length === 0) return plain.cut;
    const placed = [...new Set([...plain.placed, ...extra])].sort((a, b) => a.at - b.at);
    return { ...chain, rules: placed.map(({ rule }) => rule) };
  }
}

const isMet = (
  { addresses, ports }: RuleNeeds,
  theirs: ReadonlySet<string>,
  theirPorts: ReadonlySet<number>,
): boolean =>
  addresses.every((address) => theirs.has(address)) && ports.every((port) => theirPorts.has(port));

const mapChains = ({ tables }: Ruleset, map: (chain: Chain) => Chain): Ruleset => ({
  tables: new Map(
    [...tables].map(([name, table]) => [
      name,
      { ...table, chains: new Map([...table.chains].map(([chain, held]) => [chain, map(held)] as const)) },
    ]),
  ),
});

const pairKey = (a: string, b: string): string => [a, b].sort().join(' ');

function listIn<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

const blockIn = (fields: Readonly<Record<string, string>>, end: string): string =>
  fields[end] === undefined ? '' : `${fields[end]}/${fields[`${end}len`] ?? ''}`.replace(/\/$/, '');

const within = memory<boolean>();
const WITHIN = {};

const isWithin = (address: string, block: string): boolean =>
  within(WITHIN, `${address} ${block}`, () => {
    const [a, b] = [blockOf(address), blockOf(block)];
    return a !== undefined && b !== undefined && overlap(a, b);
  });

/** Whether a port is in a list of ports and ranges, `80,443,1000:2000`. */
const isAmong = (port: number, list: string): boolean =>
  list.split(',').some((one) => {
    const [low, high] = portRange(one) ?? [];
    return low !== undefined && high !== undefined && low <= port && port <= high;
  });
