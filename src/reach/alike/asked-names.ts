import { blockOf, overlap, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import type { KnownNames } from './rule-needs.ts';

/** What sets and nftables' own tables ask of the ends of packets. */
export interface AskedNames {
  /** Blocks and addresses that they hold. */
  readonly blocks: readonly string[];
  /** Two ports of one class are in the same of the ports and ranges that they hold. */
  readonly portClass: (port: number) => string;
  /** Names of interfaces that they hold; `eth*` is every name that begins with `eth`. */
  readonly interfaces: readonly string[];
  /** Containers that the tables may lead packets to. */
  readonly led: readonly string[];
  /** They ask for what tells containers apart and is not foreseen here. */
  readonly isOpaque: boolean;
}

const ADDRESS = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:]*:[\da-f:.]*)`;
const ADDRESSES = new RegExp(String.raw`${ADDRESS}(?:/\d{1,3}|-${ADDRESS})?`, 'gi');
const PORTS = /(?<![\w.:/-])(\d{1,5})(?:-(\d{1,5}))?(?![\w.:/-])/g;
/**
 * Values that are computed of a packet, so that no list of names tells what they are; and bits of an address or of ports alone. Behind the
 * ports, from bit 32 of the transport header on, like packets are alike.
 */
const COMPUTED =
  /\b(?:jhash|symhash|numgen|concat|payload)\b|@(?:nh|ll),|@th,(?:[12]?\d|3[01]),|\b[sd]addr &/;
/** `dport > 1023`. */
const BOUND = /[<>]=? (\d{1,5})\b/g;

/**
 * Reads every address and port that sets and nftables' own tables hold.
 *
 * @param natives - of the tables, those of whose rules it is not known whom they concern
 */
export function namesAskedBy(
  { sets }: Pick<NetworkState, 'sets'>,
  natives: NonNullable<NetworkState['natives']>,
  family: Family,
  { subnets, containers }: KnownNames,
): AskedNames {
  const listed = natives.filter(({ table }) => isFor(table, family)).map(({ text }) => text);
  const own = listed.map(withoutNoise);
  const members = [...(sets?.values() ?? [])]
    .filter((set) => set.family === family)
    .flatMap((set) => set.members);
  const texts = [...own, ...members];
  const blocks = new Set<string>();
  const single = new Set<number>();
  const portSpans = new Set<string>();
  const bounds = new Set<number>();
  let isOpaque = own.some((text) => COMPUTED.test(text));
  for (const text of texts) {
    for (const [found] of text.matchAll(ADDRESSES)) {
      const [first = '', last] = found.split('-');
      if (last === undefined) blocks.add(first);
      else isOpaque ||= subnets.some((subnet) => spans(subnet, first, last));
    }
    for (const [, low = '', high] of text.replaceAll(ADDRESSES, ' ').matchAll(PORTS)) {
      if (high === undefined) single.add(Number(low));
      else portSpans.add(`${low}-${high}`);
    }
    for (const [, port = ''] of text.matchAll(BOUND)) bounds.add(Number(port));
    // Of an element of a set the port stands behind the protocol: `192.0.2.1,tcp:80`.
    for (const [, port = ''] of text.matchAll(/:(\d{1,5})(?![\w.:/])/g)) single.add(Number(port));
  }
  const ranges = [...portSpans].map((span) => span.split('-').map(Number));
  const held = [...blocks].filter((text) => {
    const block = blockOf(text);
    return block !== undefined && subnets.some((one) => overlap(one, block));
  });
  return {
    blocks: held,
    led: own.some((text) => /\bdnat\b/.test(text)) ? containersIn(held, containers) : [],
    portClass: (port) =>
      [
        single.has(port) ? String(port) : '',
        ...[...bounds].map((bound) => (port < bound ? '<' : port > bound ? '>' : '=')),
        ...ranges.map(([low = 0, high = 0]) => (low <= port && port <= high ? '1' : '0')),
      ].join(''),
    interfaces: [
      ...listed.flatMap((text) => [...text.matchAll(/"([^"\n]*)"/g)].map(([, name = '']) => name)),
      ...members.flatMap((member) => member.split(/[\s,:]/)),
    ],
    isOpaque,
  };
}

function containersIn(texts: readonly string[], containers: ReadonlySet<string>): readonly string[] {
  const blocks = texts.flatMap((text) => blockOf(text) ?? []);
  return [...containers].filter((address) => {
    const own = blockOf(address);
    return own !== undefined && blocks.some((block) => overlap(block, own));
  });
}

const isFor = (table: string, family: Family): boolean =>
  !table.startsWith(family === 'ipv4' ? 'ip6 ' : 'ip ');

/** A listing without counters, handles, and strings. */
const withoutNoise = (text: string): string =>
  text
    .replaceAll(/"[^"\n]*"/g, '""')
    .replaceAll(/\bcounter packets \d+ bytes \d+/g, '')
    .replaceAll(/# handle \d+/g, '');

/** Whether a range of addresses has any in common with a subnet. */
function spans(subnet: AddressBlock, first: string, last: string): boolean {
  const [low, high] = [blockOf(first), blockOf(last)];
  if (low === undefined || high === undefined || low.family !== subnet.family) return false;
  const size = 1n << BigInt((subnet.family === 'ipv4' ? 32 : 128) - subnet.length);
  return low.base < subnet.base + size && subnet.base <= high.base;
}
