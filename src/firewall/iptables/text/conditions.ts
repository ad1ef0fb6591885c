import type { Family } from '../../../net/family.ts';

/** What a rule's instructions match and do, in iptables' spelling; `! ` in front of what is negated. */
export interface Conditions {
  /** How often each occurs. */
  readonly named: ReadonlyMap<string, number>;
  /** Those that are true of every packet, so that a save may leave them out. */
  readonly always: ReadonlySet<string>;
}

/** Where addresses and the protocol are in the header, and how long an address is. */
const HEADER = {
  ipv4: { source: 12, destination: 16, protocol: 9, bytes: 4 },
  ipv6: { source: 8, destination: 24, protocol: 6, bytes: 16 },
} as const;

const VERDICTS: Readonly<Record<string, string>> = { accept: 'ACCEPT', drop: 'DROP', return: 'RETURN' };

const META: Readonly<Record<string, string>> = {
  iifname: '-i',
  oifname: '-o',
  l4proto: '-p',
  mark: '-m mark',
};

/** Instructions that are a whole match or target in one; counters decide nothing. */
const WHOLE: readonly (readonly [RegExp, (found: readonly string[]) => string | undefined])[] = [
  [/^counter pkts \d+ bytes \d+$/, () => ''],
  [/^match name (\S+) rev \d+$/, ([, name = '']) => `-m ${name === 'state' ? 'conntrack' : name}`],
  [/^target name (\S+) rev \d+$/, ([, name = '']) => `-j ${name === 'NOTRACK' ? 'CT' : name}`],
  [/^limit rate \d+\/\w+ burst \d+ type packets flags 0x0$/, () => '-m limit'],
  [/^log (?:prefix .* )?group \d+ snaplen \d+ qthreshold \d+$/, () => '-j NFLOG'],
  [/^immediate reg 0 (accept|drop|return)$/, ([, verdict = '']) => `-j ${VERDICTS[verdict] ?? ''}`],
  [/^immediate reg 0 jump -> (.+)$/, ([, chain = '']) => `-j ${chain}`],
  [/^immediate reg 0 goto -> (.+)$/, ([, chain = '']) => `-g ${chain}`],
];

/** `--sport` and `--dport` of one number each are one comparison of both (1.8.9). */
const BOTH_PORTS = /^payload load 4b @ transport header \+ 0 => reg 1$\n^cmp eq reg 1 0x[0-9a-f]{8} ?$/m;
/** `-j TRACE`: two instructions. */
const TRACE = /^immediate reg 9 0x0*10*$\n^meta set nftrace with reg 9$/m;
/** `-i +` matches every interface, but 1.8.9 writes an instruction for it all the same. */
const LOAD_NAME = /^meta load [io]ifname => reg 1$/;
/** The name that no interface has, for `! -i +`; newer tools print the bytes of each 32-bit word in the other order. */
const NOBODY = /^0x(?:41564e49 0x00442f4c|494e5641 0x4c2f4400) ?$/;
const LOAD = /^(?:meta load (\w+)|payload load (\d+)b @ (network|transport) header \+ (\d+)) => reg 1$/;
const MASK = /^bitwise reg 1 = \( reg 1 & ((?:0x[0-9a-f]+ ?)+) \) \^ ((?:0x[0-9a-f]+ ?)+)$/;
const COMPARE = /^cmp (eq|neq|lte|gt) reg 1 ((?:0x[0-9a-f]+ ?)+)$/;
const RANGE = /^range (eq|neq) reg 1 0x([0-9a-f]+) 0x([0-9a-f]+)$/;

/**
 * The conditions behind a rule's instructions.
 *
 * @param code - {@link import('./bytecode.ts').KernelRule.code}
 * @returns undefined where one is not as iptables-nft writes it: a set, a map, another field, another comparison
 */
export function conditionsOf(code: readonly string[], family: Family): Conditions | undefined {
  const named = new Map<string, number>();
  const always = new Set<string>();
  let at = 0;
  while (at < code.length) {
    const whole = wholeOf(code[at] ?? '');
    if (whole !== undefined) {
      at++;
      if (whole !== '') named.set(whole, (named.get(whole) ?? 0) + 1);
      continue;
    }
    if (TRACE.test(`${code[at] ?? ''}\n${code[at + 1] ?? ''}`)) {
      named.set('-j TRACE', 1);
      at += 2;
      continue;
    }
    if (BOTH_PORTS.test(`${code[at] ?? ''}\n${code[at + 1] ?? ''}`)) {
      if (['--sport', '--dport'].some((name) => isAsked(named, name))) return undefined;
      named.set('--sport', 1).set('--dport', 1);
      at += 2;
      continue;
    }
    if (LOAD_NAME.test(code[at] ?? '') && !COMPARE.test(code[at + 1] ?? '')) {
      at++;
      continue;
    }
    const comparison = comparisonAt(code, at, family);
    // Of two conditions on one field a save prints the last alone.
    if (comparison === undefined || isAsked(named, comparison.name)) return undefined;
    const { name, negated, length, isAlways } = comparison;
    const key = negated ? `! ${name}` : name;
    named.set(key, (named.get(key) ?? 0) + 1);
    if (isAlways) always.add(key);
    at += length;
  }
  return { named, always };
}

const isAsked = (named: ReadonlyMap<string, number>, name: string): boolean =>
  name !== '-m mark' && (named.has(name) || named.has(`! ${name}`));

function wholeOf(instruction: string): string | undefined {
  for (const [pattern, name] of WHOLE) {
    const found = pattern.exec(instruction);
    if (found !== null) return name(found);
  }
  return undefined;
}

interface Comparison {
  readonly name: string;
  readonly negated: boolean;
  /** How many instructions it takes. */
  readonly length: number;
  readonly isAlways: boolean;
}

function comparisonAt(code: readonly string[], at: number, family: Family): Comparison | undefined {
  const load = LOAD.exec(code[at] ?? '');
  if (load === null) return undefined;
  const field = fieldOf(load, family);
  if (field === undefined) return undefined;
  const mask = MASK.exec(code[at + 1] ?? '');
  const behind = code[at + (mask === null ? 1 : 2)] ?? '';
  const length = mask === null ? 2 : 3;
  const compare = COMPARE.exec(behind);
  if (compare !== null) {
    const [, sign = '', value = ''] = compare;
    // `--sport 0:5` is one comparison.
    if (sign === 'lte' || sign === 'gt')
      return field.ranges && mask === null
        ? { name: field.name, negated: false, length, isAlways: false }
        : undefined;
    return field.allows(value, mask?.[1], mask?.[2])
      ? { ...field.named(sign === 'neq', value), length, isAlways: false }
      : undefined;
  }
  const range = RANGE.exec(behind);
  if (range === null || mask !== null || !field.ranges) return undefined;
  const [, sign, first = '', last = ''] = range;
  const negated = sign === 'neq';
  const isFull = Number.parseInt(first, 16) === 0 && Number.parseInt(last, 16) === 0xffff;
  return { name: field.name, negated, length, isAlways: isFull && !negated };
}

interface HeaderField {
  readonly name: string;
  /** Whether it may be compared with a range. */
  readonly ranges: boolean;
  /** Whether iptables would compare it so; masks as printed. */
  readonly allows: (value: string, mask: string | undefined, flip: string | undefined) => boolean;
  readonly named: (negated: boolean, value: string) => { readonly name: string; readonly negated: boolean };
}

function fieldOf(
  [, meta, bytes, header, offset]: readonly (string | undefined)[],
  family: Family,
): HeaderField | undefined {
  const named = (name: string) => (negated: boolean) => ({ name, negated });
  const plain = (name: string, ranges = false): HeaderField => ({
    ...{ name, ranges, named: named(name) },
    allows: (_, mask) => mask === undefined,
  });
  if (meta !== undefined) {
    const name = META[meta];
    if (name === undefined) return undefined;
    // A match has its negation within: `-m mark ! --mark`.
    if (name === '-m mark') return { ...flagged(name), named: () => ({ name, negated: false }) };
    return name === '-p'
      ? plain(name)
      : { ...plain(name), named: (negated, value) => ({ name, negated: negated !== NOBODY.test(value) }) };
  }
  const [size, from] = [Number(bytes), Number(offset)];
  if (header === 'transport') {
    if (size === 2 && from === 0) return plain('--sport', true);
    if (size === 2 && from === 2) return plain('--dport', true);
    return size === 1 && from === 13 ? flagged('--tcp-flags') : undefined;
  }
  const { source, destination, protocol, bytes: most } = HEADER[family];
  if (from === protocol && size === 1) return plain('-p');
  if (from === source && size <= most) return address('-s');
  if (from === destination && size <= most) return address('-d');
  return family === 'ipv4' && from === 6 && size === 2 ? FRAGMENT : undefined;
}

const isZero = (words: string | undefined): boolean =>
  words === undefined || !/[1-9a-f]/.test(words.replaceAll('0x', ''));

const flagged = (name: string): HeaderField => ({
  ...{ name, ranges: false, named: (negated) => ({ name, negated }) },
  allows: (_value, _mask, flip) => isZero(flip),
});

/** A value beyond its mask never matches; printed with the mask, it would. */
const address = (name: string): HeaderField => ({
  ...{ name, ranges: false, named: (negated) => ({ name, negated }) },
  allows: (value, mask, flip) => isZero(flip) && (mask === undefined || isWithin(value, mask)),
});

/** `-f`: the offset is not 0; compared for being 0 it is `! -f`. */
const FRAGMENT: HeaderField = {
  ...{ name: '-f', ranges: false },
  allows: (value, mask, flip) => isZero(flip) && isZero(value) && /^0x0*(?:ff1f|1fff) ?$/.test(mask ?? ''),
  named: (negated) => ({ name: '-f', negated: !negated }),
};

function isWithin(value: string, mask: string): boolean {
  const [values, masks] = [value.trim().split(' '), mask.trim().split(' ')];
  return (
    values.length === masks.length &&
    values.every((word, i) => (BigInt(word) & ~BigInt(masks[i] ?? '0')) === 0n)
  );
}
