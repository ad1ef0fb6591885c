import { formatBlock, parseBlock } from '../../net/address.ts';
import { isMask, type Found } from './scan.ts';

/** Well-known networks that identify nobody. */
const KNOWN = [
  '10.0.0.0/8',
  'fc00::/7',
  'fd00::/8',
  'fe80::/10',
  'fe80::/64',
  '2000::/3',
  'ff00::/8',
  '64:ff9b::/96',
];

const v6Text = (base: bigint): string =>
  formatBlock({ family: 'ipv6', base, length: 128 }).replace('/128', '');
const isKnown = (base: bigint, length: number | undefined): boolean =>
  KNOWN.some((text) => {
    const block = parseBlock(text);
    return block?.base === base && block.length === length;
  });

/** 0.0.0.0, 127.0.0.0/8, 224.0.0.0/24, 255.255.255.255, and netmasks in dotted form. */
const staysV4 = (bits: number): boolean =>
  bits === 0 || bits >>> 24 === 127 || bits >>> 8 === 0xe00000 || (bits >>> 24 === 255 && isMask(bits));

/** ::, ::1, and ff02::/16. */
const staysV6 = (bits: bigint): boolean => bits <= 1n || bits >> 112n === 0xff02n;
const staysMac = (digits: string): boolean => /^(0{12}|f{12})$/.test(digits);

const isPrivate = (bits: number): boolean => {
  const [a, b] = [bits >>> 24, (bits >>> 16) & 255];
  return (
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
};

/** Blocks of /12 that private ones may become: all of 10.0.0.0/8, 100.64.0.0/10, then what no host has. */
const BLOCKS: readonly number[] = [
  ...Array.from({ length: 16 }, (_, n) => (10 << 4) | n),
  ...Array.from({ length: 4 }, (_, n) => (100 << 4) | (4 + n)),
  ...Array.from({ length: 16 }, (_, n) => (240 << 4) | n),
];

/** Blocks of /24 that public ones may become: 198.18.0.0/15, then what no host has. */
function* publicBlocks(): Generator<number> {
  for (let n = 0; n < 512; n++) yield 0xc61200 + n;
  for (let n = 0xf10000; n < 0xff0000; n++) yield n;
}

/** Gives each key the next placeholder that is not itself an address to be masked. */
class Pool<K, V> {
  readonly #given = new Map<K, V>();
  readonly #free: Iterator<V>;
  readonly #taken: (value: V) => boolean;

  constructor(free: Iterable<V>, taken: (value: V) => boolean) {
    this.#free = free[Symbol.iterator]();
    this.#taken = taken;
  }

  of(key: K): V {
    const known = this.#given.get(key);
    if (known !== undefined) return known;
    for (let next = this.#free.next(); next.done !== true; next = this.#free.next()) {
      if (this.#taken(next.value)) continue;
      this.#given.set(key, next.value);
      return next.value;
    }
    throw new RangeError('more addresses than placeholders');
  }
}

function* counting(from: number, to: number): Generator<number> {
  for (let n = from; n < to; n++) yield n;
}

/** What was found in the texts that are to be masked. */
export class Originals implements Found {
  readonly v4s = new Set<number>();
  readonly v6s = new Set<bigint>();
  readonly macs = new Set<string>();

  v4(bits: number): number {
    if (!staysV4(bits)) this.v4s.add(bits);
    return bits;
  }
  v6(bits: bigint, _length: number | undefined, text: string): string {
    if (text !== '') {
      if (bits >> 32n === 0xffffn) this.v4(Number(bits & 0xffffffffn));
      else if (!staysV6(bits)) this.v6s.add(bits);
    }
    return text;
  }
  mac(digits: string): string {
    if (!staysMac(digits)) this.macs.add(digits);
    return digits;
  }
  isV4(): boolean {
    return false;
  }
  isMac(): boolean {
    return false;
  }
}

/**
 * Placeholders for what was met. Private IPv4: another /12 of 10.0.0.0/8, the rest as it is, so that every network of /12 and
 * longer holds what it held. Public IPv4: a /24 of 198.18.0.0/15 for each, the last byte as it is. IPv6: a /48 of fd00::/16
 * or 2001:db8::/32 for each, fe80::/64 stays; the fourth group as it is; interface identifiers above 0xffff are numbered.
 */
export class Placeholders implements Found {
  readonly #originals: Originals;
  readonly #blocks: Pool<number, number>;
  readonly #nets: Pool<number, number>;
  readonly #local: Pool<bigint, number>;
  readonly #global: Pool<bigint, number>;
  readonly #ids: Pool<bigint, number>;
  readonly #macs: Pool<string, number>;

  constructor(originals: Originals) {
    this.#originals = originals;
    const blocks = new Set([...originals.v4s].map((bits) => bits >>> 20));
    const nets = new Set([...originals.v4s].map((bits) => bits >>> 8));
    const sites = new Set([...originals.v6s].map((bits) => bits >> 80n));
    const ids = new Set([...originals.v6s].map((bits) => bits & 0xffffffffffffffffn));
    this.#blocks = new Pool(BLOCKS, (block) => blocks.has(block));
    this.#nets = new Pool(publicBlocks(), (net) => nets.has(net));
    this.#local = new Pool(counting(0, 0x10000), (n) => sites.has((0xfd000000n << 16n) | BigInt(n)));
    this.#global = new Pool(counting(0, 0x10000), (n) => sites.has((0x20010db8n << 16n) | BigInt(n)));
    this.#ids = new Pool(counting(0x10001, 0x7fffffff), (n) => ids.has(BigInt(n)));
    this.#macs = new Pool(counting(1, 0x7fffffff), (n) => originals.macs.has(macText(n)));
  }

  v4(bits: number, length: number | undefined): number {
    if (staysV4(bits) || isKnown(BigInt(bits), length)) return bits;
    if (isPrivate(bits)) return ((this.#blocks.of(bits >>> 20) << 20) | (bits & 0xfffff)) >>> 0;
    return ((this.#nets.of(bits >>> 8) << 8) | (bits & 255)) >>> 0;
  }

  v6(bits: bigint, length: number | undefined, text: string): string {
    // A bare number of this length is an address only where it is known as one.
    if (text === '')
      return this.#originals.v6s.has(bits) ? this.#v6Bits(bits).toString(16).padStart(32, '0') : '';
    if (staysV6(bits) || isKnown(bits, length)) return text;
    if (bits >> 32n === 0xffffn) {
      const v4 = this.v4(Number(bits & 0xffffffffn), undefined);
      return `::ffff:${formatBlock({ family: 'ipv4', base: BigInt(v4), length: 32 }).replace('/32', '')}`;
    }
    return v6Text(this.#v6Bits(bits));
  }

  #v6Bits(bits: bigint): bigint {
    const low = bits & 0xffffffffffffffffn;
    if (bits >> 64n === 0xfe80n << 48n) return (0xfe80n << 112n) | BigInt(this.#ids.of(low));
    const id = low <= 0xffffn ? low : BigInt(this.#ids.of(low));
    const site = bits >> 80n;
    const unique = bits >> 121n === 0x7en;
    const stand = unique
      ? (0xfd000000n << 16n) | BigInt(this.#local.of(site))
      : (0x20010db8n << 16n) | BigInt(this.#global.of(site));
    return (stand << 80n) | (((bits >> 64n) & 0xffffn) << 64n) | id;
  }

  mac(digits: string): string {
    return staysMac(digits) ? digits : macText(this.#macs.of(digits));
  }

  isV4(bits: number): boolean {
    return this.#originals.v4s.has(bits);
  }

  isMac(digits: string): boolean {
    return this.#originals.macs.has(digits);
  }
}

/** Locally administered, so that it is no manufacturer's. */
const macText = (n: number): string => `0200${n.toString(16).padStart(8, '0')}`;
