import { blockOf, formatBlock, overlap, type AddressBlock } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import { memory } from '../trace/memory.ts';
import type { NetworkState } from '../trace/network-state.ts';

/** Addresses of documentation: nobody's, so that they stand for anybody (RFC 5737, RFC 3849). */
export const FAR = { ipv4: '203.0.113.77', ipv6: '2001:db8:cafe::77' } as const;

/**
 * The longest prefix that is a large part of the address space: a rule about less is a ban of some addresses. Bogon filters, such as of
 * 10.0.0.0/8, are longer.
 */
const LARGE = { ipv4: 7, ipv6: 16 } as const;

/** What {@link partsOutside} makes: {@link FAR} with other first bits, neither private, loopback nor multicast. */
const STANDS_FOR_MANY = {
  ipv4: /^(?!(?:0|10|127)\.)(?:\d|[1-9]\d|1\d\d|2[01]\d|22[0-3])\.0\.113\.77$/,
  ipv6: /^[23][0-9a-f]{3}:db8:cafe::77$/,
} as const;

/** Whether an address stands for anybody outside, or in a large part of it: nothing is to be sent to it. */
export const isNobodys = (address: string): boolean =>
  Object.values(STANDS_FOR_MANY).some((pattern) => pattern.test(address));

/** So many parts that a host's rules may name. */
const MOST_PARTS = 4;

/**
 * Somebody in each large part of the address space that a rule, a set or one of nftables' own tables names, such as `0.0.0.0/1`: there it may
 * be decided otherwise than for everybody else.
 */
export const partsOutside = (netState: NetworkState, family: Family): readonly string[] =>
  allParts(netState, family).slice(0, MOST_PARTS);

/** How many parts that rules name nobody asks from: there are more than are asked. */
export const partsUnasked = (netState: NetworkState, family: Family): number =>
  Math.max(0, allParts(netState, family).length - MOST_PARTS);

const allParts = (netState: NetworkState, family: Family): readonly string[] =>
  known(netState.cutFrom ?? netState, family, () => [
    ...new Set(
      [...textsOf(netState, family)].flatMap((text) =>
        partsIn(text, family).flatMap(({ block, negated }) => partOf(block, negated) ?? []),
      ),
    ),
  ]);

const known = memory<readonly string[]>();

/** Everything that may name a part of the address space: rules, what sets hold, nftables' own tables. */
function* textsOf({ rulesets, sets, natives }: NetworkState, family: Family): Iterable<string> {
  for (const { rules } of rulesets)
    for (const { chains } of rules[family].tables.values())
      for (const chain of chains.values()) for (const { text } of chain.rules) yield text;
  for (const set of sets?.values() ?? []) if (set.family === family) yield* set.members;
  for (const { text } of natives ?? []) yield text;
}

/** A block or a range of addresses, and what stands before it. */
const NAMED = {
  ipv4: /(!=? (?:-[sd] |--(?:src|dst)-range )?)?(\d+\.\d+\.\d+\.\d+)(?:\/([1-7])(?!\d)|-(\d+\.\d+\.\d+\.\d+))/g,
  ipv6: /(!=? (?:-[sd] |--(?:src|dst)-range )?)?(?<![0-9a-f:])([0-9a-f]*:[0-9a-f:]*)(?:\/([1-9]|1[0-6])(?!\d)|-([0-9a-f]*:[0-9a-f:]*))/g,
} as const;

interface NamedPart {
  readonly block: AddressBlock;
  readonly negated: boolean;
}

const partsIn = (text: string, family: Family): readonly NamedPart[] =>
  [...text.matchAll(NAMED[family])].flatMap(([, not = '', first = '', length, last]) => {
    const block = length === undefined ? largestIn(first, last ?? '') : blockOf(`${first}/${length}`);
    return block === undefined || block.length > LARGE[family] ? [] : [{ block, negated: not !== '' }];
  });

/** The largest block that a range of addresses holds whole. */
function largestIn(first: string, last: string): AddressBlock | undefined {
  const [low, high] = [blockOf(first), blockOf(last)];
  if (low === undefined || high === undefined || low.family !== high.family) return undefined;
  const { family } = low;
  for (let length = 1; length <= LARGE[family]; length++) {
    const size = 1n << BigInt(bits[family] - length);
    const base = ((low.base + size - 1n) / size) * size;
    if (base + size - 1n <= high.base) return { family, base, length };
  }
  return undefined;
}

const bits = { ipv4: 32, ipv6: 128 } as const;

function partOf(block: AddressBlock, isNegated: boolean): string | undefined {
  const { family, length, base } = block;
  const far = blockOf(FAR[family]);
  if (far === undefined || length === 0) return undefined;
  const host = BigInt(bits[family] - length);
  const low = far.base & ((1n << host) - 1n);
  const isFars = overlap(block, far);
  if (isFars && !isNegated) return undefined;
  // Everybody but this part: somebody who is not of it.
  const address = addressOf(family, isFars ? far.base ^ (1n << host) : base | low);
  return isNobodys(address) ? address : undefined;
}

/** Others of the same large part of the address space, and of no smaller one: whom a ban of some addresses does not concern. */
export function othersOfPart(address: string): readonly string[] {
  const block = blockOf(address);
  if (block === undefined) return [];
  const { family, base } = block;
  const below = BigInt(bits[family] - LARGE[family] - 1);
  const near = [0n, 1n, 2n].map((step) => base ^ (1n << below) ^ (step << (below - 3n)));
  return near.map((one) => addressOf(family, one));
}

/** The address of a number. */
export const addressOf = (family: Family, base: bigint): string =>
  formatBlock({ family, base, length: bits[family] }).replace(/\/.*$/, '');
