import { describe, expect, test } from 'vitest';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { faultOf } from '../../../../support/text.ts';

/** Line 4 of a save; nothing before or after it is wrong. */
const fourth = (...lines: readonly string[]): string =>
  `*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n${lines.map((line) => `${line}\n`).join('')}COMMIT\n`;
const comment = (text: string): string => `-A INPUT -m comment --comment "${text}" -j ACCEPT`;

describe('what cannot be read safely is a fault that names the line', () => {
  test.each<[what: string, text: string, line: number, says: RegExp]>([
    ['a save without COMMIT', '*filter\n:INPUT ACCEPT [0:0]\n', 2, /COMMIT is missing/],
    ['a save cut inside a word', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACC', 3, /COMMIT is missing/],
    ['COMMIT cut short', '*filter\nCOMM', 2, /not a line/],
    ['a table inside another', '*filter\n*nat\nCOMMIT\n', 2, /inside table filter/],
    ['a table twice', '*filter\nCOMMIT\n*nat\nCOMMIT\n*filter\nCOMMIT\n', 5, /second time/],
    ['a table without a name', '*\nCOMMIT\n', 1, /names no table/],
    ['a table iptables does not have', '*foo\nCOMMIT\n', 1, /names no table/],
    ['a table named like a property of every object', '*constructor\nCOMMIT\n', 1, /names no table/],
    ['a table whose name holds a no-break space', '*filter\xa0\nCOMMIT\n', 1, /names no table/],
    ['a table in capitals', '*FILTER\nCOMMIT\n', 1, /names no table/],
    ['COMMIT outside a table', 'COMMIT\n', 1, /not a line/],
    ['COMMIT twice', '*filter\nCOMMIT\nCOMMIT\n', 3, /not a line/],
    ['COMMIT and a space', fourth('COMMIT '), 4, /not a line/],
    ['COMMIT in small letters', fourth('commit'), 4, /not a line/],
    ['COMMIT indented', fourth(' COMMIT'), 4, /not a line/],
    ['a chain outside a table', ':INPUT ACCEPT [0:0]\n', 1, /outside any table/],
    ['a chain after COMMIT', '*filter\nCOMMIT\n:INPUT ACCEPT [0:0]\n', 3, /outside any table/],
    ['a chain twice', fourth(':A - [0:0]'), 4, /second time/],
    ['a built-in chain twice', fourth(':INPUT DROP [0:0]'), 4, /second time/],
    ['a chain without a policy', fourth(':B'), 4, /chain line/],
    ['a chain without a name', fourth(':'), 4, /chain line/],
    ['a policy in small letters', fourth(':FORWARD drop [0:0]'), 4, /chain line/],
    ['a policy that is none', fourth(':FORWARD QUEUE [0:0]'), 4, /chain line/],
    ['counters of a chain that are none', fourth(':B - [x:0]'), 4, /chain line/],
    ['counters of a chain that are cut', fourth(':B - [0:'), 4, /chain line/],
    // Restore ends a chain's name at the first space and ignores the rest of the line.
    [
      'text after a chain line that looks like another policy',
      fourth(':FORWARD ACCEPT [0:0] # DROP'),
      4,
      /FORWARD/,
    ],
    [
      'text after a chain line that looks like a user chain',
      fourth(':FORWARD ACCEPT [0:0] # -'),
      4,
      /FORWARD/,
    ],
    ['a policy for a name with a space', fourth(':B b DROP [0:0]'), 4, /first space/],
    ['a name that restore takes for another chain', fourth(':A b - [0:0]'), 4, /is chain A/],
    ['a name that restore takes for a built-in chain', fourth(':OUTPUT b - [0:0]'), 4, /is chain OUTPUT/],
    ['a rule outside a table', '-A INPUT -j DROP\n', 1, /outside any table/],
    ['a rule after COMMIT', '*filter\nCOMMIT\n[0:0] -A INPUT -j DROP\n', 3, /outside any table/],
    ['a rule of a chain nobody declared', fourth('-A B -j DROP'), 4, /does not declare/],
    ['a rule of no chain', fourth('-A  '), 4, /does not declare/],
    ['an insert', fourth('-I INPUT -j DROP'), 4, /-A CHAIN/],
    ['a delete', fourth('-D INPUT -j DROP'), 4, /-A CHAIN/],
    ['a flush', fourth('-F'), 4, /-A CHAIN/],
    ['a table option', fourth('-t nat -A INPUT -j DROP'), 4, /-A CHAIN/],
    ['a long option', fourth('--append INPUT -j DROP'), 4, /-A CHAIN/],
    ['counters that are none', fourth('[a:b] -A INPUT -j DROP'), 4, /counters/],
    ['counters in pairs of three', fourth('[1:2:3] -A INPUT -j DROP'), 4, /counters/],
    ['negative counters', fourth('[-1:5] -A INPUT -j DROP'), 4, /counters/],
    ['hexadecimal counters', fourth('[0x10:010] -A INPUT -j DROP'), 4, /counters/],
    ['counters with spaces', fourth('[ 1 : 2 ] -A INPUT -j DROP'), 4, /counters/],
    ['counters that never close', fourth('[1:2 -A INPUT -j DROP'), 4, /counters/],
    ['counters and nothing more', fourth('[1:2]'), 4, /-A CHAIN/],
    ['counters that are indented', fourth(' [1:2] -A INPUT -j DROP'), 4, /not a line/],
    ['counters before a table', '[1:2] *filter\nCOMMIT\n', 1, /outside any table/],
    ['a line of spaces', fourth('  '), 4, /not a line/],
    ['an indented remark', fourth(' # remark'), 4, /not a line/],
    ['an unknown line', fourth('hello'), 4, /not a line/],
    ['what nft itself prints', 'table ip filter {\n', 1, /not a line/],
    ['a byte order mark', '\xef\xbb\xbf*filter\nCOMMIT\n', 1, /not a line/],
    ['NUL', fourth('-A INPUT -i lo\0 -j ACCEPT'), 4, /NUL/],
    ['NUL in a remark', '# a\n# b\0\n', 2, /NUL/],
    ['a line longer than the buffer of restore', fourth(`-A INPUT ${'x'.repeat(10_240 - 9)}`), 4, /longer/],
    ['a remark longer than that', `# ${'x'.repeat(10_238)}\n`, 1, /longer/],
    [
      'a quote that never closes',
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "a\nb\n',
      3,
      /never closes/,
    ],
    [
      'the last rule cut inside its comment',
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "a',
      3,
      /never closes/,
    ],
  ])('%s', (_, text, line, says) => {
    const fault = faultOf(() => parseSave(text, 'iptables-save'));
    expect(fault).toMatchObject({ code: 'RG_PARSE', exit: 3 });
    expect(fault.message).toContain(`iptables-save, line ${String(line)}: `);
    expect(fault.message).toMatch(says);
  });

  test.each([
    "# Table `filter' is incompatible, use 'nft' tool.\n",
    "*nat\nCOMMIT\n# Table `filter' is incompatible, use 'nft' tool.\n",
  ])('a table that nft-save could not show is not an empty table: %j', (text) => {
    const fault = faultOf(() => parseSave(text, 'iptables-nft-save'));
    expect(fault).toMatchObject({ code: 'RG_INCOMPATIBLE', exit: 3 });
    expect(fault.message).toContain(
      `iptables-nft-save, line ${String(text.split('\n').length - 1)}: table filter `,
    );
  });
});

describe('a newline inside a quoted value', () => {
  test.each<[what: string, text: string, line: number]>([
    ['a rule', fourth(comment('x\n-A INPUT -j DROP\n#')), 5],
    ['an indented rule', fourth(comment('x\n \t-A INPUT -j DROP')), 5],
    ['a rule with counters', fourth(comment('x\n[0:0] -A INPUT -j DROP\n#')), 5],
    ['any command', fourth(comment('x\n-F')), 5],
    ['a rule with its options first', fourth(comment('x\n--jump DROP -A INPUT')), 5],
    ['a rule that begins with a negation', fourth(comment('x\n! -i lo -A INPUT -j DROP\n#')), 5],
    [
      'a rule whose words are quoted',
      fourth('-A INPUT -m comment --comment "x\n "-A" INPUT -j DROP -m comment --comment "y'),
      5,
    ],
    ['a chain', fourth(comment('x\n:INPUT DROP [0:0]\n#')), 5],
    ['a table', fourth(comment('x\n*nat\n#')), 5],
    ['COMMIT', fourth(comment('x\nCOMMIT\n#')), 5],
    ['COMMIT of a CRLF file', fourth(comment('x\nCOMMIT\r\n#')), 5],
    ['a rule on the third line', fourth(comment('x\ny\n-A INPUT -j DROP\n#')), 6],
    [
      'the rule that follows an open quote',
      fourth('-A INPUT -m comment --comment "x', '-A INPUT -j DROP'),
      5,
    ],
    ['the COMMIT that follows an open quote', fourth('-A INPUT -m comment --comment "x'), 5],
    ['a line longer than the buffer', fourth(comment(`x\n${'y'.repeat(10_240)}`)), 5],
  ])('is a fault where restore would read the rest as %s', (_, text, line) => {
    const fault = faultOf(() => parseSave(text, 'f'));
    expect(fault.code).toBe('RG_PARSE');
    expect(fault.message).toContain(`f, line ${String(line)}: `);
  });

  test('the fault shows the line, because an operator has to find the rule', () => {
    const fault = faultOf(() => parseSave(fourth(comment('x\n-A INPUT -s 192.0.2.7/32 -j DROP\n#'))));
    expect(fault.details).toEqual(['-A INPUT -s 192.0.2.7/32 -j DROP']);
    expect(fault.hint).toContain('Nothing was changed');
  });
});
