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
  /** They ask for what tells containers apart and is not foreseen here. */
  readonly isOpaque: boolean;
}

const ADDRESS = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:]*:[\da-f:.]*)`;
const ADDRESSES = new RegExp(String.raw`${ADDRESS}(?:/\d{1,3}|-${ADDRESS})?`, 'gi');
const PORTS = /(?<![\w.:/-])(\d{1,5})(?:-(\d{1,5}))?(?![\w.:/-])/g;
/** Values that are computed of a packet, so that no list of names tells what they are; and bits of an address alone. */
const COMPUTED = /\b(?:jhash|symhash|numgen|concat|payload)\b|@(?:nh|th|ll),|\b[sd]addr &/;
/** `dport > 1023`. */
const BOUND = /[<>]=? (\d{1,5})\b/g;

/** Reads every address and port that sets and nftables' own tables hold. */
export function namesAskedBy(
  { sets, natives = [] }: Pick<NetworkState, 'sets' | 'natives'>,
  family: Family,
  { subnets }: KnownNames,
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
  return {
    blocks: [...blocks].filter((text) => {
      const block = blockOf(text);
      return block !== undefined && subnets.some((one) => overlap(one, block));
    }),
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
