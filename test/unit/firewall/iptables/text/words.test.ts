import { describe, expect, test } from 'vitest';
import { collapseSpacing, splitWords } from '../../../../../src/firewall/iptables/text/words.ts';
import { quoteWord } from '../../../../support/save-text.ts';

describe('splitWords reads as restore does', () => {
  test.each<[text: string, words: readonly string[]]>([
    ['', []],
    ['   ', []],
    ['-A INPUT', ['-A', 'INPUT']],
    ['  -A   INPUT  ', ['-A', 'INPUT']],
    ['-A\tINPUT\n-j', ['-A', 'INPUT', '-j']],
    // Vertical tab, form feed and carriage return are ordinary bytes.
    ['a\vb\fc\rd', ['a\vb\fc\rd']],
    // Only " quotes.
    [`'a b'`, [`'a`, `b'`]],
    ['"a b"', ['a b']],
    ['""', ['']],
    ['a "" b', ['a', '', 'b']],
    ['"a\tb\nc"', ['a\tb\nc']],
    // Inside quotes a backslash takes the next byte as it is; outside it is a byte like others.
    ['"a\\nb"', ['anb']],
    ['"a\\"b"', ['a"b']],
    ['"a\\\\"', ['a\\']],
    ['a\\nb', ['a\\nb']],
    ['a\\ b', ['a\\', 'b']],
    ['\\"a b"', ['\\a b']],
    // A quote may open inside a word, but a closing one always ends the word.
    ['a"b c"', ['ab c']],
    ['"a"b', ['a', 'b']],
    ['"a"-j ACCEPT', ['a', '-j', 'ACCEPT']],
    ['"a""b"', ['a', 'b']],
    ['"-A" "INPUT"', ['-A', 'INPUT']],
    ['caf\xe9 "\xff\xfe x"', ['caf\xe9', '\xff\xfe x']],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual({ words, open: false });
  });

  test.each<[text: string, words: readonly string[]]>([
    ['"a b', ['a b']],
    ['x "', ['x', '']],
    ['a"b', ['ab']],
    ['"a\\"', ['a"']],
    ['"a\\', ['a\\']],
    ['"a" "b', ['a', 'b']],
  ])('%j leaves a quote open', (text, words) => {
    expect(splitWords(text)).toEqual({ words, open: true });
  });
});

describe('quoteWord writes as save does', () => {
  test.each<[word: string, text: string]>([
    ['abc', 'abc'],
    ['A-z_0-9', 'A-z_0-9'],
    ['-t', '-t'],
    ['', '""'],
    ['!', '"!"'],
    ['a b', '"a b"'],
    ['a.b', '"a.b"'],
    ['/32', '"/32"'],
    ['a"b', '"a\\"b"'],
    ['a\\b', '"a\\\\b"'],
    [`it's`, `"it\\'s"`],
    ['\t\r\x1b\x7f', '"\t\r\x1b\x7f"'],
    ['caf\xe9', '"caf\xe9"'],
    ['\xff\xc3', '"\xff\xc3"'],
    ['[1:2]', '"[1:2]"'],
  ])('%j', (word, text) => {
    expect(quoteWord(word)).toBe(text);
  });
});

describe('collapseSpacing', () => {
  test.each<[text: string, collapsed: string]>([
    ['-A INPUT -j ACCEPT', '-A INPUT -j ACCEPT'],
    ['  -A  INPUT\t-j \t ACCEPT ', '-A INPUT -j ACCEPT'],
    ['-A INPUT -j ACCEPT\r', '-A INPUT -j ACCEPT'],
    ['-A INPUT -j ACCEPT \r', '-A INPUT -j ACCEPT'],
    ['--comment "a  b\tc\r"  -j X', '--comment "a  b\tc\r" -j X'],
    ['--comment "a\\"  b"   -j X', '--comment "a\\"  b" -j X'],
    ['--comment "a\\\\"   -j X', '--comment "a\\\\" -j X'],
    ['--comment "a\nb"  -j X', '--comment "a\nb" -j X'],
    ['--nfacct-name  x', '--nfacct-name x'],
    // To restore a carriage return inside a line is part of the word it stands in.
    ['-i a\rb  -j X', '-i a\rb -j X'],
  ])('%j', (text, collapsed) => {
    expect(collapseSpacing(text)).toBe(collapsed);
  });
});
