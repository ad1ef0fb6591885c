import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBlock, parseBlock } from '../../src/net/address.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { makeMask } from '../../src/report/mask/mask.ts';
import { maskAddresses } from '../support/mask-addresses.ts';

const bare = (family: 'ipv4' | 'ipv6', base: bigint): string =>
  formatBlock({ family, base, length: family === 'ipv4' ? 32 : 128 }).replace(/\/\d+$/, '');
const within = (outer: string, inner: string): boolean => {
  const [a, b] = [parseBlock(outer), parseBlock(inner)];
  if (a === undefined || b?.family !== a.family) throw new Error(`no blocks: ${outer}, ${inner}`);
  return (
    b.length >= a.length && parseBlock(`${inner.split('/')[0] ?? ''}/${String(a.length)}`)?.base === a.base
  );
};

const octet = fc.integer({ min: 0, max: 255 });
const privateV4 = fc.oneof(
  fc.tuple(fc.constant(10), octet, octet, octet),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
  fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
);
const publicV4 = fc.tuple(
  fc.constantFrom(1, 8, 62, 192, 198, 203, 223),
  fc.constantFrom(0, 18, 19, 51),
  octet,
  octet,
);
const v4 = fc.oneof(privateV4, publicV4).map((octets) => octets.join('.'));
const v6 = fc
  .tuple(
    fc.constantFrom(0x20010db8n, 0xfd000000n, 0xfe800000n, 0x2a001450n),
    fc.bigInt({ min: 0n, max: 0xffffffffn }),
    fc.oneof(fc.bigInt({ min: 2n, max: 0xffn }), fc.bigInt({ min: 0x10000n, max: (1n << 64n) - 1n })),
  )
  .map(([head, middle, tail]) => bare('ipv6', (head << 96n) | (middle << 64n) | tail));
const mac = fc
  .array(octet, { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'))
  .filter((text) => !/^(00:){5}00$|^(ff:){5}ff$/.test(text));
const address = fc.oneof(v4, v6, mac);

/** Texts with one address in each, as tools and people write them. */
const FRAMES: readonly ((address: string) => string)[] = [
  (a) => a,
  (a) => `-s ${a} -j DROP`,
  (a) => `from ${a}.`,
  (a) => `(${a})`,
  (a) => `"${a}",`,
  (a) => `peer=${a}; dev eth0`,
  (a) => `at ${a}: refused`,
  (a) => `'${a}'`,
  (a) => `${a}%eth0`,
  (a) => `<td>${a}</td>`,
];

/** Every spelling of an address that could give it away. */
function spellings(text: string): readonly string[] {
  const block = parseBlock(text);
  if (block === undefined) return [text, text.replaceAll(':', ''), text.replaceAll(':', '-')];
  const hex = block.base.toString(16).padStart(block.family === 'ipv4' ? 8 : 32, '0');
  return block.family === 'ipv6' ? [text, hex] : [text, hex, text.replaceAll('.', '-'), String(block.base)];
}

/** Whether the text stands in it by itself, not within a longer number. */
const holds = (text: string, part: string): boolean =>
  new RegExp(`(?<![0-9a-f:.])${part.replaceAll('.', '\\.')}(?![0-9a-f:]|\\.[0-9])`, 'i').test(text);

test('no address of a text is left in it, in whatever frame and spelling', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(address, fc.constantFrom(...FRAMES)), { minLength: 1, maxLength: 12 }),
      (pieces) => {
        const plain = pieces.map(([one, frame]) => frame(one)).join('\n');
        const spelt = pieces.flatMap(([one]) => spellings(one)).join(' ');
        const masked = maskAddresses(`${plain}\n${spelt}`);
        for (const [one] of pieces)
          for (const spelling of spellings(one))
            expect(holds(masked, spelling), `${spelling} in ${masked}`).toBe(false);
      },
    ),
    { numRuns: 1000 },
  );
});

test('equal stay equal, different stay different, and each is still an address of its kind', () => {
  fc.assert(
    fc.property(fc.uniqueArray(address, { minLength: 2, maxLength: 20 }), (all) => {
      const mask = makeMask(all);
      const masked = all.map((one) => mask.text(one));
      expect(all.map((one) => mask.text(one))).toEqual(masked);
      expect(new Set(masked).size).toBe(all.length);
      for (const [index, one] of all.entries())
        expect(parseBlock(masked[index] ?? '')?.family).toBe(parseBlock(one)?.family);
    }),
    { numRuns: 500 },
  );
});

test('a network of /12 and longer (private), /24 (public), /48 to /64 (IPv6) holds what it held', () => {
  const lengths = (text: string): readonly number[] => {
    if (text.includes(':')) return text.startsWith('fe80') ? [64] : [48, 56, 64];
    if (text.startsWith('192.168.')) return [16, 20, 24, 28];
    return /^(10|172)\./.test(text) ? [12, 16, 20, 24, 28] : [24, 28];
  };
  fc.assert(
    fc.property(fc.array(fc.oneof(v4, v6), { minLength: 1, maxLength: 8 }), octet, (all, pick) => {
      const nets = all.map((one) => {
        const fits = lengths(one);
        return formatBlock(parseBlock(`${one}/${String(fits[pick % fits.length] ?? 24)}`) ?? expect.fail());
      });
      const mask = makeMask([all, nets]);
      for (const net of nets)
        for (const one of all) {
          if (one.includes(':') !== net.includes(':')) continue;
          const held = mask.text(net);
          expect(held.split('/')[1]).toBe(net.split('/')[1]);
          // No bits behind the length: a restore would read it as another text.
          expect(formatBlock(parseBlock(held) ?? expect.fail())).toBe(held);
          expect(within(held, mask.text(one)), `${one} in ${net}: ${mask.text(one)} in ${held}`).toBe(
            within(net, one),
          );
        }
    }),
    { numRuns: 500 },
  );
});

test('private stays private, public becomes 198.18.0.0/15 or what no host has', () => {
  fc.assert(
    fc.property(
      fc.array(privateV4.map((o) => o.join('.'))),
      fc.array(publicV4.map((o) => o.join('.'))),
      (ours, theirs) => {
        const mask = makeMask([ours, theirs]);
        for (const one of ours) expect(mask.text(one)).toMatch(/^(10|100|24\d)\./);
        for (const one of theirs) expect(mask.text(one)).toMatch(/^(198\.1[89]|24\d|25[0-4])\./);
      },
    ),
  );
});

test('a masked save is a save of the same rules, and masking it again changes no shape', () => {
  const rule = fc
    .tuple(v4, v4, v6, mac)
    .map(
      ([a, b, c, m]) =>
        `[1:60] -A FORWARD -s ${a}/32 -d ${b}/32 -m mac --mac-source ${m.toUpperCase()} -m comment --comment "was ${c}" -j DROP`,
    );
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 10 }), (rules) => {
      const save = ['*filter', ':FORWARD ACCEPT [12:34567890]', ...rules, 'COMMIT', ''].join('\n');
      const masked = maskAddresses(save);
      const shape = (text: string): string =>
        text
          .replaceAll(/\d+(\.\d+){3}/g, 'V4')
          .replaceAll(/([0-9A-F]{2}:){5}[0-9A-F]{2}/gi, 'MAC')
          .replaceAll(/[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*/g, 'V6');
      expect(shape(masked)).toBe(shape(save));
      expect(shape(maskAddresses(masked))).toBe(shape(masked));
      expect(parseSave(masked).ruleset.tables.get('filter')?.chains.get('FORWARD')?.rules).toHaveLength(
        rules.length,
      );
    }),
  );
});
