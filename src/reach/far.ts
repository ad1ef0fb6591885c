import { blockOf, formatBlock, overlap, type AddressBlock } from '../net/address.ts';
import type { Family } from '../net/family.ts';
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
 * Somebody in each large part of the address space that a rule names, such as `0.0.0.0/1`: there the rule may decide otherwise than for
 * everybody else.
 */
export function partsOutside({ rulesets }: NetworkState, family: Family): readonly string[] {
  const found = new Set<string>();
  for (const { rules } of rulesets)
    for (const { chains } of rules[family].tables.values())
      for (const chain of chains.values())
        for (const { text } of chain.rules)
          for (const [, not = '', named = '', length = ''] of text.matchAll(NAMED)) {
            const block = Number(length) <= LARGE[family] ? blockOf(`${named}/${length}`) : undefined;
            const part = block && partOf(block, not !== '');
            if (part !== undefined) found.add(part);
          }
  return [...found].slice(0, MOST_PARTS);
}

const NAMED = /(! )?-[sd] ([0-9a-f.:]+)\/(\d+) /g;

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

const addressOf = (family: Family, base: bigint): string =>
  formatBlock({ family, base, length: bits[family] }).replace(/\/.*$/, '');
