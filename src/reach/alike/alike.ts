import { blockOf, overlap, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { portRange } from '../../trace/match/ports.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import { namesAskedBy, type AskedNames } from './asked-names.ts';
import { ConcernedRules, type Concerned, type Ends } from './concerned-rules.ts';
import { wordedTables } from './docker-tables.ts';
import type { End, EndClass } from './end.ts';
import { Forms, type AskedEnds, type Form } from './forms.ts';
import { AlikeNetworks } from './networks.ts';
import { localType } from '../../trace/routing/local.ts';
import { FROM_PORT } from '../question.ts';
import { pairKey, RuleIndex } from './rule-index.ts';
import { OpenEnds } from './open-ends.ts';
import { openAddress, OpenRules, type Opening } from './open-rules.ts';
import type { KnownNames, RuleNeeds } from './rule-needs.ts';

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
 * asked for (a set, tables of nftables' own beside Docker's) no two are of one class.
 */
export class Alike {
  private readonly index: RuleIndex;
  private readonly concerned: ConcernedRules;
  private readonly forms: Forms;
  private readonly rules = new OpenRules();
  private readonly blocks: readonly string[];
  private readonly ranges: readonly string[];
  private readonly asked: AskedNames;
  private readonly isOpaque: boolean;
  private readonly ids = new Map<string, number>();
  private readonly known = new Map<string, EndClass>();
  private readonly positions = new Map<string, string>();
  private readonly subnets: readonly { readonly subnet: AddressBlock; readonly parts: readonly string[] }[];

  constructor(netState: NetworkState, family: Family, names: KnownNames) {
    const worded = wordedTables(netState, family);
    const asked = namesAskedBy(netState, worded.others, family, names);
    this.index = new RuleIndex(netState, family, names, worded, asked.led);
    this.concerned = new ConcernedRules(netState, family, names, this.index);
    const routing = netState.routeRules.filter((rule) => rule.family === family);
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
    // What holds a whole subnet, or nothing of it, tells no two of its addresses apart.
    this.subnets = names.subnets.map((subnet) => ({
      subnet,
      parts: this.blocks.filter((text) => {
        const block = blockOf(text);
        return block !== undefined && block.length > subnet.length && overlap(subnet, block);
      }),
    }));
    this.ranges = [...this.index.ranges];
    this.forms = new Forms({
      networks: new AlikeNetworks({ netState, family, names, index: this.index, asked }),
      rules: this.rules,
      ends: new OpenEnds(this.rules, names, (end) => this.portsOf(end)),
      concerned: this.concerned,
      isOrdinary: (address) => localType(netState, family, address, undefined) === 'UNICAST',
    });
    this.isOpaque =
      asked.isOpaque ||
      this.index.isOpaque ||
      routing.some(({ fields }) => Object.keys(fields).some((name) => !PLAIN_FIELDS.has(name)));
  }

  /** See {@link ConcernedRules.concerning}. */
  concerning(ends: Ends): Concerned {
    return this.concerned.concerning(ends);
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
    const open: Opening = (word, isPort) =>
      isPort
        ? word === String(port)
          ? 'P'
          : word === String(hostPort)
            ? 'H'
            : undefined
        : openAddress(word, address, port, 'A');
    const key = [
      ...(this.isOpaque ? [`${address} ${String(port)} ${String(hostPort)}`] : []),
      this.positionOf(address),
      this.portsOf(end),
      ...own.map(({ rule, place }) => `${place} ${this.rules.spelled(rule, open)}`),
    ].join('\n');
    const id = this.ids.get(key) ?? this.ids.size;
    this.ids.set(key, id);
    const elsewhere = own.flatMap(({ needs }) => needs.leadsTo.filter((one) => one !== address));
    return { id, placed: own, elsewhere };
  }

  /** In which of the blocks that anything asks for an address is. */
  private positionOf(address: string): string {
    const known = this.positions.get(address);
    if (known !== undefined) return known;
    const own = blockOf(address);
    const home = own === undefined ? -1 : this.subnets.findIndex(({ subnet }) => overlap(subnet, own));
    const blocks = this.subnets[home]?.parts ?? this.blocks;
    const found = `${String(home)} ${blocks.map((block) => (isWithin(own, block) ? '1' : '0')).join('')}`;
    this.positions.set(address, found);
    return found;
  }

  /** In which ports and ranges that anything asks for the ports of an end are. */
  private portsOf({ port, hostPort }: End): string {
    const among = this.ranges.map((range) =>
      [port, hostPort].map((one) => (isAmong(one, range) ? '1' : '0')).join(''),
    );
    return [
      port === hostPort ? 'same' : 'other',
      among.join(''),
      ...[port, hostPort].map((one) => this.asked.portClass(one)),
    ].join('\n');
  }

  /**
   * The form of a question: see {@link Forms}.
   *
   * @param said - all else that tells it from others
   */
  formOf(ends: AskedEnds, said: string): Form | undefined {
    return this.isOpaque || this.isPair(ends.from, ends.end.address, ends.own)
      ? undefined
      : this.forms.of(ends, said);
  }

  /**
   * In which order two ends meet the rules that only one of them has: of rules of one chain, one that asks where a packet comes from
   * and one that asks where it goes may both apply.
   */
  orderOf(a: EndClass, b: EndClass): string {
    return a.placed
      .flatMap((one) =>
        b.placed.flatMap((other) =>
          one.chain === other.chain && !excludeEachOther(one.needs, other.needs)
            ? [one.order < other.order ? '<' : '>']
            : [],
        ),
      )
      .join('');
  }

  /**
   * Whether rules name both addresses at once, or the first and one that the second may be translated to: then what holds for each alone says
   * nothing of the two.
   */
  isPair(from: string, to: string, { elsewhere }: Pick<EndClass, 'elsewhere'>): boolean {
    if (from === '' || from === to || !this.index.paired.has(from)) return false;
    return [to, ...elsewhere, ...this.asked.led].some((one) => this.index.pairs.has(pairKey(from, one)));
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

const isWithin = (own: AddressBlock | undefined, text: string): boolean => {
  const block = blockOf(text);
  return own !== undefined && block !== undefined && overlap(own, block);
};

/** Whether a port is in a list of ports and ranges, `80,443,1000:2000`. */
const isAmong = (port: number, list: string): boolean =>
  list.split(',').some((one) => {
    const [low, high] = portRange(one) ?? [];
    return low !== undefined && high !== undefined && low <= port && port <= high;
  });
