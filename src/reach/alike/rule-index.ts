import type { Chain, Rule, Ruleset, Variant } from '../../firewall/iptables/text/model.ts';
import { blockOf, formatBlock, overlap, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import type { ListedRule, WordedTables } from './docker-tables.ts';
import { needsOf, ownPort, type KnownNames, type RuleNeeds } from './rule-needs.ts';

export interface PlacedRule {
  readonly rule: Rule;
  readonly needs: RuleNeeds;
  /** `native` of nftables' own tables: then the rule is in iptables' words, and {@link listed} says what nft lists. */
  readonly variant: Variant | 'native';
  readonly table: string;
  readonly chain: Chain;
  readonly at: number;
  /** Its number among all rules: of two of one chain the lower one is met first. */
  readonly order: number;
  /** Its chain, and how many rules for everybody stand before it there. */
  readonly place: string;
  /** Its chain, and how many rules stand before it there that no packet is spared. */
  readonly between: string;
  /** Of one of nftables' own tables; absent for an element of a map. */
  readonly listed?: ListedRule;
}

/** A rule of a block list. */
interface Stray {
  readonly placed: PlacedRule;
  /** Nobody who is foreseen has an address in it. */
  readonly block: AddressBlock;
}

const WHOLE: Readonly<Record<Family, AddressBlock>> = {
  ipv4: { family: 'ipv4', base: 0n, length: 0 },
  ipv6: { family: 'ipv6', base: 0n, length: 0 },
};

/** Ports that packets may get whoever asks for which: what leads to a container by a port it asks for is that port's own. */
function givenIn(all: readonly PlacedRule[], { outsidePorts }: KnownNames): ReadonlySet<number> {
  const given = new Set(all.flatMap(({ needs }) => needs.gives));
  for (let known = -1; known !== given.size;) {
    known = given.size;
    for (const { needs } of all)
      if (needs.ports.every(({ port }) => given.has(port) || outsidePorts.includes(port)))
        for (const port of needs.leadsAt) given.add(port);
  }
  return given;
}

/** Whether a rule may concern packets between any two ends: of those for a port, one that everybody asks outside. */
const isForEverybody = ({ needs: { addresses, ports } }: PlacedRule, { outsidePorts }: KnownNames): boolean =>
  addresses.length === 0 && ports.every(({ port }) => outsidePorts.includes(port));

/** Ports that a rule for one container asks of whoever it speaks with. */
const othersPorts = ({ addresses, sides, ports }: RuleNeeds): readonly number[] =>
  addresses.length === 0 ? [] : ports.flatMap(({ port, side }) => (sides.includes(side) ? [] : [port]));

/** Whether a rule leads nobody to a container but those who ask for a port of the host's that is the container's. */
const leadsHome = (
  { needs: { addresses, ports, leadsTo } }: PlacedRule,
  { hostPorts }: KnownNames,
): boolean =>
  addresses.length === 0 &&
  leadsTo.every((address) => ports.every(({ port }) => hostPorts.has(ownPort(address, port))));

/** Containers that a rule leads packets to with whatever port they have: which ports are open there decides. */
const ledAtAnyPort = ({ leadsTo, leadsAt }: RuleNeeds): readonly string[] =>
  leadsAt.length === 0 ? leadsTo : [];

/** Whether packets may get addresses of which it is not known here which. */
const isAnywhere = (all: readonly PlacedRule[], natives: WordedTables['others']): boolean =>
  all.some(({ needs }) => needs.isOpaque) || natives.some(({ text }) => /\b[ds]nat\b/.test(text));

/** The host's own addresses, and those that stand for this very machine. */
const ownBlocks = ({ links }: NetworkState, family: Family): readonly AddressBlock[] =>
  [
    family === 'ipv4' ? '127.0.0.0/8' : '::1',
    ...links.flatMap(({ addresses }) =>
      addresses.filter((one) => one.family === family).map(({ address }) => address),
    ),
  ].flatMap((text) => blockOf(text) ?? []);

/**
 * The rules of one family, by what a packet must have for a rule to concern it: an address of one container, one port, or a way by one bridge.
 * All others concern everybody.
 */
export class RuleIndex {
  /** The rules that concern everybody. */
  readonly plain: PlacedRule[] = [];
  readonly byAddress = new Map<string, PlacedRule[]>();
  readonly byPort = new Map<number, PlacedRule[]>();
  readonly byBridge = new Map<string, PlacedRule[]>();
  /** Rules for addresses that nobody has who is foreseen: a block list's. */
  readonly strays: Stray[] = [];
  /** Addresses that packets have whoever asks. */
  private readonly here: readonly AddressBlock[];
  readonly blocks: ReadonlySet<string>;
  /** Names of interfaces that rules ask for. */
  readonly interfaces: ReadonlySet<string>;
  /** Addresses of others than containers, and blocks, that rules give packets. */
  readonly ledBlocks: readonly AddressBlock[];
  readonly ranges: ReadonlySet<string>;
  readonly pairs = new Set<string>();
  readonly paired = new Set<string>();
  readonly isOpaque: boolean;
  /** Containers that rules for everybody lead to. */
  readonly ledTo = new Set<string>();
  private rules = 0;
  private readonly names: KnownNames;

  /**
   * @param worded - what of nftables' own tables is known as iptables' rules are
   * @param led - containers that the others of those tables may lead packets to
   */
  constructor(
    netState: NetworkState,
    family: Family,
    names: KnownNames,
    worded: WordedTables,
    led: readonly string[],
  ) {
    this.names = names;
    const all = [
      ...netState.rulesets.flatMap(({ variant, rules }) => this.readRules(variant, rules[family])),
      ...worded.rules.map((one): PlacedRule => ({
        ...one,
        ...{ needs: needsOf(one.rule, names), variant: 'native', between: one.place, order: this.rules++ },
      })),
    ];
    const given = givenIn(all, names);
    const ranges = new Set(all.flatMap(({ needs }) => needs.ranges));
    this.here = isAnywhere(all, worded.others)
      ? [WHOLE[family]]
      : [...names.subnets, ...ownBlocks(netState, family), ...all.flatMap(({ needs }) => needs.leads)];
    const before = new Map<Chain, number>();
    const uncut = new Map<Chain, number>();
    const blocks = new Set(all.flatMap(({ needs }) => needs.blocks));
    for (const one of all) {
      // A port that some target gives may be met by anybody's packets.
      const ports = one.needs.ports.filter(({ port }) => !given.has(port));
      if (ports.length < one.needs.ports.length)
        for (const { port } of one.needs.ports) ranges.add(String(port));
      for (const port of othersPorts(one.needs)) ranges.add(String(port));
      const placed = { ...one, needs: { ...one.needs, ports } };
      const passed = before.get(one.chain) ?? 0;
      const kept = uncut.get(one.chain) ?? 0;
      const at = (count: number): string => `${one.place} ${String(count)}`;
      if (this.place({ ...placed, place: at(passed), between: at(kept) })) uncut.set(one.chain, kept + 1);
      const isEverybodys = isForEverybody(placed, names);
      if (isEverybodys) before.set(one.chain, passed + 1);
      if (!isEverybodys && leadsHome(one, names)) continue;
      // Whom others are led to fares otherwise than those led away.
      for (const block of one.needs.leads) blocks.add(formatBlock(block));
      if (isEverybodys) for (const address of one.needs.leadsTo) this.ledTo.add(address);
    }
    for (const address of led) this.ledTo.add(address);
    for (const address of [...led, ...all.flatMap(({ needs }) => ledAtAnyPort(needs))])
      for (const { needs } of this.byAddress.get(address) ?? [])
        for (const { port } of needs.ports) ranges.add(String(port));
    this.blocks = blocks;
    this.interfaces = new Set(all.flatMap(({ needs }) => needs.interfaces));
    this.ledBlocks = all.flatMap(({ needs }) => (needs.leadsTo.length > 0 ? [] : needs.leads));
    this.ranges = ranges;
    this.isOpaque = all.some(({ needs }) => needs.isOpaque);
  }

  private readRules(variant: Variant, { tables }: Ruleset): readonly PlacedRule[] {
    return [...tables.values()].flatMap(({ name, chains }) =>
      [...chains.values()].flatMap((chain) => {
        const place = `${variant} ${name} ${chain.name}`;
        return chain.rules.map((rule, at): PlacedRule => {
          const needs = needsOf(rule, this.names);
          return { rule, needs, variant, table: name, chain, at, place, between: place, order: this.rules++ };
        });
      }),
    );
  }

  /** @returns whether it concerns everybody */
  private place(one: PlacedRule): boolean {
    const { addresses, ports, bridges } = one.needs;
    const [address, other] = addresses;
    if (address !== undefined) {
      listIn(this.byAddress, address).push(one);
      if (other !== undefined && other !== address) {
        this.pairs.add(pairKey(address, other));
        this.paired.add(address).add(other);
      }
    } else if (ports[0] !== undefined) listIn(this.byPort, ports[0].port).push(one);
    else if (bridges[0] !== undefined) listIn(this.byBridge, bridges[0]).push(one);
    else if (!this.isStray(one)) {
      this.plain.push(one);
      return true;
    }
    return false;
  }

  private isStray(one: PlacedRule): boolean {
    const blocks = one.needs.only.flatMap((text) => blockOf(text) ?? []);
    const elsewhere = blocks.find((block) => !this.here.some((here) => overlap(here, block)));
    if (elsewhere === undefined) return false;
    this.strays.push({ placed: one, block: elsewhere });
    return true;
  }
}

/** How two addresses that rules name together are known. */
export const pairKey = (a: string, b: string): string => [a, b].sort().join(' ');

function listIn<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
