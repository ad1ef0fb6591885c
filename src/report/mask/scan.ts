import { parseBlock } from '../../net/address.ts';

/** What is found in a text, and what replaces it. Each is given as it is spelled. */
export interface Found {
  /** Four bytes as a number, and the prefix length where one follows. */
  v4(bits: number, length: number | undefined): number;
  v6(bits: bigint, length: number | undefined, text: string): string;
  /** Twelve hexadecimal digits, lower case. */
  mac(digits: string): string;
  /** Whether a number that is spelled another way is an address all the same. */
  isV4(bits: number): boolean;
  isMac(digits: string): boolean;
}

const dotted = (bits: number, between = '.'): string =>
  [24, 16, 8, 0].map((shift) => String((bits >>> shift) & 255)).join(between);

const hexOf = (bits: number): string => bits.toString(16).padStart(8, '0');

/** Bytes the other way round, as /proc/net on most machines has them. */
const swapped = (bits: number): number =>
  (((bits & 255) << 24) | ((bits & 0xff00) << 8) | ((bits >>> 8) & 0xff00) | (bits >>> 24)) >>> 0;

/** Spellings of addresses, the greedy ones first; whether a match is an address is checked afterwards. */
const SPELLINGS: readonly (readonly [string, RegExp])[] = [
  ['arpa', /(?:[0-9A-Fa-f]\.){4,}ip6\.arpa/],
  ['pairs', /(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![0-9A-Za-z])/],
  ['dashes', /(?<!\d)\d{1,3}(?:-\d{1,3}){3}(?!\d)/],
  ['colons', /(?:(?<![0-9A-Fa-f.])[0-9A-Fa-f.]+)?(?::[0-9A-Fa-f.]*){2,}(?:\/\d{1,3})?/],
  ['dots', /(?<!\d)\d{1,3}(?:\.\d{1,3}){3,}(?:\/\d{1,2}(?!\d))?/],
  // A mark is no address, nor is the mask behind a slash.
  [
    'hex',
    /(?<![0-9A-Za-z/])(?<!mark )(?:0x)?(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{12}|[0-9A-Fa-f]{7,8})(?![0-9A-Za-z])/,
  ],
  ['decimal', /(?<![0-9A-Za-z.])\d{8,10}(?![0-9A-Za-z.])/],
];
const ANY = new RegExp(SPELLINGS.map(([name, { source }]) => `(?<${name}>${source})`).join('|'), 'g');

/** Matches (bpf, u32) whose numbers may be addresses that are written nowhere else. */
const PROGRAM = /--(?:bytecode|u32) +(?:"[^"]*"|\S+)/g;

/** A text in which each address, however it is spelled, is replaced as `found` says. Other text stays. */
export function replaceAddresses(text: string, found: Found): string {
  const programs = text.includes('--') ? [...text.matchAll(PROGRAM)] : [];
  return text.replaceAll(ANY, (run: string, ...rest: readonly unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>;
    const at = rest.at(-3) as number;
    if (groups['arpa'] !== undefined) return 'masked.ip6.arpa';
    if (groups['pairs'] !== undefined) return paired(found.mac(run.replaceAll('-', '').toLowerCase()), '-');
    if (groups['dashes'] !== undefined) {
      const bits = bitsOf(run.split('-'));
      return bits === undefined ? run : dotted(found.v4(bits, undefined), '-');
    }
    if (groups['colons'] !== undefined)
      return colonRun(run, text[at - 1] ?? '', text[at + run.length] ?? '', found);
    if (groups['dots'] !== undefined) return dotRun(run, found);
    const programmed = programs.some(({ 0: word, index }) => at >= index && at < index + word.length);
    return numberWord(run, groups['hex'] !== undefined, programmed, found);
  });
}

/** Whether a number is a netmask: all ones before all zeros, or the other way round. */
export function isMask(bits: number): boolean {
  const ones = bits.toString(2).padStart(32, '0');
  return /^1*0*$/.test(ones) || /^0*1*$/.test(ones);
}

function bitsOf(octets: readonly string[]): number | undefined {
  if (octets.length !== 4 || octets.some((octet) => Number(octet) > 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

/** `172.17.0.2`, `172.17.0.0/16`; in a longer run any four numbers that can be one. */
function dotRun(run: string, found: Found): string {
  const [numbers = '', length] = run.split('/');
  const octets = numbers.split('.');
  const parts: string[] = [];
  for (let at = 0; at < octets.length;) {
    const bits = bitsOf(octets.slice(at, at + 4));
    const prefix = length !== undefined && octets.length === 4 ? Number(length) : undefined;
    parts.push(bits === undefined ? (octets[at] ?? '') : dotted(found.v4(bits, prefix)));
    at += bits === undefined ? 1 : 4;
  }
  return `${parts.join('.')}${length === undefined ? '' : `/${length}`}`;
}

/** A run of groups and colons: IPv6, MACs, a time of day, or numbers between colons. */
function colonRun(run: string, before: string, after: string, found: Found): string {
  const [whole = '', slash] = run.split('/');
  const end = slash === undefined ? '' : `/${slash}`;
  const groups = whole.split(':');
  // A word that only ends, or begins, like a group: `inet6:2001:db8::1`.
  const from = /[0-9A-Za-z_-]/.test(before) && !whole.startsWith(':') ? 1 : 0;
  const cut = /[0-9A-Za-z_]/.test(after) && slash === undefined && !whole.endsWith(':');
  const to = cut ? groups.length - 1 : groups.length;
  const isMac = (size: number): boolean => size >= 6 && size !== 8;
  // The longest part that is an address; a colon or a full stop of the sentence may be on either side.
  for (let size = to - from; size >= 2; size--)
    for (let start = from; start + size <= to; start++) {
      const part = groups
        .slice(start, start + size)
        .join(':')
        .replace(/\.$/, '');
      const left = groups.slice(0, start).map((group) => `${group}:`);
      const right = whole.slice(left.join('').length + part.length);
      const length = slash === undefined || right !== '' ? undefined : Number(slash);
      const masked =
        isMac(size) && /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+$/.test(part)
          ? macRun(part.split(':'), found)
          : v6Part(part, length, found);
      if (masked === undefined) continue;
      const others = (text: string): string => replaceAddresses(text, found);
      return `${others(left.join(''))}${masked}${others(right)}${end}`;
    }
  // None, but its parts may be: `192.0.2.1:8080:80`.
  return groups.map((group) => replaceAddresses(group, found)).join(':') + end;
}

function v6Part(part: string, length: number | undefined, found: Found): string | undefined {
  const block = part.includes('::') || part.split(':').length >= 7 ? parseBlock(part) : undefined;
  return block === undefined ? undefined : found.v6(block.base, length, part);
}

/** MACs one after another, as in a log of the kernel; what is left over stays. */
function macRun(pairs: readonly string[], found: Found): string {
  const parts: string[] = [];
  for (let at = 0; at < pairs.length; at += 6) {
    const six = pairs.slice(at, at + 6);
    parts.push(six.length < 6 ? six.join(':') : paired(found.mac(six.join('').toLowerCase()), ':'));
  }
  return parts.join(':');
}

const paired = (digits: string, between: string): string => digits.replaceAll(/(..)(?=.)/g, `$1${between}`);

/**
 * A number as long as an address: one only where the same address is met in its usual spelling, in either order of bytes.
 *
 * @param programmed - whether it is in a bpf or u32 program: there it counts as an address unless it is a mask
 */
function numberWord(word: string, hex: boolean, programmed: boolean, found: Found): string {
  if (!hex || (/^\d{8}$/.test(word) && found.isV4(Number(word)))) {
    const bits = Number(word);
    return isAddress(bits, programmed, found) ? String(found.v4(bits, undefined)) : word;
  }
  const prefix = word.startsWith('0x') ? '0x' : '';
  const digits = word.slice(prefix.length).toLowerCase();
  if (digits.length === 12) return found.isMac(digits) ? `${prefix}${found.mac(digits)}` : word;
  if (digits.length === 32) {
    const straight = found.v6(BigInt(`0x${digits}`), undefined, '');
    if (straight !== '') return `${prefix}${straight}`;
    const turned = found.v6(BigInt(`0x${wordsSwapped(digits)}`), undefined, '');
    return turned === '' ? word : `${prefix}${wordsSwapped(turned)}`;
  }
  const bits = Number(`0x${digits}`);
  if (isAddress(bits, programmed, found)) return `${prefix}${hexOf(found.v4(bits, undefined))}`;
  if (found.isV4(swapped(bits))) return `${prefix}${hexOf(swapped(found.v4(swapped(bits), undefined)))}`;
  return word;
}

const isAddress = (bits: number, programmed: boolean, found: Found): boolean =>
  found.isV4(bits) || (programmed && bits >= 0x1000000 && bits <= 0xffffffff && !isMask(bits));

/** Each four bytes the other way round, as /proc/net has IPv6 on most machines. */
const wordsSwapped = (digits: string): string => digits.replaceAll(/(..)(..)(..)(..)/g, '$4$3$2$1');
