import fc from 'fast-check';
import { expect, test } from 'vitest';
import { targetOf, viewRule, type RuleCondition } from '../../src/firewall/iptables/text/view.ts';
import { quoteWord } from '../support/save-text.ts';

const NUM_RUNS = 4000;

const condition = (...values: readonly string[]): fc.Arbitrary<RuleCondition | undefined> =>
  fc.option(fc.record({ value: fc.constantFrom(...values), negated: fc.boolean() }), { nil: undefined });

/** Free text that looks like options. */
const freeText = fc.oneof(
  fc.constantFrom(
    '-j',
    '-g',
    '-j DOCKER',
    ' -j DOCKER',
    '-i',
    '!',
    '',
    '"',
    '\\',
    '-m comment',
    'x -g B',
    '--dport',
    "it's",
  ),
  fc.string({ maxLength: 20 }).filter((text) => !/[\n\0]/.test(text)),
);

const made = fc.record({
  source: condition('10.0.0.0/8', 'fd00::/8'),
  destination: condition('192.0.2.1/32'),
  inInterface: condition('docker0', 'br-+'),
  outInterface: condition('eth0'),
  protocol: condition('tcp', 'udp'),
  sourcePort: condition('1024:65535'),
  destinationPort: condition('80'),
  comment: fc.option(freeText, { nil: undefined }),
  verdict: fc.option(
    fc.record({ by: fc.constantFrom('jump', 'goto'), target: fc.constantFrom('DROP', 'DOCKER', 'A_b-c') }),
    { nil: undefined },
  ),
  prefix: fc.option(freeText, { nil: undefined }),
});

const asked = (option: string, what: RuleCondition | undefined): readonly string[] =>
  what === undefined ? [] : [...(what.negated ? ['!'] : []), option, what.value];

/** The rule in save's order: addresses, interfaces, protocol, matches, target, its options. */
const textOf = (rule: typeof made extends fc.Arbitrary<infer T> ? T : never): string =>
  [
    ...['-A', 'C', ...asked('-s', rule.source), ...asked('-d', rule.destination)],
    ...[...asked('-i', rule.inInterface), ...asked('-o', rule.outInterface), ...asked('-p', rule.protocol)],
    ...['-m', 'tcp', ...asked('--sport', rule.sourcePort), ...asked('--dport', rule.destinationPort)],
    ...(rule.comment === undefined ? [] : ['-m', 'comment', '--comment', quoteWord(rule.comment)]),
    ...(rule.verdict === undefined ? [] : [rule.verdict.by === 'jump' ? '-j' : '-g', rule.verdict.target]),
    ...(rule.prefix === undefined || rule.verdict === undefined
      ? []
      : ['--log-prefix', quoteWord(rule.prefix)]),
  ].join(' ');

test('every field of a rule is read, whatever its comment looks like', () => {
  fc.assert(
    fc.property(made, (rule) => {
      const { comment, prefix, ...fields } = rule;
      const option = (name: string, value: string) => ({ name, values: [value], negated: false });
      expect(viewRule({ text: textOf(rule) })).toEqual({
        ...fields,
        chain: 'C',
        matches: comment === undefined ? ['tcp'] : ['tcp', 'comment'],
        options: [
          ...(comment === undefined ? [] : [option('--comment', comment)]),
          ...(prefix === undefined || rule.verdict === undefined ? [] : [option('--log-prefix', prefix)]),
        ],
      });
    }),
    { numRuns: NUM_RUNS },
  );
});

test('targetOf finds the same target as the full view', () => {
  fc.assert(
    fc.property(made, (rule) => {
      expect(targetOf(textOf(rule))).toBe(rule.verdict?.target);
    }),
    { numRuns: NUM_RUNS },
  );
});
