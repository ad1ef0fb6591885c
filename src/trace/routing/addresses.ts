import { overlap, blockOf, type AddressBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { MatchResult } from '../match-result.ts';

/** Whether an address lies in a block; not known where either is none. */
export function inBlock(address: string, block: AddressBlock | undefined): MatchResult {
  const own = blockOf(address);
  if (own === undefined || block === undefined) return 'an address that cannot be read';
  return overlap(own, block);
}

/** Whether an address is one of `first` to `last`. */
export function inRange(address: string, first: string, last: string): MatchResult {
  const [own, low, high] = [address, first, last].map(blockOf);
  if (own === undefined || low === undefined || high === undefined) return 'an address that cannot be read';
  return own.family === low.family && low.base <= own.base && own.base <= high.base;
}

/** Whether two texts name the same address. */
export const sameAddress = (a: string, b: string): boolean => a === b || inBlock(a, blockOf(b)) === true;

const MULTICAST = { ipv4: blockOf('224.0.0.0/4'), ipv6: blockOf('ff00::/8') };
const LINK_LOCAL = blockOf('fe80::/10');
const THIS_NETWORK = blockOf('0.0.0.0/8');

export const isMulticast = (family: Family, address: string): boolean =>
  inBlock(address, MULTICAST[family]) === true;

export const isLinkLocal = (address: string): boolean => inBlock(address, LINK_LOCAL) === true;

/** An address of 0.0.0.0/8: of nobody, or of whoever is asked. */
export const isZeronet = (address: string): boolean => inBlock(address, THIS_NETWORK) === true;
