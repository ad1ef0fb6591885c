import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { printSave } from '../support/save-text.ts';
import type { Save } from '../../src/firewall/iptables/text/save.ts';
import { splitWords } from '../../src/firewall/iptables/text/words.ts';
import { recording } from '../support/recorded/recordings.ts';

const NUM_RUNS = 4000;

/** Reads a text that may be anything; whatever is thrown beside a fault fails the test. */
function read(text: string): Save | Fault {
  try {
    return parseSave(text, 'save');
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/**
 * The lines of a text that restore would act on as rules. It reads line by line and knows nothing of a quote that was left
 * open on the line before; a line whose first word is no option ends it with an error.
 */
function rulesRestoreReads(text: string): readonly string[] {
  return text.split('\n').filter((line) => {
    if (line.startsWith('[')) return true;
    const [first = ''] = splitWords(line).words;
    return !line.startsWith('#') && (first.startsWith('-') || first === '!');
  });
}

const pieces = fc.constantFrom(
  ...[
    '*filter',
    '*nat',
    '*constructor',
    ':INPUT ACCEPT [0:0]',
    ':DOCKER - [0:0]',
    ':a b - [0:0]',
    ':toString - [0:0]',
    'COMMIT',
  ],
  ...[
    '-A INPUT -j DROP',
    '-A DOCKER -j RETURN',
    '[1:2] -A INPUT',
    '-A a b -j X',
    '-A toString',
    '! -i lo -A INPUT',
    '"-A" INPUT',
  ],
  ...[
    '-A INPUT -m comment --comment "',
    '-A INPUT -m comment --comment "x',
    '"',
    '\\"',
    ' -j DROP',
    '# x',
    "# Table `nat' is incompatible",
  ],
  ...['\n', '\n', '\n', '\r\n', ' ', '\t', '\0', '\\', '\xff', '[', ']', '!', '-', '__proto__'],
);
const anything = fc.oneof(
  fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  }),
  fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
);
/** A comment of any bytes, in an otherwise valid save: what still parses often contains newlines. */
const hostile = fc
  .array(fc.oneof(pieces, fc.constantFrom('\nx', '\n"', 'x\n ', ' "', '" "', 'x')), { maxLength: 10 })
  .map(
    (parts) =>
      `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "${parts.join('')}" -j ACCEPT\nCOMMIT\n`,
  );

/** One change to a text: bytes deleted and others inserted. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(40),
  put: fc.oneof(pieces, fc.constant('')),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const changed = (text: string, { at, cut, put }: Change): string => {
  const start = Math.floor(at * text.length);
  return `${text.slice(0, start)}${put}${text.slice(start + cut)}`;
};

/** A recording small enough to be changed a thousand times, with a comment that holds a newline added to it. */
const SAVE = recording('engine-28.5-plain').text.ipv4.replace(
  '\nCOMMIT',
  '\n[0:0] -A PREROUTING -m comment --comment "one\ntwo" -j ACCEPT\nCOMMIT',
);
const damaged = fc
  .array(change, { minLength: 1, maxLength: 4 })
  .map((changes) => changes.reduce(changed, SAVE));

describe.each([
  ['any text', anything],
  ['a save with any comment', hostile],
  ['a save with bytes lost and put in', damaged],
])('%s', (_, texts) => {
  test('is read and printed back byte for byte, or is a fault that names a line of it', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = read(text);
        if (!(result instanceof Fault)) {
          expect(printSave(result)).toBe(text);
          return;
        }
        const line = Number(/^save, line (\d+): /.exec(result.message)?.[1]);
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(text.split('\n').length);
        expect(result.exit).toBe(3);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  test('contains no rule for restore that rulesguard does not see', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = read(text);
        if (result instanceof Fault) return;
        const ours = result.items.filter((item) => 'text' in item);
        expect(rulesRestoreReads(text).length).toBe(ours.length);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

test('a save cut anywhere but between two tables is a fault, never a shorter ruleset', () => {
  const bounds = [0, ...[...SAVE.matchAll(/^COMMIT$/gm)].map(({ index }) => index + 'COMMIT'.length)];
  const inTable = (at: number): boolean => {
    const opened = SAVE.slice(0, at).lastIndexOf('*');
    return (
      opened !== -1 &&
      !bounds.some((bound) => bound > opened && bound <= at) &&
      SAVE.charAt(opened - 1) === '\n'
    );
  };
  const cuts = Array.from({ length: SAVE.length }, (_, at) => at);
  const missed = cuts.filter((at) => inTable(at) && !(read(SAVE.slice(0, at)) instanceof Fault));
  expect(missed).toEqual([]);
  expect(cuts.filter(inTable).length).toBeGreaterThan(SAVE.length / 2);
});
