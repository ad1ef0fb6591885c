import { formatBlock, parseBlock } from '../../../src/net/address.ts';
import type { Family } from '../netns.ts';

/** The town's IPv6 addresses are its IPv4 ones behind this /96, so that one map, one set of rules and one die serve both. */
const PREFIX = 0x2001_0db8n << 96n;
const LOW = 0xffff_ffffn;

const written = (family: Family, base: bigint): string =>
  formatBlock({ family, base, length: family === 'ipv4' ? 32 : 128 }).split('/')[0] ?? '';

function counterpart(address: string): string {
  const block = parseBlock(address);
  if (block === undefined) throw new Error(`${address} is no IPv4 address`);
  // IPv6 has one loopback address, not a network of them.
  return address.startsWith('127.') ? '::1' : written('ipv6', PREFIX | block.base);
}

/** Text with the town's IPv4 addresses in the words of a family: blocks, ranges and `address:port` as well. */
export function inFamily(family: Family, text: string): string {
  if (family === 'ipv4') return text;
  return text.replaceAll(
    /(\d+(?:\.\d+){3})(?:\/(\d+))?(:\d+(?:-\d+)?)?/g,
    (_, address: string, length?: string, port?: string) => {
      const other = `${counterpart(address)}${length === undefined ? '' : `/${String(Number(length) + 96)}`}`;
      return port === undefined ? other : `[${other}]${port}`;
    },
  );
}

/** The IPv4 address that is used for one of either family in the town's map; any other stays as it is. */
export function onMap(address: string): string {
  if (address === '::1') return '127.0.0.1';
  const block = parseBlock(address);
  if (block?.family !== 'ipv6' || block.base >> 32n !== PREFIX >> 32n) return address;
  return written('ipv4', block.base & LOW);
}

/** What a family calls what both have, in rules and in sets. */
export const WORDS = {
  ipv4: {
    ...{ icmp: 'icmp', match: 'icmp', option: '--icmp-type', types: ['8', '0', '8/0', 'any', '13'] },
    ...{ setLife: 'TTL --ttl-set 60', life: '-m ttl --ttl-gt 3', prohibited: 'icmp-admin-prohibited' },
    kinds: ['LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST'],
  },
  ipv6: {
    ...{ icmp: 'ipv6-icmp', match: 'icmp6', option: '--icmpv6-type' },
    types: ['128', '129', '128/0', '255', '133'],
    ...{ setLife: 'HL --hl-set 60', life: '-m hl --hl-gt 3', prohibited: 'icmp6-adm-prohibited' },
    kinds: ['LOCAL', 'UNICAST', 'ANYCAST', 'MULTICAST'],
  },
} as const;

/** The name of a set: those of addresses hold one family's alone. */
export const setName = (family: Family, name: string): string =>
  family === 'ipv4' || name === 'ports' ? name : `${name}6`;
