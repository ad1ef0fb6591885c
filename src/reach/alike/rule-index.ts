import type { Chain, Rule, Ruleset, Variant } from '../../firewall/iptables/text/model.ts';
import { blockOf, formatBlock, overlap, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import { CutRules } from './cut-rules.ts';
import { FROM_PORT, OUTSIDE_PORTS } from '../question.ts';
import { needsOf, type KnownNames, type RuleNeeds } from './rule-needs.ts';

export interface PlacedRule {
  readonly rule: Rule;
  readonly needs: RuleNeeds;
  readonly variant: Variant;
  readonly table: string;
  readonly chain: Chain;
  readonly at: number;
  /** Its number among all rules: of two of one chain the lower one is met first. */
  readonly order: number;
  /** Its chain, and how many rules for everybody stand before it there. */
  readonly place: string;
}

interface Stray {
  readonly placed: PlacedRule;
  /** Nobody who is foreseen has an address in it. */
  readonly block: AddressBlock;
}

const WHOLE: Readonly<Record<Family, AddressBlock>> = {
  ipv4: { family: 'ipv4', base: 0n, length: 0 },
  ipv6: { family: 'ipv6', base: 0n, length: 0 },
};

/** Whether a rule may concern packets between any two ends: of those for a port, one that everybody asks outside. */
const isForEverybody = ({ needs: { addresses, ports } }: PlacedRule): boolean =>
  addresses.length === 0 && ports.every(({ port }) => OUTSIDE_PORTS.includes(port));

/** Whether packets may get addresses of which it is not known here which. */
const isAnywhere = (all: readonly PlacedRule[], { natives = [] }: NetworkState): boolean =>
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
  private readonly plain: PlacedRule[] = [];
  readonly byAddress = new Map<string, PlacedRule[]>();
  readonly byPort = new Map<number, PlacedRule[]>();
  private readonly byBridge = new Map<string, PlacedRule[]>();
  /** Rules for addresses that nobody has who is foreseen: a block list's. */
  private readonly strays: Stray[] = [];
  private readonly straysOf = new Map<string, readonly PlacedRule[]>();
  /** Addresses that packets have whoever asks. */
  private readonly here: readonly AddressBlock[];
  readonly blocks: ReadonlySet<string>;
  readonly ranges: ReadonlySet<string>;
  readonly pairs = new Set<string>();
  readonly paired = new Set<string>();
  readonly isOpaque: boolean;
  /** Containers that rules for everybody lead to. */
  private readonly ledTo = new Set<string>();
  private readonly states = new Map<string, NetworkState>();
  private readonly cuts = new Map<string, CutRules>();
  private rules = 0;
  private readonly netState: NetworkState;
  private readonly family: Family;
  private readonly names: KnownNames;

  constructor(netState: NetworkState, family: Family, names: KnownNames) {
    this.netState = netState;
    this.family = family;
    this.names = names;
    const all = netState.rulesets.flatMap(({ variant, rules }) => this.readRules(variant, rules[family]));
    const given = new Set(all.flatMap(({ needs }) => needs.gives));
    const ranges = new Set(all.flatMap(({ needs }) => needs.ranges));
    this.here = isAnywhere(all, netState)
      ? [WHOLE[family]]
      : [...names.subnets, ...ownBlocks(netState, family), ...all.flatMap(({ needs }) => needs.leads)];
    const before = new Map<Chain, number>();
    const blocks = new Set(all.flatMap(({ needs }) => needs.blocks));
    for (const one of all) {
      // A port that some target gives may be met by anybody's packets.
      const ports = one.needs.ports.filter(({ port }) => !given.has(port));
      if (ports.length < one.needs.ports.length)
        for (const { port } of one.needs.ports) ranges.add(String(port));
      const placed = { ...one, needs: { ...one.needs, ports } };
      const passed = before.get(one.chain) ?? 0;
      this.place({ ...placed, place: `${one.place} ${String(passed)}` });
      if (!isForEverybody(placed)) continue;
      before.set(one.chain, passed + 1);
      // Whom everybody is led to fares otherwise than those led away.
      for (const block of one.needs.leads) blocks.add(formatBlock(block));
      for (const address of one.needs.leadsTo) this.ledTo.add(address);
    }
    this.blocks = blocks;
    this.ranges = ranges;
    this.isOpaque = all.some(({ needs }) => needs.isOpaque);
  }

  private readRules(variant: Variant, { tables }: Ruleset): readonly PlacedRule[] {
    return [...tables.values()].flatMap(({ name, chains }) =>
      [...chains.values()].flatMap((chain) => {
        const place = `${variant} ${name} ${chain.name}`;
        return chain.rules.map((rule, at): PlacedRule => {
          const needs = needsOf(rule, this.names);
          return { rule, needs, variant, table: name, chain, at, place, order: this.rules++ };
        });
      }),
    );
  }

  private place(one: PlacedRule): void {
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
    else if (!this.isStray(one)) this.plain.push(one);
  }

  private isStray(one: PlacedRule): boolean {
    const blocks = one.needs.only.flatMap((text) => blockOf(text) ?? []);
    const elsewhere = blocks.find((block) => !this.here.some((here) => overlap(here, block)));
    if (elsewhere === undefined) return false;
    this.strays.push({ placed: one, block: elsewhere });
    return true;
  }

  /** Rules of a block list that an address is on. */
  private straysFor(address: string): readonly PlacedRule[] {
    const own = blockOf(address);
    const found =
      this.straysOf.get(address) ??
      this.strays.flatMap(({ placed, block }) => (own !== undefined && overlap(own, block) ? [placed] : []));
    this.straysOf.set(address, found);
    return found;
  }

  /**
   * The host's state with those rules alone that packets between these ends can meet.
   *
   * @param bridges - of the networks that the packets come from and go to
   */
  stateFor(addresses: readonly string[], ports: readonly number[], bridges: readonly string[]): NetworkState {
    const name = [...addresses, ...ports, ...bridges].join(' ');
    const found = this.states.get(name) ?? this.findState({ addresses, ports, bridges });
    this.states.set(name, found);
    return found;
  }

  private findState(ends: {
    readonly addresses: readonly string[];
    readonly ports: readonly number[];
    readonly bridges: readonly string[];
  }): NetworkState {
    const addresses = new Set([...ends.addresses, ...this.ledTo]);
    const ports = new Set([...ends.ports, FROM_PORT]);
    const bridges = new Set(ends.bridges);
    const homed = (): CutRules => {
      for (const address of addresses) {
        const home = this.names.homes.get(address);
        if (home !== undefined) bridges.add(home);
      }
      return this.cutFor(bridges);
    };
    const metRules = (): readonly PlacedRule[] =>
      [
        ...[...addresses].flatMap((address) => this.byAddress.get(address) ?? []),
        ...[...ports].flatMap((port) => this.byPort.get(port) ?? []),
      ].filter(({ needs }) => isMet(needs, addresses, ports, bridges));
    let cut = homed();
    let met = metRules();
    // What a rule leads to another container meets the rules for that one too.
    for (let known = -1; known !== met.length; met = metRules()) {
      known = met.length;
      for (const address of [...cut.leadsTo, ...met.flatMap(({ needs }) => needs.leadsTo)])
        addresses.add(address);
      cut = homed();
    }
    const rulesets = cut.with([...met, ...[...addresses].flatMap((address) => this.straysFor(address))]);
    return { ...this.netState, rulesets, cutFrom: this.netState };
  }

  /** The rules that concern everybody, and those of some bridges. */
  private cutFor(bridges: ReadonlySet<string>): CutRules {
    const name = [...bridges].sort().join(' ');
    const found = this.cuts.get(name) ?? this.findCut(bridges);
    this.cuts.set(name, found);
    return found;
  }

  private findCut(bridges: ReadonlySet<string>): CutRules {
    const theirs = [...bridges]
      .flatMap((bridge) => this.byBridge.get(bridge) ?? [])
      .filter(({ needs }) => needs.bridges.every((bridge) => bridges.has(bridge)));
    return new CutRules(this.netState.rulesets, this.family, [...this.plain, ...theirs]);
  }
}

const isMet = (
  { addresses, ports, bridges }: RuleNeeds,
  theirs: ReadonlySet<string>,
  theirPorts: ReadonlySet<number>,
  theirBridges: ReadonlySet<string>,
): boolean =>
  addresses.every((address) => theirs.has(address)) &&
  ports.every(({ port }) => theirPorts.has(port)) &&
  bridges.every((bridge) => theirBridges.has(bridge));

/** How two addresses that rules name together are known. */
export const pairKey = (a: string, b: string): string => [a, b].sort().join(' ');

function listIn<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
