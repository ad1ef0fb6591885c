import { describe, expect, test } from 'vitest';
import { nativeCountsOn, nativeTranslationSeen } from '../../../../src/doctor/probe/native-counts.ts';
import { stoppedBy } from '../../../support/doctor/paths.ts';
import { beside } from '../../../support/doctor/seen.ts';

const listed = (table: string, chain: string, ...rules: readonly string[]) => ({
  table,
  text: `table ${table} { # handle 1\n\tchain ${chain} { # handle 2\n\t\ttype filter hook forward priority filter; policy accept;\n${rules
    .map((rule, i) => `\t\t${rule} # handle ${String(i + 3)}\n`)
    .join('')}\t}\n}\n`,
});

const PORT = { family: 'ipv4', proto: 'tcp', hostPort: 8080, address: '172.17.0.2', port: 80 } as const;
const dnat = (packets: number, to = '172.17.0.2:80') =>
  listed(
    'ip docker-bridges',
    'nat-prerouting-and-output',
    `iifname != "docker0" tcp dport 8080 counter packets ${String(packets)} bytes 9 dnat to ${to} comment "DNAT"`,
  );

describe('the translation of a published port', () => {
  test.each([
    ['counted', 1, 2, '172.17.0.2:80'],
    ['still', 1, 1, '172.17.0.2:80'],
    ['missing', 1, 2, '172.17.0.3:80'],
    ['missing', 1, 2, '172.17.0.2:8080'],
  ] as const)('%s: %d → %d packets to %s', (said, was, is, to) => {
    expect(nativeTranslationSeen(PORT, [dnat(was, to)], [dnat(is, to)])).toBe(said);
  });
  test('none where nothing is to be translated, missing where the table is', () => {
    expect(nativeTranslationSeen(undefined, [dnat(1)], [dnat(2)])).toBe('none');
    expect(nativeTranslationSeen(PORT, [dnat(1)], [])).toBe('missing');
  });
});

describe('what rules counted', () => {
  const told = (...[was, is]: readonly (readonly string[])[]): readonly string[] =>
    nativeCountsOn(
      beside(stoppedBy('-A FORWARD -j DROP')),
      undefined,
      [listed('inet mine', 'user', ...(was ?? []))],
      [listed('inet mine', 'user', ...(is ?? []))],
    ).map(({ text, before, after, ends }) => `${text} ${before} ${after}${ends ? ' ends' : ''}`);

  test.each<[what: string, was: string, is: string, said: readonly string[]]>([
    [
      'a rule that drops such packets',
      'tcp dport 80 counter packets 1 bytes 9 drop',
      'tcp dport 80 counter packets 2 bytes 99 drop',
      ['tcp dport 80 counter drop 1 2 ends'],
    ],
    ['not one that counted nothing', 'counter packets 1 bytes 9 drop', 'counter packets 1 bytes 9 drop', []],
    [
      'not one of another port',
      'tcp dport 22 counter packets 1 bytes 9 drop',
      'tcp dport 22 counter packets 2 bytes 9 drop',
      [],
    ],
    [
      'not one of another protocol',
      'udp dport 80 counter packets 1 bytes 9 drop',
      'udp dport 80 counter packets 2 bytes 9 drop',
      [],
    ],
    [
      'not one of another address',
      'ip daddr 10.0.0.9 counter packets 1 bytes 9 drop',
      'ip daddr 10.0.0.9 counter packets 2 bytes 9 drop',
      [],
    ],
    ['not one that accepts', 'counter packets 1 bytes 9 accept', 'counter packets 2 bytes 9 accept', []],
    ['nothing of a rule without a counter', 'tcp dport 80 drop', 'tcp dport 80 drop', []],
  ])('%s', (_, was, is, said) => {
    expect(told([was], [is])).toEqual(said);
  });
});
