import { expect, it } from 'vitest';
import { attempt, claimFor, table } from '../../support/kernel-facts.ts';
import type { Claims } from '../../support/kernel-facts.ts';
import { oneIn } from '../../support/incident/share.ts';
import { describeKinds } from '../../support/kernel.ts';

const ACCEPT = ['-A INPUT -j ACCEPT'];
const comment = (saved: string): string[] => [`-A INPUT -m comment --comment ${saved} -j ACCEPT`];
const long = (length: number): string => 'x'.repeat(length);
const comments = (count: number): string => Array<string>(count).fill('-m comment --comment x').join(' ');

/** One rule line, read as words by restore, and the rule that save then prints. */
const WORDS: readonly (readonly [title: string, line: string, claim: Claims])[] = [
  ['several spaces separate once', '-A  INPUT   -j ACCEPT', ACCEPT],
  ['a tab separates', '-A\tINPUT\t-j\tACCEPT', ACCEPT],
  ['a leading space before -A is fine', ' -A INPUT -j ACCEPT', ACCEPT],
  ['a trailing space is fine', '-A INPUT -j ACCEPT ', ACCEPT],
  ['a vertical tab is an ordinary byte', '-A INPUT -j\vACCEPT', 'refused'],
  ['a form feed is an ordinary byte', '-A INPUT -j ACCEPT\f', 'refused'],
  ['a carriage return is an ordinary byte', '-A INPUT -j ACCEPT\r', 'refused'],
  ['a carriage return after a closing quote is a word', '-A INPUT -j "ACCEPT"\r', 'refused'],
  ["' does not quote", `-A INPUT -m comment --comment 'ab' -j ACCEPT`, comment(`"\\'ab\\'"`)],
  ["' does not join words", `-A INPUT -m comment --comment 'a b' -j ACCEPT`, 'refused'],
  ['" joins words', '-A INPUT -m comment --comment "a b" -j ACCEPT', comment('"a b"')],
  [
    '\\ inside quotes takes the next byte',
    '-A INPUT -m comment --comment "a\\nb\\"" -j ACCEPT',
    comment('"anb\\""'),
  ],
  ['\\\\ inside quotes is one', '-A INPUT -m comment --comment "a\\\\b" -j ACCEPT', comment('"a\\\\b"')],
  [
    '\\ outside quotes is a plain byte',
    '-A INPUT -m comment --comment a\\nb -j ACCEPT',
    comment('"a\\\\nb"'),
  ],
  [
    '\\ outside quotes does not escape a space',
    '-A INPUT -m comment --comment a\\ -j ACCEPT',
    comment('"a\\\\"'),
  ],
  [
    '\\ outside quotes does not escape a quote',
    '-A INPUT -m comment --comment \\"a b" -j ACCEPT',
    comment('"\\\\a b"'),
  ],
  ['a quote may open inside a word', '-A INPUT -m comment --comment a"b c" -j ACCEPT', comment('"ab c"')],
  ['a closing quote ends the word', '-A INPUT -m comment --comment "a"-j ACCEPT', comment('a')],
  ['a word after a closing quote is another', '-A INPUT -m comment --comment "a"b -j ACCEPT', 'refused'],
  [
    'an unterminated quote runs over the line end',
    '-A INPUT -j ACCEPT -m comment --comment "a b',
    ['-A INPUT -m comment --comment "a b', '" -j ACCEPT'],
  ],
  ['"" is an empty word', '-A INPUT -m comment --comment "" -j ACCEPT', comment('""')],
  ['options may be quoted', '"-A" "INPUT" "-j" "ACCEPT"', ACCEPT],
  ['! may be quoted', '-A INPUT "!" -i lo -j ACCEPT', ['-A INPUT ! -i lo -j ACCEPT']],
  ['a quoted -t is refused as -t', '-A INPUT "-t" filter -j ACCEPT', 'refused'],
  ['-t is refused', '-t filter -A INPUT -j ACCEPT', 'refused'],
  ['-w is refused', '-w -A INPUT -j ACCEPT', 'refused'],
  ['NUL ends the line silently', '-A INPUT -i lo\0 -j ACCEPT', ['-A INPUT -i lo']],
  ['a byte order mark is an error', '\xef\xbb\xbf-A INPUT -j ACCEPT', 'refused'],
  ['a # after a rule is no comment', '-A INPUT -j ACCEPT # x', 'refused'],
  ['a # in column 0 comments a rule out', '#-A INPUT -j ACCEPT', []],
  ['a # in column 1 is an error', ' # x', 'refused'],
  ['a word of 1023 bytes', `-A INPUT -j ACCEPT -m comment --comment ${long(1023)}`, comment(long(255))],
  ['a word of 1024 bytes', `-A INPUT -j ACCEPT -m comment --comment ${long(1024)}`, 'refused'],
  ['62 comments fit into the words of a line', `-A INPUT ${comments(62)}`, [`-A INPUT ${comments(62)}`]],
  ['63 comments do not', `-A INPUT ${comments(63)}`, 'refused'],
  ['a line of 10239 bytes', '-A INPUT -j ACCEPT'.padEnd(10239), ACCEPT],
  [
    'the tail of a longer line is a new line',
    `-A INPUT -j ACCEPT`.padEnd(10239) + '-A INPUT -j DROP',
    [...ACCEPT, '-A INPUT -j DROP'],
  ],
  ['--option=value', '-A INPUT -p tcp --dport=22 -j ACCEPT', ['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']],
  [
    'abbreviated options',
    '-A INPUT -p tcp --dpor 22 --jum ACCEPT',
    ['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'],
  ],
  ['options before the command', '-j ACCEPT -A INPUT', ACCEPT],
  ['--help ends restore with success and nothing done', '-A INPUT -j ACCEPT\n--help', []],
  ['-V ends restore with success and nothing done', '-A INPUT -j ACCEPT\n-V', []],
  ['negation the old way is refused', '-A INPUT -i ! lo -j ACCEPT', 'refused'],
];

describeKinds('how restore splits a rule line into words', (kind) => {
  it.each(oneIn(3, WORDS))('%s', async (_title, line, claim) => {
    expect(await attempt(kind, { input: table(line) })).toEqual(claimFor(claim, kind));
  });
});
