import { describe, expect, test } from 'vitest';
import { predictCommand } from '../../../../../src/firewall/iptables/predict/predict.ts';
import { predictRestore } from '../../../../../src/firewall/iptables/predict/predict-restore.ts';
import { EMPTY_RULESET } from '../../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../../src/firewall/iptables/text/parse.ts';
import { printRuleset } from '../../../../../src/firewall/iptables/text/print.ts';

const HEAD = [':INPUT ACCEPT [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]'];
const USERS = [':A - [0:0]', ':B - [0:0]', ':E - [0:0]'];
const X = '-A INPUT -i x -j DROP';
const Y = '-A INPUT -m comment --comment "it\\\'s y" -j ACCEPT';
const JUMP = '-A FORWARD -j A';
const INNER = '-A A -j B';
const filter = (...lines: readonly string[]): string => ['*filter', ...lines, 'COMMIT', ''].join('\n');
const NAT =
  ['*nat', ':PREROUTING ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]', '-A POSTROUTING -j MASQUERADE'].join(
    '\n',
  ) + '\nCOMMIT\n';
const STANDING = filter(...HEAD, ...USERS, X, Y, X, JUMP, INNER) + NAT;

const live = (text = STANDING) => ({
  variant: 'nft' as const,
  rules: { ipv4: parseSave(text).ruleset, ipv6: EMPTY_RULESET },
});
/** What is left of the filter table; NAT must stay as it was. */
function left(words: readonly string[]): string | undefined {
  const rules = predictCommand(words, live(), 'nft');
  return rules && printRuleset(rules.ipv4).replace(NAT, '');
}
const said = (line: string): string | undefined => left(`iptables ${line}`.split(' '));

describe('predictCommand', () => {
  test.each<[line: string, ...lines: readonly string[]]>([
    ['-S', ...HEAD, ...USERS, X, Y, X, JUMP, INNER],
    ['-F', ...HEAD, ...USERS],
    ['-F INPUT', ...HEAD, ...USERS, JUMP, INNER],
    ['-X E', ...HEAD, ...USERS.slice(0, 2), X, Y, X, JUMP, INNER],
    ['-N C', ...HEAD, ':A - [0:0]', ':B - [0:0]', ':C - [0:0]', ':E - [0:0]', X, Y, X, JUMP, INNER],
    ['-P INPUT DROP', ':INPUT DROP [0:0]', ...HEAD.slice(1), ...USERS, X, Y, X, JUMP, INNER],
    ['-D INPUT 2', ...HEAD, ...USERS, X, X, JUMP, INNER],
    ['-D INPUT -i x -j DROP', ...HEAD, ...USERS, Y, X, JUMP, INNER],
    ['-C INPUT -i x -j DROP', ...HEAD, ...USERS, X, Y, X, JUMP, INNER],
    ['-A FORWARD -j A', ...HEAD, ...USERS, X, Y, X, JUMP, JUMP, INNER],
    [
      '-I INPUT -p tcp --dport 22 -j ACCEPT',
      ...HEAD,
      ...USERS,
      '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
      X,
      Y,
      X,
      JUMP,
      INNER,
    ],
    ['-I INPUT 2 -j DROP', ...HEAD, ...USERS, X, '-A INPUT -j DROP', Y, X, JUMP, INNER],
  ])('%s', (line, ...lines) => {
    expect(said(line)).toBe(filter(...lines));
  });

  test('finds a rule whose saved words are in quotes', () => {
    const words = ['iptables', '-D', 'INPUT', '-m', 'comment', '--comment', "it's y", '-j', 'ACCEPT'];
    expect(left(words)).toBe(filter(...HEAD, ...USERS, X, X, JUMP, INNER));
  });

  test('keeps what it was not asked about', () => {
    const before = live();
    const rules = predictCommand(['iptables', '-t', 'nat', '-F'], before, 'nft');
    expect(rules?.ipv4.tables.get('nat')?.chains.get('POSTROUTING')?.rules).toEqual([]);
    expect(rules?.ipv4.tables.get('filter')).toEqual(before.rules.ipv4.tables.get('filter'));
    expect(rules?.ipv6).toBe(EMPTY_RULESET);
  });

  test.each([
    ['all user chains while one is used', '-X'],
    ['a user chain with rules', '-X A'],
    ['a user chain that is jumped to', '-X B'],
    ['a chain that is there', '-N A'],
    ['a missing chain', '-F NOSUCH'],
    ['a policy of a user chain', '-P A DROP'],
    ['a policy that is none', '-P INPUT REJECT'],
    ['dropping in nat', '-t nat -P PREROUTING DROP'],
    ['a number past the end', '-D INPUT 4'],
    ['a rule that is not there', '-D INPUT -i y -j DROP'],
    ['a rule that is not there, asked for', '-C INPUT -j DROP'],
    ['an insert past the end', '-I INPUT 5 -j DROP'],
    ['a jump that is not there yet, which may make a loop', '-A B -j A'],
    ['a rule of another chain, which this one may refuse', '-A FORWARD -m comment --comment z -j ACCEPT'],
    ['a table that nothing shows', '-t raw -P OUTPUT DROP'],
    ['an open and empty chain of nft, which may not be made', '-Z OUTPUT'],
  ])('leaves %s to the tool', (_, line) => {
    expect(said(line)).toBeUndefined();
  });

  test('takes a rule given as one word for no rule', () => {
    expect(left(['iptables', '-D', 'INPUT', '-i x -j DROP'])).toBeUndefined();
  });

  test.each<[words: string, usual: 'nft' | 'legacy', told: boolean]>([
    ['iptables -F', 'nft', true],
    ['iptables -F', 'legacy', false],
    ['iptables-nft -F', 'legacy', true],
    ['iptables-legacy -F', 'nft', false],
    ['/usr/sbin/iptables -F', 'nft', true],
    ['/sbin/iptables-nft -F', 'nft', true],
    ['./iptables -F', 'nft', false],
    ['/root/iptables -F', 'nft', false],
    ['iptables-restore x', 'nft', false],
    ['sudo iptables -F', 'nft', false],
    ['ebtables -F', 'nft', false],
    ['ip6tables -F', 'nft', true],
  ])('%s where %s is usual: %s', (line, usual, told) => {
    expect(predictCommand(line.split(' '), live(), usual) !== undefined).toBe(told);
  });
});

describe('predictRestore', () => {
  const restored = (text: string, noflush = false): string | undefined => {
    const rules = predictRestore('ipv4', text, live(), noflush);
    return rules && printRuleset(rules.ipv4).replace(NAT, '');
  };

  test('a flushing file replaces the tables it lists, in the order of a save', () => {
    const text = filter(...HEAD, ':Z - [0:0]', ':A - [0:0]', '-A INPUT -p tcp --dport 22 -j ACCEPT', Y);
    const head = [...HEAD, ':A - [0:0]', ':Z - [0:0]'];
    expect(restored(text)).toBe(filter(...head, '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', Y));
  });

  test('under --noflush what is not named stays, and a declared user chain is emptied', () => {
    const text = filter(':INPUT DROP [0:0]', ':A - [0:0]', X);
    expect(restored(text, true)).toBe(
      filter(':INPUT DROP [0:0]', ...HEAD.slice(1), ...USERS, X, Y, X, X, JUMP),
    );
  });

  test.each<[string, string, boolean?]>([
    ['a rule of unknown spelling', filter(...HEAD, '-A INPUT -p tcp --dport ssh -j DROP')],
    ['a jump to a chain it does not declare', filter(...HEAD, JUMP)],
    [
      'a built-in chain left out: nft opens it, legacy does not',
      filter(...HEAD.slice(1), '-A FORWARD -j DROP'),
    ],
    ['a chain line without counters', filter(':INPUT ACCEPT', ...HEAD.slice(1))],
    ['a policy that is kept', filter(':INPUT - [0:0]', ...HEAD.slice(1))],
    ['a chain with the name of a target', filter(...HEAD, ':LOG - [0:0]')],
    ['a chain declared behind a rule', filter(...HEAD, X, ':A - [0:0]')],
    ['no COMMIT', `*filter\n${HEAD.join('\n')}\n`],
    ['no newline at the end', filter(...HEAD).trimEnd()],
    ['carriage returns', filter(...HEAD).replaceAll('\n', '\r\n')],
    ['a command line', filter('-F INPUT'), true],
    ['a chain with no line of its own, whose policy stays', filter(X), true],
    ['a table that nothing shows', '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n'],
  ])('leaves %s to the tool', (_, text, noflush = false) => {
    expect(restored(text, noflush)).toBeUndefined();
  });
});
