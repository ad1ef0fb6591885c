import { describe, expect, test } from 'vitest';
import {
  ruleCountsOn,
  translationSeen,
  type PortTranslation,
} from '../../../../src/doctor/probe/rule-counts.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';
import type { VariantRules } from '../../../../src/trace/network-state.ts';
import { stoppedBy } from '../../../support/doctor/paths.ts';
import { beside } from '../../../support/doctor/seen.ts';

describe('what rules counted', () => {
  const variant = (filter: string, nat = ''): readonly VariantRules[] => {
    const text = `*nat\n:DOCKER - [0:0]\n${nat}COMMIT\n*filter\n:FORWARD DROP [4:0]\n${filter}COMMIT\n`;
    return [{ variant: 'nft', rules: { ipv4: parseSave(text, 'test').ruleset, ipv6: EMPTY_RULESET } }];
  };
  const told = (before: string, after: string) =>
    ruleCountsOn(beside(stoppedBy('-A FORWARD -j DROP')), undefined, variant(before), variant(after)).map(
      (one) => `${one.text} ${one.before} ${one.after}`,
    );

  test.each<[what: string, before: string, after: string, said: readonly string[]]>([
    [
      'the rule of the path, even when it did not',
      '[1:9] -A FORWARD -j DROP\n',
      '[1:9] -A FORWARD -j DROP\n',
      ['-A FORWARD -j DROP 1 1'],
    ],
    [
      'equal rules as one',
      '[1:9] -A FORWARD -j DROP\n',
      '[1:9] -A FORWARD -j DROP\n[5:9] -A FORWARD -j DROP\n',
      ['-A FORWARD -j DROP 1 6'],
    ],
    [
      'another rule that drops such packets',
      '',
      '[1:9] -A FORWARD -p tcp -m tcp --dport 80 -j REJECT\n',
      ['-A FORWARD -p tcp -m tcp --dport 80 -j REJECT 0 1'],
    ],
    [
      'not a rule that drops other packets',
      '',
      '[1:9] -A FORWARD -p udp -j DROP\n[1:9] -A FORWARD -d 10.0.0.0/8 -j DROP\n[1:9] -A FORWARD -p tcp -m tcp --dport 22 -j DROP\n',
      [],
    ],
    ['not a rule that accepts', '', '[1:9] -A FORWARD -j ACCEPT\n', []],
  ])('%s', (_, before, after, said) => {
    expect(told(before, after)).toEqual(said);
  });

  const EXPECTED: PortTranslation = {
    family: 'ipv4',
    proto: 'tcp',
    hostPort: 8080,
    address: '172.17.0.2',
    port: 80,
  };
  const dnat = (count: number, to = '172.17.0.2:80') =>
    `[${String(count)}:9] -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination ${to}\n`;
  test.each([
    ['counted', dnat(1), dnat(2)],
    ['still', dnat(1), dnat(1)],
    ['missing', dnat(1), ''],
    ['missing', '', dnat(1, '172.17.0.9:80')],
    ['counted', '', dnat(1)],
  ])('the rule of the translation is %s', (said, before, after) => {
    expect(translationSeen(EXPECTED, variant('', before), variant('', after))).toBe(said);
  });
});
