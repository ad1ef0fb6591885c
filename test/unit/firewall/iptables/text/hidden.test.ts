import { expect, test } from 'vitest';
import { parseBytecode } from '../../../../../src/firewall/iptables/text/bytecode.ts';
import {
  hiddenIn,
  saysAll,
  saysAllAlone,
  withHidden,
} from '../../../../../src/firewall/iptables/text/hidden.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';

const TCP = ['meta load l4proto => reg 1', 'cmp eq reg 1 0x00000006'];
const SOURCE = 'payload load 4b @ network header + 12 => reg 1';
const DROP = ['counter pkts 0 bytes 0', 'immediate reg 0 drop'];

/** A saved rule, and what the kernel holds where iptables-nft wrote it (1.8.9, 1.8.11, 1.8.13). */
const WHOLE: readonly (readonly [string, readonly string[]])[] = [
  ['-p tcp -j DROP', [...TCP, ...DROP]],
  ['-p tcp -m tcp -j DROP', [...TCP, 'match name tcp rev 0', ...DROP]],
  [
    '-p tcp -m tcp --dport 80 -j DROP',
    [...TCP, 'payload load 2b @ transport header + 2 => reg 1', 'cmp eq reg 1 0x00005000', ...DROP],
  ],
  [
    '-p tcp -m tcp --sport 0:5 -j DROP',
    [...TCP, 'payload load 2b @ transport header + 0 => reg 1', 'cmp lte reg 1 0x00000500', ...DROP],
  ],
  ['-p tcp -m tcp --dport 80 --tcp-option 5 -j DROP', [...TCP, 'match name tcp rev 0', ...DROP]],
  ['! -i + -j DROP', ['meta load iifname => reg 1', 'cmp eq reg 1 0x41564e49 0x00442f4c', ...DROP]],
  ['! -i + -j DROP', ['meta load iifname => reg 1', 'cmp eq reg 1 0x494e5641 0x4c2f4400', ...DROP]],
  ['-j DROP', ['meta load iifname => reg 1', ...DROP]],
  [
    '-s 10.0.0.0/12 -m state --state NEW -j DROP',
    [
      SOURCE,
      'bitwise reg 1 = ( reg 1 & 0x0000f0ff ) ^ 0x00000000 ',
      'cmp eq reg 1 0x0000000a',
      'match name conntrack rev 3',
      ...DROP,
    ],
  ],
  ['-j TRACE', ['counter pkts 0 bytes 0', 'immediate reg 9 0x00000001', 'meta set nftrace with reg 9']],
  ['-m comment --comment "-p tcp" -g X', ['match name comment rev 0', 'immediate reg 0 goto -> X']],
];

/** What nft wrote, and what a save makes of it. */
const HIDDEN: readonly (readonly [string, readonly string[]])[] = [
  ['-j DROP', [SOURCE, 'lookup reg 1 set __set0 0x0', 'immediate reg 0 drop']],
  ['-j DROP', [SOURCE, 'range eq reg 1 0x0100000a 0x0900000a', 'immediate reg 0 drop']],
  ['-s 1.2.3.4/32 -j DROP', [SOURCE, 'cmp gt reg 1 0x04030201', 'immediate reg 0 drop']],
  [
    '-s 2.2.2.2/32 -j DROP',
    [SOURCE, 'cmp neq reg 1 0x01010101', SOURCE, 'cmp eq reg 1 0x02020202', 'immediate reg 0 drop'],
  ],
  // 10.0.0.1 of 10.0.0.0/8 is nobody; saved and loaded again it is everybody of 10.0.0.0/8.
  [
    '-s 10.0.0.0/8 -j DROP',
    [SOURCE, 'bitwise reg 1 = ( reg 1 & 0x000000ff ) ^ 0x00000000 ', 'cmp eq reg 1 0x0100000a', ...DROP],
  ],
  [
    '-p tcp',
    [...TCP, 'payload load 2b @ transport header + 2 => reg 1', 'lookup reg 1 set __map0 dreg 0 0x0'],
  ],
  ['-p tcp -m tcp -j DROP', [...TCP, ...DROP]],
  ['-j ACCEPT', ['ct load state => reg 1', 'immediate reg 0 accept']],
  ['-m limit --limit 5/sec -j DROP', ['limit rate 5/second burst 5 type packets flags 0x1', ...DROP]],
];

test.each(WHOLE)('%s says all of what iptables-nft wrote', (text, code) => {
  expect(saysAll({ text: `-A DOCKER-USER ${text}` }, { code }, 'ipv4')).toBe(true);
});

test.each(HIDDEN)('%s does not say all of what nft wrote', (text, code) => {
  expect(saysAll({ text: `-A DOCKER-USER ${text}` }, { code }, 'ipv4')).toBe(false);
});

const SAVE =
  '*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER -s 1.2.3.4/32 -j DROP\n-A DOCKER-USER -j DROP\nCOMMIT\n';
/** As nft 1.0.6 prints it: instructions of other families stand behind those asked for. */
const LISTING = `ip filter @__set0
\telement 046433c6  : 0 [end]
ip filter DOCKER-USER 2
  [ ${SOURCE} ]
  [ cmp eq reg 1 0x04030201 ]
  [ counter pkts 0 bytes 0 ]
  [ immediate reg 0 drop ]

ip filter DOCKER-USER 4 2
  [ ${SOURCE} ]
  [ lookup reg 1 set __set0 0x0 ]
  [ immediate reg 0 drop ]
  userdata = { \\x00\\x0dx # handle 9\\x00 }

inet site in 2
  [ meta load l4proto => reg 1 ]

table ip filter { # handle 1
\tchain DOCKER-USER { # handle 1
\t\tip saddr 1.2.3.4 counter packets 0 bytes 0 drop # handle 2
\t\tip saddr { 198.51.100.3, 198.51.100.4 } drop comment "x # handle 9" # handle 4
\t}
}
`;

test('a hidden rule is put in nft’s words, and the others stay as they are', () => {
  const { ruleset } = parseSave(SAVE);
  const { ruleset: marked, moving } = withHidden(ruleset, 'ipv4', parseBytecode(LISTING), () => true);
  expect(moving).toEqual([]);
  expect([...hiddenIn(marked)].map(({ rule }) => [rule.text, rule.printed])).toEqual([
    [
      '-A DOCKER-USER (nft) ip saddr { 198.51.100.3, 198.51.100.4 } drop comment "x # handle 9"',
      '-A DOCKER-USER -j DROP',
    ],
  ]);
  expect(marked.tables.get('filter')?.chains.get('DOCKER-USER')?.rules[0]).toBe(
    ruleset.tables.get('filter')?.chains.get('DOCKER-USER')?.rules[0],
  );
});

test('rules that nft read twice, because they changed meanwhile, are as its listing has them', () => {
  const [instructions = '', listing = ''] = LISTING.split(/(?=table ip filter \{)/);
  // Rule 1 was in front, and was deleted before nft read again.
  const first = `ip filter DOCKER-USER 1\n  [ immediate reg 0 accept ]\n\n${instructions}`;
  const { ruleset } = parseSave(SAVE);
  const judged = withHidden(ruleset, 'ipv4', parseBytecode(first + instructions + listing), () => true);
  expect(judged.moving).toEqual([]);
  expect([...hiddenIn(judged.ruleset)].map(({ rule }) => rule.printed)).toEqual(['-A DOCKER-USER -j DROP']);
});

test('a chain whose rules are another number by now is not judged; the others are', () => {
  const other = SAVE.replace('COMMIT', ':MOVING - [0:0]\n-A MOVING -j DROP\nCOMMIT');
  const { ruleset, moving } = withHidden(
    parseSave(other).ruleset,
    'ipv4',
    parseBytecode(LISTING),
    () => true,
  );
  expect(moving).toEqual(['ip filter MOVING']);
  expect([...hiddenIn(ruleset)]).toHaveLength(1);
});

test.each([
  ['-A DOCKER-USER -p tcp -m tcp -j DROP', false],
  ['-A DOCKER-USER -p udp -m udp', false],
  ['-A DOCKER-USER -p tcp -m tcp --dport 80 -j DROP', true],
  ['-A DOCKER-USER -m comment --comment "a -m tcp -j" -j DROP', true],
])('%s can be loaded again from its text alone: %s', (text, is) => {
  expect(saysAllAlone({ text })).toBe(is);
});
