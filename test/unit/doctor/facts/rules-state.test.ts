import { describe, expect, test } from 'vitest';
import { linesOnRules } from '../../../../src/doctor/facts/daemon-log.ts';
import { decides, withoutResolver } from '../../../../src/doctor/facts/own-firewall.ts';
import { leftoversIn } from '../../../../src/doctor/facts/leftovers.ts';
import { asksSets, managersIn } from '../../../../src/doctor/facts/rules-state.ts';
import { EMPTY_RULESET, type Variant } from '../../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';
import type { VariantRules } from '../../../../src/trace/network-state.ts';

const save = (table: string, ...lines: readonly string[]): string =>
  [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
const held = (variant: Variant, ipv4: string): VariantRules => ({
  variant,
  rules: { ipv4: parseSave(ipv4).ruleset, ipv6: EMPTY_RULESET },
});

test("leftovers: chains of Docker's names in the variant that is not its own", () => {
  const rules = save(
    'filter',
    ':INPUT ACCEPT [0:0]',
    ':DOCKER - [0:0]',
    ':DOCKER-USER - [0:0]',
    ':DOCKERS - [0:0]',
    ':DOCKER_OUTPUT - [0:0]',
    '-A DOCKER-USER -j RETURN',
  );
  const rulesets = [held('nft', rules), held('legacy', rules)];
  expect(leftoversIn(rulesets, 'nft')).toEqual([
    { family: 'ipv4', variant: 'legacy', place: 'filter DOCKER', rules: 0 },
    { family: 'ipv4', variant: 'legacy', place: 'filter DOCKER-USER', rules: 1 },
  ]);
  expect(leftoversIn(rulesets, undefined)).toHaveLength(4);
  expect(leftoversIn([held('nft', rules)], 'nft')).toEqual([]);
});

test.each<[chains: readonly string[], tables: readonly string[], managers: readonly string[]]>([
  [['ufw-user-input'], [], ['ufw']],
  [['ufw6-before-input', 'DOCKER'], [], ['ufw']],
  [['INPUT_ZONES'], [], ['firewalld']],
  [[], ['inet firewalld'], ['firewalld']],
  [['INPUT_direct'], ['ip firewalld'], ['firewalld']],
  [['shorewall', 'net-fw'], [], ['shorewall']],
  [['LOCALINPUT', 'LOGDROPIN'], [], ['csf']],
  [['my-ufw', 'DOCKER-USER'], ['inet filter'], []],
])('chains %j and tables %j belong to %j', (chains, tables, managers) => {
  const rulesets = [held('nft', save('filter', ...chains.map((chain) => `:${chain} - [0:0]`)))];
  expect(
    managersIn(
      rulesets,
      tables.map((table) => ({ table })),
    ),
  ).toEqual(managers);
});

test.each([
  ['-A INPUT -m set --match-set bad src -j DROP', true],
  ['-A INPUT -s 192.0.2.1/32 -j DROP', false],
])('%s refers to a set: %s', (rule, asks) => {
  expect(asksSets([held('nft', save('filter', ':INPUT ACCEPT [0:0]', rule))])).toBe(asks);
});

describe("whether a container's own firewall can decide", () => {
  // As 28.5 writes it on a user-defined network.
  const own = save(
    'nat',
    ':PREROUTING ACCEPT [0:0]',
    ':INPUT ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    ':DOCKER_OUTPUT - [0:0]',
    ':DOCKER_POSTROUTING - [0:0]',
    '-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT',
    '-A POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING',
    '-A DOCKER_OUTPUT -d 127.0.0.11/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 127.0.0.11:35991',
    '-A DOCKER_POSTROUTING -s 127.0.0.11/32 -p tcp -m tcp --sport 35991 -j SNAT --to-source :53',
  );
  const filter = (policy: string, ...rules: readonly string[]): string =>
    save('filter', `:INPUT ${policy} [0:0]`, ...rules);

  test.each([
    ["rules for Docker's name server: no", own, false],
    ['empty chains: no', filter('ACCEPT'), false],
    ['a policy of DROP: yes', own + filter('DROP'), true],
    ['a rule: yes', own + filter('ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j DROP'), true],
  ])('%s', (_, text, does) => {
    expect(decides(withoutResolver(parseSave(text).ruleset))).toBe(does);
  });

  test("without Docker's rules for its name server, only the container's own are left", () => {
    const text = filter('ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j DROP');
    const left = withoutResolver(parseSave(own + text).ruleset);
    expect([...left.tables.keys()]).toEqual(['nat', 'filter']);
    expect(left.tables.get('filter')).toEqual(parseSave(own + text).ruleset.tables.get('filter'));
  });
});

describe("dockerd's log", () => {
  const logLine = (level: string, message: string): string =>
    `time="2026-11-25T19:44:15.970561485Z" level=${level} msg="${message}"`;

  test.each([
    [
      logLine(
        'error',
        'Handler for POST returned error: driver failed programming external connectivity on endpoint web',
      ),
      true,
    ],
    [logLine('warning', 'could not delete chain DOCKER-ISOLATION-STAGE-1: iptables failed'), true],
    [
      `{"level":"error","msg":"(iptables failed: iptables --wait -t nat -A DOCKER: No chain/target/match by that name)"}`,
      true,
    ],
    [logLine('info', 'Firewalld: created docker-forwarding policy'), false],
    [logLine('warning', 'Your kernel does not support swap limit capabilities'), false],
    [logLine('error', 'signature of image is not valid'), false],
  ])('%s', (line, isShown) => {
    expect(linesOnRules(`${line}\n`)).toEqual(isShown ? [line] : []);
  });

  test('at most the last 20 lines', () => {
    const lines = Array.from({ length: 30 }, (_, i) => logLine('error', `iptables ${String(i)}`));
    expect(linesOnRules(lines.join('\n'))).toEqual(lines.slice(10));
  });
});
