import { makeRule, type Chain, type Rule } from '../../firewall/iptables/text/model.ts';
import { BRIDGES_TABLE } from '../../firewall/nftables/tables/names.ts';
import type {
  Mapping,
  NativeChain,
  NativeRule,
  NativeTable,
  NativeVerdict,
  VerdictMap,
} from '../../firewall/nftables/text/model.ts';
import type { Family } from '../../net/family.ts';
import { readNatives } from '../../trace/native/tables.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import { interfaceWords, remark, ruleWords, spelled, verdictWords } from './native-words.ts';

/** A rule of one of nftables' own tables. */
export interface ListedRule {
  /** `ip docker-bridges`. */
  readonly table: string;
  readonly chain: string;
  /** As nft lists it. */
  readonly text: string;
  /** '' where it was not listed. */
  readonly handle: string;
}

/** A rule of Docker's own tables, or an element of a map in them, in iptables' words, and where it stands. */
export interface WordedRule {
  readonly rule: Rule;
  readonly table: string;
  /** Stands for nftables' chain: rules of one are met in their order. */
  readonly chain: Chain;
  readonly at: number;
  /** Tells chains apart. Those that a map leads to, each for one interface, are told by the map alone. */
  readonly place: string;
  /** Absent for an element. */
  readonly listed?: ListedRule;
}

/** Nftables' own tables, as far as it is known whom their rules concern. */
export interface WordedTables {
  readonly rules: readonly WordedRule[];
  /** Of the tables that of which it is not known: what stands there is asked by everybody. */
  readonly others: NonNullable<NetworkState['natives']>;
}

/**
 * Reads Docker's own table of a family, so that its rules are known by whom they concern, as iptables' are. A rule, a set, a map or an element
 * in it that is not foreseen is among the others.
 */
export function wordedTables(netState: Pick<NetworkState, 'natives'>, family: Family): WordedTables {
  const { natives = [] } = netState;
  const name = `${family === 'ipv4' ? 'ip' : 'ip6'} ${BRIDGES_TABLE}`;
  const [own, another] = readNatives(netState).filter(({ table }) => table === name);
  const text = natives.find(({ table }) => table === name)?.text ?? '';
  const isFollowed = own?.unfollowed.length === 0 && !own.handsOver && another === undefined;
  const inWords =
    isFollowed && own.read?.isDormant === false
      ? new TableInWords(name, family, own.read, text).inWords()
      : undefined;
  return inWords === undefined
    ? { rules: [], others: natives }
    : {
        rules: inWords.rules,
        others: [
          ...natives.filter(({ table }) => table !== name),
          { table: name, text: inWords.unforeseen.join('\n') },
        ],
      };
}

/** A way into a chain. */
interface WayIn {
  /** What holds for every packet that comes by it, in iptables' words. */
  readonly under: readonly string[];
  readonly place: string;
}

/** An element that leads on packets of one interface. */
interface Led {
  readonly under: readonly string[];
  readonly mapping: Mapping;
}

/** A table in words; what of it is not foreseen, as nft lists it. */
interface InWords {
  readonly rules: readonly WordedRule[];
  readonly unforeseen: readonly string[];
}

class TableInWords {
  private readonly name: string;
  private readonly family: Family;
  private readonly table: NativeTable;
  /** By name: sets and maps as they are listed. */
  private readonly listings: ReadonlyMap<string, string>;
  private readonly waysIn = new Map<string, WayIn[]>();
  private readonly read = new Set<string>();
  private readonly rules: WordedRule[] = [];
  private readonly unforeseen: string[] = [];
  private isListed = true;

  constructor(name: string, family: Family, table: NativeTable, text: string) {
    this.name = name;
    this.family = family;
    this.table = table;
    this.listings = new Map(
      [...text.matchAll(LISTING)].map(
        ([listing, kind = '', set = '']) => [`${kind} ${set}`, listing] as const,
      ),
    );
  }

  /** @returns undefined where sets and maps are not found as they are listed */
  inWords(): InWords | undefined {
    const { chains, sets, maps } = this.table;
    for (const set of sets.keys()) this.ask(`set ${set}`);
    for (const [map, held] of maps) if (held === undefined) this.ask(`map ${map}`);
    for (const chain of chains.values()) this.readWays(chain);
    // A chain that nothing leads to concerns nobody. What a map leads to is read there.
    for (const chain of chains.values())
      if (chain.base !== undefined || (this.waysIn.has(chain.name) && this.ownWay(chain.name) === undefined))
        this.readChain(chain, { under: [], place: chain.name });
    return this.isListed ? { rules: this.rules, unforeseen: this.unforeseen } : undefined;
  }

  /** Leaves all that a set or a map holds to be asked by everybody. */
  private ask(name: string): void {
    const listing = this.listings.get(name);
    this.isListed &&= listing !== undefined;
    this.unforeseen.push(listing ?? '');
  }

  private readWays(chain: NativeChain): void {
    for (const [at, { verdict }] of chain.rules.entries()) {
      const place = `${chain.name} ${String(at)}`;
      if (verdict === undefined) continue;
      if ('is' in verdict) this.addWay(verdict, { under: [], place });
      else
        for (const { under, mapping } of this.ledBy(verdict) ?? this.elementsOf(verdict).map(unforeseenLed))
          this.addWay(mapping.verdict, { under, place });
    }
  }

  private addWay(verdict: NativeVerdict | undefined, way: WayIn): void {
    if (verdict?.chain === undefined) return;
    const ways = this.waysIn.get(verdict.chain) ?? [];
    this.waysIn.set(verdict.chain, ways);
    ways.push(way);
  }

  /** The way into a chain to which elements alone lead, all for one interface; undefined for another chain. */
  private ownWay(chain: string): WayIn | undefined {
    const ways = this.waysIn.get(chain) ?? [];
    const [first] = ways;
    const isOwn =
      this.table.chains.get(chain)?.base === undefined &&
      first !== undefined &&
      first.under.length > 0 &&
      ways.every(({ under }) => under.join(' ') === first.under.join(' '));
    return isOwn
      ? { under: first.under, place: `> ${ways.map(({ place }) => place).join(', ')}` }
      : undefined;
  }

  private elementsOf({ among }: VerdictMap): readonly Mapping[] {
    return (typeof among === 'string' ? this.table.maps.get(among) : among) ?? [];
  }

  /**
   * The elements of a map that is asked by interface, in the order of their names: which comes first does not matter.
   *
   * @returns undefined for a map that is asked otherwise, or that holds anything else
   */
  private ledBy(map: VerdictMap): readonly Led[] | undefined {
    const [field = '', another] = map.fields;
    const elements = this.elementsOf(map);
    const led = elements.flatMap((mapping): readonly Led[] => {
      const [span, second] = mapping.key;
      const isOne = span !== undefined && second === undefined && span.first === span.last;
      const under = isOne ? interfaceWords(field, span.first) : undefined;
      const target = mapping.verdict && verdictWords(mapping.verdict);
      return under === undefined || target === undefined ? [] : [{ under, mapping }];
    });
    const isForeseen = another === undefined && led.length === elements.length;
    return isForeseen ? [...led].sort((a, b) => (a.under.join(' ') < b.under.join(' ') ? -1 : 1)) : undefined;
  }

  private readChain(chain: NativeChain, { under, place }: WayIn): void {
    if (this.read.has(chain.name)) return;
    this.read.add(chain.name);
    const standing = standIn(chain.name);
    for (const [at, rule] of chain.rules.entries()) {
      const { text, handle, verdict } = rule;
      const listed = { table: this.name, chain: chain.name, text, handle };
      const words = this.wordsOf(chain, rule, under);
      if (words === undefined) this.unforeseen.push(text);
      this.add(words ?? spelled(under, remark(text)), { chain: standing, at, place, listed });
      if (verdict === undefined || 'is' in verdict) continue;
      const led = this.ledBy(verdict);
      if (led === undefined && typeof verdict.among === 'string') this.ask(`map ${verdict.among}`);
      for (const one of led ?? []) this.readElement(one, `${chain.name} ${String(at)}`);
    }
  }

  private readElement({ under, mapping }: Led, place: string): void {
    const next = this.table.chains.get(mapping.verdict?.chain ?? '');
    const way = next && this.ownWay(next.name);
    // The chain of one interface alone is called by that: what it is named does not matter.
    const [by = '', ...target] = (mapping.verdict && verdictWords(mapping.verdict)) ?? [];
    const words = spelled(under, way === undefined ? [by, ...target] : [by, '@']);
    this.add(words, { chain: standIn(place), at: 0, place: `${place} element` });
    if (next !== undefined && way !== undefined) this.readChain(next, way);
  }

  private wordsOf(chain: NativeChain, rule: NativeRule, under: readonly string[]): string | undefined {
    const { verdict } = rule;
    if (verdict === undefined) return ruleWords(rule, this.family, under, []);
    if (!('is' in verdict)) {
      if (this.ledBy(verdict) === undefined) return undefined;
      const { fields, among } = verdict;
      const map = typeof among === 'string' ? among : '';
      return ruleWords(rule, this.family, under, ['-j', ['vmap', ...fields, map].join(':')]);
    }
    const [by, target, ...options] = verdictWords(verdict) ?? [];
    if (by === undefined || target === undefined) return undefined;
    // What decides further on is told with the chains that led there.
    const isLeading = under.length > 0 && verdict.chain !== undefined;
    return ruleWords(rule, this.family, under, [
      by,
      isLeading ? `${chain.name}:${target}` : target,
      ...options,
    ]);
  }

  private add(words: string, { place, ...where }: Omit<WordedRule, 'rule' | 'table'>): void {
    const rule = makeRule(words);
    this.rules.push({ rule, table: this.name, place: `native ${this.name} ${place}`, ...where });
  }
}

/** A set or a map, as nft lists it. */
const LISTING = /^\s*(set|map) (\S+) \{[^]*?^\s*\}/gm;

/** An element of which it is not known whom it leads on. */
const unforeseenLed = (mapping: Mapping): Led => ({ under: [], mapping });

/** What stands for a chain of nftables'. */
const standIn = (name: string): Chain => ({ name, policy: '-', counters: '', rules: [] });
