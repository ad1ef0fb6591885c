import { blockOf, overlap, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import { FROM_PORT } from '../question.ts';
import { CutRules } from './cut-rules.ts';
import type { PlacedRule, RuleIndex } from './rule-index.ts';
import type { KnownNames, RuleNeeds } from './rule-needs.ts';

/** Packets between two ends. */
export interface Ends {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** Of the networks that the packets come from and go to. */
  readonly bridges: readonly string[];
}

/** The rules that concern packets between two ends, beside those that concern everybody. */
export interface Concerned {
  /** Those of networks, in the order they are met: the same list for the same networks. */
  readonly networks: readonly PlacedRule[];
  /** Those of addresses and ports, in the order they are met. */
  readonly ends: readonly PlacedRule[];
  /** The host's state with these rules, and with those that concern everybody, alone. */
  readonly state: () => NetworkState;
}

/** The rules of some networks. */
interface NetworkRules {
  readonly rules: readonly PlacedRule[];
  readonly leadsTo: readonly string[];
  readonly cut: () => CutRules;
}

/** Finds the rules that packets between two ends can meet. */
export class ConcernedRules {
  private readonly networkRules = new Map<string, NetworkRules>();
  private readonly straysOf = new Map<string, readonly PlacedRule[]>();
  private readonly homes = new Map<string, string>();
  private readonly subnets: readonly { readonly subnet: AddressBlock; readonly bridge: string }[];
  private readonly netState: NetworkState;
  private readonly family: Family;
  private readonly names: KnownNames;
  private readonly index: RuleIndex;

  constructor(netState: NetworkState, family: Family, names: KnownNames, index: RuleIndex) {
    this.netState = netState;
    this.family = family;
    this.names = names;
    this.index = index;
    this.subnets = [...names.bridges].flatMap(([name, bridge]) => {
      const subnet = blockOf(name);
      return subnet?.family === family ? [{ subnet, bridge }] : [];
    });
  }

  /** The rules of networks, by their bridges. */
  between(bridges: readonly string[]): Pick<NetworkRules, 'rules' | 'leadsTo'> {
    return this.rulesOf(new Set(bridges));
  }

  /** Whether no rule but those for everybody may concern packets for the sake of these addresses. */
  isApart(addresses: readonly string[]): boolean {
    return (
      this.index.ledTo.size === 0 &&
      addresses.every((one) => one === '' || (this.homeOf(one) === '' && this.straysFor(one).length === 0))
    );
  }

  /** Rules of a block list that an address is on. */
  private straysFor(address: string): readonly PlacedRule[] {
    const own = blockOf(address);
    const found =
      this.straysOf.get(address) ??
      this.index.strays.flatMap(({ placed, block }) =>
        own !== undefined && overlap(own, block) ? [placed] : [],
      );
    this.straysOf.set(address, found);
    return found;
  }

  /** What concerns packets between two ends. */
  concerning(ends: Ends): Concerned {
    const addresses = new Set([...ends.addresses, ...this.index.ledTo]);
    const ports = new Set([...ends.ports, FROM_PORT]);
    const bridges = new Set(ends.bridges);
    let networks: NetworkRules;
    let met: readonly PlacedRule[];
    let known: number;
    do {
      known = addresses.size + ports.size;
      for (const address of addresses) {
        const home = this.homeOf(address);
        if (home !== '') bridges.add(home);
      }
      networks = this.rulesOf(bridges);
      met = this.metBy(addresses, ports, bridges);
      // What a rule leads to another container meets the rules for that one too.
      for (const address of networks.leadsTo) addresses.add(address);
      for (const { needs } of met) {
        for (const address of needs.leadsTo) addresses.add(address);
        for (const port of needs.leadsAt) ports.add(port);
      }
    } while (known < addresses.size + ports.size);
    let state: NetworkState | undefined;
    const [{ rules, cut }, own] = [networks, met];
    return {
      networks: rules,
      ends: own,
      state: () =>
        (state ??= {
          ...this.netState,
          rulesets: cut().with(own),
          cutFrom: this.netState,
          whole: this.netState,
        }),
    };
  }

  /** Rules for addresses and ports, and of block lists, in the order they are met. */
  private metBy(
    addresses: ReadonlySet<string>,
    ports: ReadonlySet<number>,
    bridges: ReadonlySet<string>,
  ): readonly PlacedRule[] {
    // One may be for both ends.
    const met = new Set<PlacedRule>();
    const meet = (rules: readonly PlacedRule[] = []): void => {
      for (const one of rules) if (isMet(one.needs, addresses, ports, bridges)) met.add(one);
    };
    for (const address of addresses) meet(this.index.byAddress.get(address));
    for (const port of ports) meet(this.index.byPort.get(port));
    if (this.index.strays.length > 0)
      for (const address of addresses) for (const one of this.straysFor(address)) met.add(one);
    return [...met].sort(byOrder);
  }

  /** The bridge that an address is behind; '' where none is known, or more than it leads there. */
  private homeOf(address: string): string {
    const home = this.names.homes.get(address) ?? this.homes.get(address);
    if (home !== undefined) return home;
    const block = blockOf(address);
    const found = block === undefined ? undefined : this.subnets.find(({ subnet }) => overlap(subnet, block));
    this.homes.set(address, found?.bridge ?? '');
    return found?.bridge ?? '';
  }

  private rulesOf(bridges: ReadonlySet<string>): NetworkRules {
    const name = [...bridges].sort().join(' ');
    const found = this.networkRules.get(name) ?? this.findRules(bridges);
    this.networkRules.set(name, found);
    return found;
  }

  private findRules(bridges: ReadonlySet<string>): NetworkRules {
    const rules = [...bridges]
      .flatMap((bridge) => this.index.byBridge.get(bridge) ?? [])
      .filter(({ needs }) => needs.bridges.every((bridge) => bridges.has(bridge)))
      .sort(byOrder);
    let cut: CutRules | undefined;
    return {
      rules,
      leadsTo: rules.flatMap(({ needs }) => needs.leadsTo),
      cut: () => (cut ??= new CutRules(this.netState.rulesets, this.family, [...this.index.plain, ...rules])),
    };
  }
}

const byOrder = (a: PlacedRule, b: PlacedRule): number => a.order - b.order;

const isMet = (
  { addresses, ports, bridges }: RuleNeeds,
  theirs: ReadonlySet<string>,
  theirPorts: ReadonlySet<number>,
  theirBridges: ReadonlySet<string>,
): boolean =>
  addresses.every((address) => theirs.has(address)) &&
  ports.every(({ port }) => theirPorts.has(port)) &&
  bridges.every((bridge) => theirBridges.has(bridge));
