import { expect, test } from 'vitest';
import type { DaemonFacts } from '../../../../src/docker/settings.ts';
import type { Facts } from '../../../../src/doctor/facts/facts.ts';
import { getsAnswers, masquerades } from '../../../../src/doctor/paths/answers.ts';
import { ownHost } from '../../../../src/firewall/iptables/ownership/ownership.ts';
import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';
import type { Family } from '../../../../src/net/family.ts';
import { bridgeNetwork, type Option } from '../../../support/recorded/inventories.ts';

const RULES6 = parseSave('*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\nCOMMIT\n').ruleset;
const NONE = { tables: new Map<never, never>() };

const ownedWith = (ipv6: boolean): Facts['owned'] => ownHost({ ipv4: NONE, ipv6: ipv6 ? RULES6 : NONE });

const engine = (version: string, facts: DaemonFacts): Facts['engine'] => ({
  answered: true,
  version,
  facts,
  ...{ socket: '', liveRestore: false, firewallBackend: '', userlandProxy: true, log: [] },
});
const SILENT: Facts['engine'] = {
  answered: false,
  ...{ code: '', message: '', hint: undefined, details: [], log: undefined },
};

type Options = Partial<Record<Option, string>>;

const QUIET: Options = { masquerade: 'false' };
const TRUSTING: Options = { ...QUIET, trusted: 'eth1' };
const ROUTED: Options = { mode4: 'routed', mode6: 'routed' };
const UNPROTECTED: Options = { mode4: 'nat-unprotected' };
const ISOLATED: Options = { mode4: 'isolated' };

type Row = readonly [
  what: string,
  version: string,
  options: Options,
  facts: DaemonFacts,
  family: Family,
  isMasqueraded: boolean,
  isAnswered: boolean,
];

// prettier-ignore
test.each<Row>([
  ['as made', '28.5.2', {}, {}, 'ipv4', true, true],
  ['as made', '28.5.2', {}, {}, 'ipv6', true, true],
  ['without masquerade, before addresses are closed', '26.1.5', QUIET, {}, 'ipv4', false, true],
  ['without masquerade, where ports alone are closed', '28.1.1', QUIET, {}, 'ipv4', false, true],
  ['without masquerade', '28.5.2', QUIET, {}, 'ipv4', false, false],
  ['without masquerade', '28.5.2', QUIET, {}, 'ipv6', false, false],
  ['without masquerade', '29.7.2', QUIET, {}, 'ipv4', false, false],
  ['without masquerade, but with a trusted interface', '28.5.2', TRUSTING, {}, 'ipv4', false, true],
  ['without masquerade, and another interface trusted', '28.5.2', { ...QUIET, trusted: 'tun0' }, {}, 'ipv4', false, false],
  ['without masquerade, but with direct routing', '28.5.2', QUIET, { directRouting: true }, 'ipv4', false, true],
  ['without masquerade, and nothing in raw', '28.5.2', QUIET, { noRaw: true }, 'ipv4', false, true],
  ['routed', '28.5.2', ROUTED, {}, 'ipv4', false, true],
  ['routed', '28.5.2', ROUTED, {}, 'ipv6', false, true],
  ['routed, which 26.1 does not know', '26.1.5', ROUTED, {}, 'ipv4', true, true],
  ['nat-unprotected', '28.5.2', UNPROTECTED, {}, 'ipv4', true, true],
  ['nat-unprotected without masquerade', '28.5.2', { ...UNPROTECTED, ...QUIET }, {}, 'ipv4', false, true],
  ['IPv6 that the daemon leaves alone', '28.5.2', {}, { ip6tables: false }, 'ipv6', false, true],
  ['IPv6 that the daemon leaves alone, without masquerade', '28.5.2', QUIET, { ip6tables: false }, 'ipv6', false, true],
  ['IPv4 beside it', '28.5.2', QUIET, { ip6tables: false }, 'ipv4', false, false],
  ['IPv6 that nobody switched on', '26.1.5', {}, { userlandProxy: true }, 'ipv6', false, true],
  ['IPv6 switched on', '26.1.5', {}, { userlandProxy: true, ip6tables: true }, 'ipv6', true, true],
  ['a version nobody knows', '17.06.0-ce', QUIET, {}, 'ipv4', false, true],
])('%s (%s %j %j, %s): masqueraded %s, answered %s', (_, version, options, facts, family, isMasqueraded, isAnswered) => {
  const network = bridgeNetwork('app', { ipv6: true, options }, version);
  const seen = { engine: engine(version, facts), owned: ownedWith(false) };
  expect([masquerades(network, family, seen), getsAnswers({ network, family, by: 'eth1' }, seen)]).toEqual([isMasqueraded, isAnswered]);
});

test.each<[what: string, options: Options]>([
  ['internal', {}],
  ['internal and isolated', ISOLATED],
])('%s: nothing leaves, and nothing is answered', (_, options) => {
  const network = bridgeNetwork('app', { internal: true, options });
  const seen = { engine: engine('28.5.2', {}), owned: undefined };
  expect([
    masquerades(network, 'ipv4', seen),
    getsAnswers({ network, family: 'ipv4', by: 'eth1' }, seen),
  ]).toEqual([false, false]);
});

test('IPv6 rules show that an older daemon was told to write them, where its arguments cannot be read', () => {
  const network = bridgeNetwork('app', { ipv6: true });
  const seen = (ipv6: boolean) => ({ engine: engine('26.1.5', {}), owned: ownedWith(ipv6) });
  expect(masquerades(network, 'ipv6', seen(true))).toBe(true);
  expect(masquerades(network, 'ipv6', seen(false))).toBe(false);
});

test('an Engine that did not answer is not said to close anything', () => {
  const network = bridgeNetwork('app', { ipv6: true, options: QUIET });
  const seen = { engine: SILENT, owned: undefined };
  expect(getsAnswers({ network, family: 'ipv4', by: 'eth1' }, seen)).toBe(true);
  expect(masquerades(bridgeNetwork('app', { ipv6: true }), 'ipv6', seen)).toBe(true);
});
