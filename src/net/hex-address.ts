import { formatBlock } from './address.ts';

/** Whether this machine puts a number's low byte first: the kernel prints addresses as numbers of the machine. */
const LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * An IPv4 address as /proc/net/tcp and /proc/net/route print it: one number of the machine, 8 hex digits.
 *
 * @param little - whether the machine is little-endian; this one's order when not given
 * @returns `192.0.2.1`
 */
export function ipv4OfHex(hex: string, little = LITTLE): string {
  const bytes = bytesOf(hex);
  return (little ? bytes.toReversed() : bytes).join('.');
}

/**
 * An IPv6 address as /proc/net/tcp6 prints it: four numbers of the machine, 32 hex digits.
 *
 * @param little - whether the machine is little-endian; this one's order when not given
 */
export function ipv6OfWords(hex: string, little = LITTLE): string {
  const words = hex.match(/.{8}/g) ?? [];
  return ipv6OfHex(little ? words.map((word) => (word.match(/../g) ?? []).reverse().join('')).join('') : hex);
}

/** An IPv6 address as /proc/net/if_inet6 and /proc/net/ipv6_route print it: 32 hex digits in the order of the network. */
export function ipv6OfHex(hex: string): string {
  if (/^0{20}f{4}/i.test(hex)) return `::ffff:${bytesOf(hex.slice(24)).join('.')}`;
  return formatBlock({ family: 'ipv6', base: BigInt(`0x${hex}`), length: 128 }).replace('/128', '');
}

/** How many bits of a netmask count. */
export const lengthOfMask = (mask: string): number =>
  mask
    .split('.')
    .map((byte) => Number(byte).toString(2).replaceAll('0', '').length)
    .reduce((sum, bits) => sum + bits, 0);

const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
