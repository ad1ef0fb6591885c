import type { Rule } from '../../firewall/iptables/text/model.ts';
import { blockOf, overlap } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { portRange } from '../../trace/match/ports.ts';
import { memory } from '../../trace/memory.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import { namesAskedBy, type AskedNames } from './asked-names.ts';
import { FROM_PORT } from '../question.ts';
import { pairKey, RuleIndex, type PlacedRule } from './rule-index.ts';
import { opened, type KnownNames, type RuleNeeds } from './rule-needs.ts';

/** One end of a packet that is asked about. Ports are 0 where none is. */
export interface End {
  readonly address: string;
  readonly port: number;
  readonly hostPort: number;
}

/** A class of ends whose packets fare alike, and the rules that only this end meets, in order. */
export interface EndClass {
  /** A number for each class. */
  readonly id: number;
  readonly own: readonly Rule[];
  readonly placed: readonly PlacedRule[];
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
  private readonly index: RuleIndex;
  private readonly blocks: readonly string[];
  private readonly ranges: readonly string[];
  private readonly asked: AskedNames;
  private readonly isOpaque: boolean;
  private readonly ids = new Map<string, number>();
  private readonly known = new Map<string, EndClass>();

  constructor(netState: NetworkState, family: Family, names: KnownNames) {
    this.index = new RuleIndex(netState, family, names);
    const routing = netState.routeRules.filter((rule) => rule.family === family);
    const asked = namesAskedBy(netState, family, names);
    this.asked = asked;
    this.blocks = [
      ...new Set([
        ...this.index.blocks,
        ...asked.blocks,
        ...netState.routes.filter((route) => route.family === family).map(({ to }) => to),
        ...routing.flatMap(({ fields }) => ['src', 'dst'].map((end) => blockIn(fields, end))),
      ]),
    ].filter((text) => {
      const block = blockOf(text);
      return block !== undefined && names.subnets.some((subnet) => overlap(subnet, block));
    });
    this.ranges = [...this.index.ranges];
    this.isOpaque =
      asked.isOpaque ||
      this.index.isOpaque ||
      routing.some(({ fields }) => Object.keys(fields).some((name) => !PLAIN_FIELDS.has(name)));
  }

  /** See {@link RuleIndex.stateFor}. */
  stateFor(...ends: Parameters<RuleIndex['stateFor']>): NetworkState {
    return this.index.stateFor(...ends);
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
      ...(this.index.byAddress.get(address) ?? []).filter(({ needs }) => mayConcern(needs, address, ports)),
      ...[...ports]
        .flatMap((one) => this.index.byPort.get(one) ?? [])
        .filter(({ needs }) => needs.ports.every((one) => ports.has(one.port))),
    ].sort((a, b) => a.order - b.order);
    const within = this.blocks.map((block) => (isWithin(address, block) ? '1' : '0')).join('');
    const among = this.ranges.map((range) =>
      [port, hostPort].map((one) => (isAmong(one, range) ? '1' : '0')).join(''),
    );
    const key = [
      ...(this.isOpaque ? [`${address} ${String(port)} ${String(hostPort)}`] : []),
      port === hostPort ? 'same' : 'other',
      within,
      among.join(''),
      ...[port, hostPort].map((one) => this.asked.portClass(one)),
      ...own.map(({ rule, place }) => `${place} ${opened(rule, end)}`),
    ].join('\n');
    const id = this.ids.get(key) ?? this.ids.size;
    this.ids.set(key, id);
    return { id, own: own.map(({ rule }) => rule), placed: own };
  }

  /**
   * In which order two ends meet the rules that only one of them has: of rules at the same place, one that asks where a packet comes from
   * and one that asks where it goes may both apply.
   */
  orderOf(a: EndClass, b: EndClass): string {
    return a.placed
      .flatMap((one) =>
        b.placed.flatMap((other) =>
          one.place === other.place && !excludeEachOther(one.needs, other.needs)
            ? [one.order < other.order ? '<' : '>']
            : [],
        ),
      )
      .join('');
  }

  /** Whether rules name both addresses at once: then what holds for each alone says nothing of the two. */
  isPair(a: string, b: string): boolean {
    return this.index.pairs.has(pairKey(a, b));
  }

  /** Whether any rule names an address together with another one. */
  isPaired(address: string): boolean {
    return this.index.paired.has(address);
  }
}

/** Two rules for two addresses at one end of a packet: none meets both. */
const excludeEachOther = (a: RuleNeeds, b: RuleNeeds): boolean =>
  a.sides.some((side) => side !== 'either' && b.sides.includes(side));

/** Whether a rule that names an address may concern packets of it: a port that it asks of the other end is whatever is asked there. */
const mayConcern = (
  { addresses, sides, ports }: RuleNeeds,
  address: string,
  own: ReadonlySet<number>,
): boolean =>
  addresses.every((one) => one === address) &&
  ports.every(({ port, side }) => own.has(port) || (sides.length === 1 && sides[0] !== side));

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
