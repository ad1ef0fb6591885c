import { familyOf, type Family } from './family.ts';

/** A block of addresses: the network's bits and how many of them count. */
export interface AddressBlock {
  readonly family: Family;
  readonly base: bigint;
  readonly length: number;
}

const WIDTH = { ipv4: 32, ipv6: 128 } as const;

/**
 * Reads `address` or `address/length` as save and the Engine print them; host bits are masked off.
 * Undefined for anything else (a host name, a mask in dotted form).
 */
export function parseBlock(text: string): AddressBlock | undefined {
  const [address = '', lengthText, ...rest] = text.split('/');
  const family = familyOf(address);
  const bits = family === 'ipv6' ? parseIpv6(address) : parseIpv4(address);
  const width = WIDTH[family];
  if (rest.length > 0 || (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText))) return undefined;
  const length = lengthText === undefined ? width : Number(lengthText);
  if (bits === undefined || length > width) return undefined;
  const hostBits = BigInt(width - length);
  return { family, base: (bits >> hostBits) << hostBits, length };
}

const MOST_BLOCKS = 10_000;
const blocks = new Map<string, AddressBlock | undefined>();

/** As {@link parseBlock}, for texts that come again and again: what they read as is remembered. */
export function blockOf(text: string): AddressBlock | undefined {
  const known = blocks.get(text);
  if (known !== undefined || blocks.has(text)) return known;
  if (blocks.size >= MOST_BLOCKS) blocks.clear();
  const block = parseBlock(text);
  blocks.set(text, block);
  return block;
}

/** Whether two blocks share an address. Blocks of different families never do. */
export function overlap(a: AddressBlock, b: AddressBlock): boolean {
  if (a.family !== b.family) return false;
  if (a.length === b.length) return a.base === b.base;
  const hostBits = BigInt(WIDTH[a.family] - Math.min(a.length, b.length));
  return a.base >> hostBits === b.base >> hostBits;
}

/** As {@link overlap}, of texts: those that are no blocks share nothing. */
export function overlapping(a: string, b: string): boolean {
  const [one, other] = [blockOf(a), blockOf(b)];
  return one !== undefined && other !== undefined && overlap(one, other);
}

/** One spelling for every spelling of the same address or block; other text stays as it is. */
export function canonicalBlock(text: string): string {
  const block = parseBlock(text);
  return block === undefined ? text : `${block.family} ${block.base.toString(16)}/${String(block.length)}`;
}

const LOOPBACK = { ipv4: '127.0.0.0/8', ipv6: '::1/128' } as const;

/** Whether an address, without a prefix length, is one of this host alone. */
export function isLoopback(address: string): boolean {
  const own = blockOf(address);
  const loopback = own && blockOf(LOOPBACK[own.family]);
  return own !== undefined && loopback !== undefined && overlap(own, loopback);
}

/** Whether an address means every address of its family. */
export const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::';

/** An address as it is written in front of a port: `192.0.2.1`, `[2001:db8::1]`. */
export const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** `192.0.2.1:80`, `[2001:db8::1]:80`. */
export const hostPort = (address: string, port: number): string => `${bracketed(address)}:${String(port)}`;

/** Whether two spellings name the same block. Texts that are no blocks are equal only to the letter. */
export function sameBlock(a: string, b: string): boolean {
  if (a === b) return true;
  const blockA = parseBlock(a);
  const blockB = parseBlock(b);
  if (blockA === undefined || blockB === undefined) return a === b;
  return blockA.family === blockB.family && blockA.base === blockB.base && blockA.length === blockB.length;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let bits = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    bits = (bits << 8n) | BigInt(part);
  }
  return bits;
}

function parseIpv6(text: string): bigint | undefined {
  const [head = '', tail, ...rest] = text.split('::');
  if (rest.length > 0) return undefined;
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  let bits = 0n;
  for (const group of [...left, ...new Array<string>(missing).fill('0'), ...right]) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    bits = (bits << 16n) | BigInt(`0x${group}`);
  }
  return bits;
}

const groupsOf = (text: string): readonly string[] => {
  if (text === '') return [];
  const groups = text.split(':');
  const last = groups.at(-1) ?? '';
  const embedded = last.includes('.') ? parseIpv4(last) : undefined;
  if (embedded === undefined) return groups;
  return [...groups.slice(0, -1), (embedded >> 16n).toString(16), (embedded & 0xffffn).toString(16)];
};

/** A block as iptables-save prints it: host bits masked off, IPv6 in the short form of RFC 5952. */
export function formatBlock({ family, base, length }: AddressBlock): string {
  return `${family === 'ipv4' ? formatIpv4(base) : formatIpv6(base)}/${String(length)}`;
}

const formatIpv4 = (bits: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');

function formatIpv6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  let gap = { start: -1, length: 1 };
  groups.forEach((_, start) => {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > gap.length) gap = { start, length };
  });
  if (gap.start === -1) return groups.join(':');
  return `${groups.slice(0, gap.start).join(':')}::${groups.slice(gap.start + gap.length).join(':')}`;
}
