import type { Dice } from '../busy/dice.ts';

/** What a hostile hand would write where a name, an address, a rule or a number is expected. */
const NASTY: readonly string[] = [
  ...[
    '',
    '+',
    'e+',
    '-',
    '!',
    '"',
    '\\',
    '%s',
    '*',
    '0',
    '-1',
    'null',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    'docker0 -j ACCEPT',
    'lo',
    'eth0+',
    'br-0 -i lo',
    'a/b',
    '../../../etc/shadow',
    '/dev/zero',
    'x'.repeat(16),
  ],
  ...[
    '0.0.0.0/0',
    '::/0',
    '::',
    '0.0.0.0',
    '127.0.0.1',
    '255.255.255.255',
    '10.0.0.1/33',
    '999.1.1.1',
    'fe80::1%eth0',
  ],
  ...['0x0/0x0', '0x1', '0xffffffff/0xffffffff', '65536', '0:65535', '1e9', '99999999999999999999'],
  ...[
    '-A INPUT -j ACCEPT',
    '-A FORWARD -j ACCEPT',
    '-A DOCKER-USER -j ACCEPT',
    '-A DOCKER -j ACCEPT',
    '-P FORWARD ACCEPT',
  ],
  ...[
    '-j ACCEPT\nCOMMIT\n*filter\n-F',
    'COMMIT',
    '*nat',
    ':EVIL - [0:0]',
    '# Completed',
    '--comment "a',
    "'; rm -rf /",
  ],
  ...[
    '\u001b[2J',
    '\u001b]0;owned\u0007',
    '\u009b31m',
    'a\u202eb',
    '\u2066',
    '\ufeff',
    '\u0000',
    '\u0085',
    '\r',
    '\t',
    'é',
    '漢字',
  ],
  ...['x'.repeat(256), 'y '.repeat(6000)],
];

const BYTES = Array.from(
  ` !"#$%'()*+,-./0123456789:;<=>?@ABCXYZ[\\]^_abcxyz{|}~\n\r\t\u0000\u001b\u007f\u0080\u009b\u00e9\u00ff`,
);

/** A text changed a little, or for another; most changes leave it near what it was. */
export function mutateText(text: string, others: readonly string[], dice: Dice): string {
  const at = dice.below(text.length + 1);
  switch (dice.below(10)) {
    case 0:
      return dice.pick(NASTY) ?? '';
    case 1:
      return text + (dice.pick(NASTY) ?? '');
    case 2:
    case 3:
      return dice.pick(others) ?? text;
    case 4:
      return text.slice(0, at) + (dice.pick(BYTES) ?? '') + text.slice(at);
    case 5:
      return text.slice(0, at) + text.slice(at + 1 + dice.below(3));
    case 6:
      return text.replace(/\d+/g, (digits) => (dice.oneIn(2) ? String(dice.below(70_000)) : digits));
    default:
      return mutateWords(text, others, dice);
  }
}

/** One word left out, doubled, moved, or taken from another text: what a rule's own grammar lets pass most often. */
function mutateWords(text: string, others: readonly string[], dice: Dice): string {
  const words = text.split(' ');
  const at = dice.below(words.length);
  const foreign = (dice.pick(others) ?? '').split(' ');
  switch (dice.below(5)) {
    case 0:
      return words.toSpliced(at, 1).join(' ');
    case 1:
      return words.toSpliced(at, 0, words[at] ?? '').join(' ');
    case 2:
      return words.toSpliced(at, 2, words[at + 1] ?? '', words[at] ?? '').join(' ');
    case 3:
      return words.toSpliced(at, 1, dice.pick(NASTY) ?? '').join(' ');
    default:
      return words.toSpliced(at, 1, dice.pick(foreign) ?? '').join(' ');
  }
}
