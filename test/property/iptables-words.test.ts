import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collapseSpacing, quoteOpenAt, splitWords } from '../../src/firewall/iptables/text/words.ts';
import { quoteWord } from '../support/save-text.ts';

const NUM_RUNS = 5000;

/** Bytes that quoting and splitting treat specially are as frequent as all others together. */
const byteOf = (from: number) =>
  fc.oneof(
    fc.constantFrom(...Array.from(`"\\' \t\r-!aZ_0`)),
    fc.integer({ min: from, max: 255 }).map((code) => String.fromCharCode(code)),
  );
/** Any latin1 word that a line can hold: no NUL, no newline. */
const word = fc.string({ unit: byteOf(1).filter((byte) => byte !== '\n'), maxLength: 40 });
const anyText = fc.string({ unit: fc.oneof(byteOf(0), fc.constant('\n')), maxLength: 80 });

test('a quoted word reads back as that word', () => {
  fc.assert(
    fc.property(word, (text) => {
      expect(splitWords(quoteWord(text))).toEqual({ words: [text], open: false });
    }),
    { numRuns: NUM_RUNS },
  );
});

test('quoted words with spaces between them read back as those words', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      expect(splitWords(words.map(quoteWord).join(' '))).toEqual({ words, open: false });
    }),
    { numRuns: NUM_RUNS },
  );
});

test('a word is left bare exactly when save leaves it bare', () => {
  fc.assert(
    fc.property(word, (text) => {
      const isBare = text !== '' && Array.from(text).every((char) => /[\w-]/.test(char));
      expect(quoteWord(text) === text).toBe(isBare);
    }),
    { numRuns: NUM_RUNS },
  );
});

test('normalising the spacing keeps the words, and a second time changes nothing', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const line = text.replace(/\s+$/, '');
      const collapsed = collapseSpacing(line);
      expect(splitWords(collapsed).words).toEqual(splitWords(line).words);
      expect(collapseSpacing(collapsed)).toBe(collapsed);
    }),
    { numRuns: NUM_RUNS },
  );
});

test('both functions that find an open quote agree, wherever the text is cut', () => {
  fc.assert(
    fc.property(anyText, fc.nat(80), (text, at) => {
      const cut = Math.min(at, text.length);
      expect(quoteOpenAt(text, 0, cut, false)).toBe(splitWords(text.slice(0, cut)).open);
    }),
    { numRuns: NUM_RUNS },
  );
});
