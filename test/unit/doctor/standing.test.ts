import { describe, expect, test } from 'vitest';
import { linesOnRules } from '../../../src/doctor/daemon-log.ts';
import { decides, withoutResolver } from '../../../src/doctor/own-firewall.ts';
import { asksSets, leftoversIn, managersIn } from '../../../src/doctor/standing.ts';
import { EMPTY_RULESET, type Backend } from '../../../src/iptables/model.ts';
import { parseSave } from '../../../src/iptables/parse.ts';
import type { Bank } from '../../../src/trace/terrain.ts';

const save = (table: string, ...lines: readonly string[]): string =>
  [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
const bank = (backend: Backend, ipv4: string): Bank => ({
  backend,
  rules: { ipv4: parseSave(ipv4).ruleset, ipv6: EMPTY_RULESET },
});

test("leftovers: chains of Docker's names in the backend that is not its own", () => {
  const rules = save(
    'filter',
    ':INPUT ACCEPT [0:0]',
    ':DOCKER - [0:0]',
    ':DOCKER-USER - [0:0]',
    ':DOCKERS - [0:0]',
    ':DOCKER_OUTPUT - [0:0]',
    '-A DOCKER-USER -j RETURN',
  );
  const banks = [bank('nft', rules), bank('legacy', rules)];
  expect(leftoversIn(banks, 'nft')).toEqual([
    { family: 'ipv4', place: 'filter DOCKER', rules: 0 },
    { family: 'ipv4', place: 'filter DOCKER-USER', rules: 1 },
  ]);
  expect(leftoversIn([bank('nft', rules)], 'nft')).toEqual([]);
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
])('managers: %j and %j are of %j', (chains, tables, managers) => {
  const banks = [bank('nft', save('filter', ...chains.map((chain) => `:${chain} - [0:0]`)))];
  expect(
    managersIn(
      banks,
      tables.map((table) => ({ table })),
    ),
  ).toEqual(managers);
});

test.each([
  ['-A INPUT -m set --match-set bad src -j DROP', true],
  ['-A INPUT -s 192.0.2.1/32 -j DROP', false],
])('%s asks a set: %s', (rule, asks) => {
  expect(asksSets([bank('nft', save('filter', ':INPUT ACCEPT [0:0]', rule))])).toBe(asks);
});

describe("a container's own firewall", () => {
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
    ['the name server alone decides nothing', own, false],
    ['nor do empty chains', filter('ACCEPT'), false],
    ['a policy does', own + filter('DROP'), true],
    ['a rule does', own + filter('ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j DROP'), true],
  ])('%s', (_, text, does) => {
    expect(decides(withoutResolver(parseSave(text).ruleset))).toBe(does);
  });

  test('what is left is what the container wrote', () => {
    const text = filter('ACCEPT', '-A INPUT -p tcp -m tcp --dport 80 -j DROP');
    const left = withoutResolver(parseSave(own + text).ruleset);
    expect([...left.tables.keys()]).toEqual(['nat', 'filter']);
    expect(left.tables.get('filter')).toEqual(parseSave(own + text).ruleset.tables.get('filter'));
  });
});

describe("dockerd's log", () => {
  const said = (level: string, message: string): string =>
    `time="2026-11-25T19:44:15.970561485Z" level=${level} msg="${message}"`;

  test.each([
    [
      said(
        'error',
        'Handler for POST returned error: driver failed programming external connectivity on endpoint web',
      ),
      true,
    ],
    [said('warning', 'could not delete chain DOCKER-ISOLATION-STAGE-1: iptables failed'), true],
    [
      `{"level":"error","msg":"(iptables failed: iptables --wait -t nat -A DOCKER: No chain/target/match by that name)"}`,
      true,
    ],
    [said('info', 'Firewalld: created docker-forwarding policy'), false],
    [said('warning', 'Your kernel does not support swap limit capabilities'), false],
    [said('error', 'signature of image is not valid'), false],
  ])('%s', (line, isTold) => {
    expect(linesOnRules(`${line}\n`)).toEqual(isTold ? [line] : []);
  });

  test('the last 20 of them', () => {
    const lines = Array.from({ length: 30 }, (_, i) => said('error', `iptables ${String(i)}`));
    expect(linesOnRules(lines.join('\n'))).toEqual(lines.slice(10));
  });
});
