import { expect, it } from 'vitest';
import { oneIn } from '../../support/incident/share.ts';
import { attempt, claimFor, table } from '../../support/kernel-facts.ts';
import type { Claims } from '../../support/kernel-facts.ts';
import { describeKinds, losesCounters } from '../../support/kernel.ts';

const RULE = '-A INPUT -j ACCEPT';
const NAME28 = 'abcdefghijklmnopqrstuvwxyz01';
type Case = readonly [title: string, input: string, claim: Claims];

/** Whole restore inputs: which lines are read as what. */
const LINES: readonly Case[] = [
  ['a plain table', `*filter\n${RULE}\nCOMMIT\n`, [RULE]],
  ['a space after the asterisk', `* filter\n${RULE}\nCOMMIT\n`, [RULE]],
  ['words after the table name are ignored', `*filter # x\n${RULE}\nCOMMIT\n`, [RULE]],
  ['an empty line', `\n*filter\n\n${RULE}\n\nCOMMIT\n\n`, [RULE]],
  ['a line of one space outside a table', ` \n*filter\n${RULE}\nCOMMIT\n`, 'refused'],
  ['a line of one space inside a table', `*filter\n \n${RULE}\nCOMMIT\n`, 'refused'],
  ['a line of one tab inside a table', `*filter\n\t\n${RULE}\nCOMMIT\n`, 'refused'],
  ['a space before *', ` *filter\n${RULE}\nCOMMIT\n`, 'refused'],
  ['a space before :', `*filter\n :A - [0:0]\n${RULE}\nCOMMIT\n`, 'refused'],
  ['a space before COMMIT', `*filter\n${RULE}\n COMMIT\n`, 'refused'],
  ['a space after COMMIT', `*filter\n${RULE}\nCOMMIT \n`, 'refused'],
  ['COMMIT and a comment', `*filter\n${RULE}\nCOMMIT # x\n`, 'refused'],
  ['commit', `*filter\n${RULE}\ncommit\n`, 'refused'],
  ['no COMMIT', `*filter\n${RULE}\n`, 'refused'],
  ['COMMIT without a newline', `*filter\n${RULE}\nCOMMIT`, { nft: [RULE], legacy: 'refused' }],
  ['a table inside a table', `*filter\n${RULE}\n*nat\nCOMMIT\n`, 'refused'],
  ['a rule outside a table', `${RULE}\n*filter\nCOMMIT\n`, 'refused'],
  ['an unknown table', `*nosuch\nCOMMIT\n`, 'refused'],
  ['CR after a # line', `# x\r\n*filter\n${RULE}\nCOMMIT\n`, [RULE]],
  ['CR after a chain line', `*filter\n:A - [0:0]\r\n${RULE}\nCOMMIT\n`, [':A -', RULE]],
  ['CR after a table name', `*filter\r\n${RULE}\nCOMMIT\n`, 'refused'],
  ['CR after COMMIT', `*filter\n${RULE}\nCOMMIT\r\n`, 'refused'],
  ['CR alone in a line', `*filter\n\r\n${RULE}\nCOMMIT\n`, 'refused'],
  [
    'a chain declared twice, flushing',
    table(':A - [0:0]', '-A A -j DROP', ':A - [0:0]'),
    { nft: [':A -'], legacy: 'refused' },
  ],
  [
    'same table twice, flushing: the second one wins',
    `${table(RULE)}${table('-A OUTPUT -j DROP')}`,
    ['-A OUTPUT -j DROP'],
  ],
];

/** Lines of one table after `*filter`. */
const CHAINS: readonly Case[] = [
  ['a chain needs no counters', ':A -', [':A -']],
  ['a chain needs a policy', ':A', 'refused'],
  ['junk in place of counters is ignored', ':A - junk # more', [':A -']],
  ['spaces and tabs after the colon and between', ': \tA  -\t[0:0]', [':A -']],
  ['a policy', ':INPUT DROP [0:0]', [':INPUT DROP']],
  ['a policy in lower case', ':INPUT drop [0:0]', 'refused'],
  ['no other policy', ':INPUT REJECT [0:0]', 'refused'],
  ['a policy for a user chain', ':A ACCEPT [0:0]', { nft: [':A -'], legacy: 'refused' }],
  ['a chain declared twice is emptied', ':A - [0:0]\n-A A -j DROP\n:A - [0:0]', [':A -']],
  ['a name of 28 bytes', `:${NAME28} - [0:0]`, [`:${NAME28} -`]],
  ['a name of 29 bytes', `:${NAME28}2 - [0:0]`, 'refused'],
  ['bytes are counted, not characters', `:${NAME28.slice(1)}\xc3\xa9 - [0:0]`, 'refused'],
  ['a name that begins with -', ':-a - [0:0]', { nft: 'refused', legacy: [':-a -'] }],
  ['a name that begins with !', ':!a - [0:0]', { nft: 'refused', legacy: [':!a -'] }],
  ['the name of a built-in target', ':ACCEPT - [0:0]', 'refused'],
  ['the name of a target extension', ':LOG - [0:0]', [':LOG -']],
  [
    'a quote in a name is printed raw in a rule',
    ':a"b - [0:0]\n-A "a\\"b" -j DROP',
    [':a"b -', '-A a"b -j DROP'],
  ],
  ['a chain name that save prints raw is read as another', ':a"b - [0:0]\n-A a"b -j DROP', 'refused'],
  ['odd bytes in a name', ':#h*[$x]; - [0:0]', [':#h*[$x]; -']],
  ['a chain may be called COMMIT', ':COMMIT - [0:0]\n-A COMMIT -j DROP', [':COMMIT -', '-A COMMIT -j DROP']],
];

/** Counters before a rule, printed with `save -c`; the input is restored with `-c`. */
const COUNTERS: readonly (readonly [line: string, counters: string])[] = [
  ['[3:4] -A INPUT -j ACCEPT', '[3:4]'],
  ['[3:4]-A INPUT -j ACCEPT', '[3:4]'],
  ['-A INPUT -j ACCEPT', '[0:0]'],
  ['[ 3 : 4 ] -A INPUT -j ACCEPT', '[3:4]'],
  ['[0x10:010] -A INPUT -j ACCEPT', '[0:10]'],
  ['[1:2:3] -A INPUT -j ACCEPT', '[1:2]'],
  ['[99999999999999999999:1] -A INPUT -j ACCEPT', '[18446744073709551615:1]'],
  [' [3:4] -A INPUT -j ACCEPT', 'refused'],
  ['[3:x] -A INPUT -j ACCEPT', 'refused'],
  ['[3] -A INPUT -j ACCEPT', 'refused'],
  ['-A INPUT -j ACCEPT -c 3 4', '[3:4]'],
  ['[3:4] -I INPUT 1 -j ACCEPT', '[3:4]'],
  ['[3:4] -D INPUT -j DROP', 'refused'],
];

describeKinds('how restore reads lines', (kind) => {
  it.each(oneIn(4, LINES))('%s', async (_title, input, claim) => {
    expect(await attempt(kind, { input, args: [] })).toEqual(claimFor(claim, kind));
  });

  it.each(oneIn(4, CHAINS))('%s', async (_title, lines, claim) => {
    expect(await attempt(kind, { input: table(lines) })).toEqual(claimFor(claim, kind));
  });

  it.each(oneIn(4, COUNTERS))('counters of %j are %s', async (line, counters) => {
    const before = table('-A INPUT -j DROP');
    const claim = await attempt(kind, { before, input: table(line), args: ['-n', '-c'], show: ['-c'] });
    const shown = claim === 'refused' ? claim : claim.map((rule) => rule.split(' -')[0]);
    const taken = losesCounters(kind) ? '[0:0]' : counters;
    expect(shown).toEqual(counters === 'refused' ? counters : expect.arrayContaining(['[0:0]', taken]));
  });
});
