import { describe, expect, test } from 'vitest';
import { eraOf } from '../../../../src/docker/era.ts';
import { intentOf } from '../../../../src/docker/intent/intent.ts';
import { answersReturn } from '../../../../src/docker/intent/network.ts';
import type { HostIntent, NetworkIntent } from '../../../../src/docker/intent/values.ts';
import type { Settings } from '../../../../src/docker/settings.ts';
import type { Family } from '../../../../src/net/family.ts';
import { networkSentences } from '../../../support/intent/sentences.ts';
import {
  bridgeNetwork,
  defaultBridge,
  inventoryOf,
  SETTINGS,
  type Option,
} from '../../../support/recorded/inventories.ts';

const VERSIONS = ['20.10.24', '26.1.5', '28.0.1', '28.5.2', '29.7.2'] as const;

type Given = NonNullable<Parameters<typeof bridgeNetwork>[1]>;
const SUBNETS = ['172.18.5.1/16', 'fd00:a::1/64'];

function intentAt(version: string, given: Given, settings: Partial<Settings>): HostIntent {
  const app = bridgeNetwork('app', { ipv6: true, subnets: SUBNETS, ...given }, version);
  const era = eraOf(version);
  if (era === undefined) throw new Error(version);
  return intentOf(inventoryOf(version, { networks: [app, defaultBridge()] }), {
    era: era.policy,
    settings: { ...SETTINGS, ip6tables: true, ...settings },
  });
}

const appIn = (intent: HostIntent, family: Family): NetworkIntent | undefined =>
  intent[family]?.networks.find(({ network }) => network === 'app');

const by = (options: Partial<Record<Option, string>>): Given => ({ options });

const PLAIN: Given = {};
const ICC_OFF = by({ icc: 'false' });
const QUIET = by({ masquerade: '0' });
const SNAT = by({ hostIpv4: '192.0.2.7', hostIpv6: '2001:db8::7' });
const UNPROTECTED = by({ mode4: 'nat-unprotected' });
const ROUTED = by({ mode4: 'routed' });
const ROUTED_QUIET = by({ mode4: 'routed', masquerade: 'false' });
const TRUSTING = by({ trusted: 'eth1:wg0' });
const NO_PROXY = { userlandProxy: false };

const NOTHING = 'nothing is closed directly';
const PORTS = 'published ports are closed directly';
const ADDRESSES = 'addresses are closed directly';
const PROXY = 'published ports by docker-proxy';
const TRANSLATED = 'published ports by translation';

type Row = readonly [
  network: string,
  given: Given,
  settings: Partial<Settings>,
  family: Family,
  ...byVersion: readonly [string, string, string, string, string],
];

/** Gateway modes are not heeded before 27, trusted interfaces not before 28.2, host_ipv6 not before 25. */
// prettier-ignore
const QUESTIONS: Readonly<Record<string, readonly Row[]>> = {
  leaves: [
    //                                                  20.10            26.1             28.0             28.5             29.7
    ['plain', PLAIN, {}, 'ipv4',                        'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded'],
    ['plain', PLAIN, {}, 'ipv6',                        'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded'],
    ['masquerade off', QUIET, {}, 'ipv4',               'as itself',     'as itself',     'as itself',     'as itself',     'as itself'],
    ['masquerade off', QUIET, {}, 'ipv6',               'as itself',     'as itself',     'as itself',     'as itself',     'as itself'],
    ['host address', SNAT, {}, 'ipv4',                  'as 192.0.2.7',  'as 192.0.2.7',  'as 192.0.2.7',  'as 192.0.2.7',  'as 192.0.2.7'],
    ['host address', SNAT, {}, 'ipv6',                  'masqueraded',   'as 2001:db8::7', 'as 2001:db8::7', 'as 2001:db8::7', 'as 2001:db8::7'],
    ['routed', ROUTED, {}, 'ipv4',                      'masqueraded',   'masqueraded',   'as itself',     'as itself',     'as itself'],
    ['routed in IPv4 alone', ROUTED, {}, 'ipv6',        'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded'],
    ['nat-unprotected', UNPROTECTED, {}, 'ipv4',        'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded'],
  ],
  fromHost: [
    ['plain', PLAIN, {}, 'ipv4',                        'as itself',     'as itself',     'as itself',     'as itself',     'as itself'],
    ['without docker-proxy', PLAIN, NO_PROXY, 'ipv4',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded'],
    ['nor masquerade', QUIET, NO_PROXY, 'ipv4',         'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded',   'masqueraded'],
    ['nor its address', SNAT, NO_PROXY, 'ipv4',         'as 192.0.2.7',  'as 192.0.2.7',  'as 192.0.2.7',  'as 192.0.2.7',  'as 192.0.2.7'],
  ],
  asks: [
    ['plain', PLAIN, {}, 'ipv4',                        PROXY,           PROXY,           PROXY,           PROXY,           TRANSLATED],
    ['masquerade off', QUIET, {}, 'ipv4',               TRANSLATED,      TRANSLATED,      TRANSLATED,      TRANSLATED,      TRANSLATED],
    ['routed, masquerade off', ROUTED_QUIET, {}, 'ipv4', TRANSLATED,     TRANSLATED,      PROXY,           TRANSLATED,      TRANSLATED],
    ['without docker-proxy', PLAIN, NO_PROXY, 'ipv4',   TRANSLATED,      TRANSLATED,      TRANSLATED,      TRANSLATED,      TRANSLATED],
  ],
  inside: [
    ['plain', PLAIN, {}, 'ipv4',                        'open',          'open',          'open',          'open',          'open'],
    ['icc off', ICC_OFF, {}, 'ipv4',                    'links-only',    'links-only',    'links-only',    'links-only',    'links-only'],
    ['internal, icc off', { internal: true, ...ICC_OFF }, {}, 'ipv6', 'links-only', 'links-only', 'links-only', 'links-only', 'links-only'],
  ],
  unpublished: [
    ['plain', PLAIN, {}, 'ipv4',                        'left-to-host',  'left-to-host',  'closed',        'closed',        'closed'],
    ['nat-unprotected', UNPROTECTED, {}, 'ipv4',        'left-to-host',  'left-to-host',  'open',          'open',          'open'],
    ['routed', ROUTED, {}, 'ipv4',                      'left-to-host',  'left-to-host',  'ping-only',     'ping-only',     'ping-only'],
    ['routed in IPv4 alone', ROUTED, {}, 'ipv6',        'left-to-host',  'left-to-host',  'closed',        'closed',        'closed'],
  ],
  direct: [
    ['plain', PLAIN, {}, 'ipv4',                        NOTHING,         NOTHING,         PORTS,           ADDRESSES,       ADDRESSES],
    ['plain', PLAIN, {}, 'ipv6',                        NOTHING,         NOTHING,         PORTS,           ADDRESSES,       ADDRESSES],
    ['trusted interfaces', TRUSTING, {}, 'ipv4',        NOTHING,         NOTHING,         PORTS,           `${ADDRESSES} except from eth1 and wg0`, `${ADDRESSES} except from eth1 and wg0`],
    ['direct routing', PLAIN, { directRouting: true }, 'ipv4', NOTHING,  NOTHING,         PORTS,           NOTHING,         NOTHING],
    ['no raw', PLAIN, { noRaw: true }, 'ipv4',          NOTHING,         NOTHING,         PORTS,           NOTHING,         NOTHING],
    ['routed', ROUTED, {}, 'ipv4',                      NOTHING,         NOTHING,         NOTHING,         NOTHING,         NOTHING],
    ['nat-unprotected', UNPROTECTED, {}, 'ipv4',        NOTHING,         NOTHING,         NOTHING,         NOTHING,         NOTHING],
    ['routed in IPv4 alone', ROUTED, {}, 'ipv6',        NOTHING,         NOTHING,         PORTS,           ADDRESSES,       ADDRESSES],
  ],
  others: [
    ['plain', PLAIN, {}, 'ipv4',                        'apart',         'apart',         'apart',         'apart',         'as-outside'],
    ['routed', ROUTED, {}, 'ipv4',                      'apart',         'apart',         'receives',      'receives',      'as-outside'],
    ['IPv4 alone', { ipv6: false }, {}, 'ipv6',         'apart',         'apart',         'nothing meant', 'nothing meant', 'nothing meant'],
    ['IPv6 alone', { ipv4: false }, {}, 'ipv4',         'nothing meant', 'nothing meant', 'nothing meant', 'nothing meant', 'nothing meant'],
    ['IPv4 alone and internal', { ipv6: false, internal: true }, {}, 'ipv6', 'nothing meant', 'nothing meant', 'nothing meant', 'nothing meant', 'nothing meant'],
  ],
  kind: [
    ['plain', PLAIN, {}, 'ipv4',                        'open',          'open',          'open',          'open',          'open'],
    ['internal', { internal: true }, {}, 'ipv4',        'internal',      'internal',      'internal',      'internal',      'internal'],
    ['isolated', { internal: true, ...by({ mode4: 'isolated' }) }, {}, 'ipv4', 'internal', 'internal', 'internal', 'internal', 'internal'],
    ['IPv6 that the daemon leaves alone', PLAIN, { ip6tables: false }, 'ipv6', 'no word', 'no word', 'no word', 'no word', 'no word'],
  ],
};

describe.each(Object.entries(QUESTIONS))('%s', (question, rows) => {
  test.each(rows)('%s %j %j %s', (_, given, settings, family, ...byVersion) => {
    const said = VERSIONS.map(
      (version) =>
        networkSentences(appIn(intentAt(version, given, settings), family))[question] ?? 'nothing meant',
    );
    expect(said).toEqual(byVersion);
  });
});

test('28.0.0 closes ports whatever its environment says, keeps networks without IPv6 apart, has routed ones ask by docker-proxy', () => {
  const said = (given: Given, family: Family) =>
    networkSentences(appIn(intentAt('28.0.0', given, { noRaw: true }), family));
  expect(said(PLAIN, 'ipv4')['direct']).toBe(PORTS);
  expect(said({ ipv6: false }, 'ipv6')).toEqual({ kind: 'unused', others: 'apart' });
  expect(said(ROUTED_QUIET, 'ipv4')['asks']).toBe(PROXY);
});

test('subnets are those of the family, without host bits; docker0 comes first', () => {
  const intent = intentAt('28.5.2', PLAIN, {});
  expect(networkSentences(appIn(intent, 'ipv4'))['subnets']).toBe('172.18.0.0/16');
  expect(networkSentences(appIn(intent, 'ipv6'))['subnets']).toBe('fd00:a::/64');
  expect(intent.ipv4.networks.map(({ bridge }) => bridge)).toEqual(['docker0', 'br-aaaaaaaaaaaa']);
});

test.each<[what: string, settings: Partial<Settings>, given: Given, ipv4: string, ipv6: string | undefined]>([
  ['nothing given', {}, {}, '', ''],
  ['a mark', { acceptMark: '0x1/0x3' }, {}, '0x1/0x3', '0x1/0x3'],
  ['a mark, and IPv6 in no network', { acceptMark: '0x1' }, { ipv6: false }, '0x1', ''],
  ['a mark, and IPv6 in an internal network alone', { acceptMark: '0x1' }, { internal: true }, '0x1', ''],
  ['a mark, and IPv6 left alone', { acceptMark: '0x1', ip6tables: false }, {}, '0x1', undefined],
])('packets with a mark are let in: %s', (_, settings, given, ipv4, ipv6) => {
  const intent = intentAt('29.7.2', given, settings);
  expect([intent.ipv4.admittedMark, intent.ipv6?.admittedMark]).toEqual([ipv4, ipv6]);
});

test('loopback is served by docker-proxy, or translated where there is none', () => {
  expect(intentAt('28.5.2', PLAIN, {}).ipv4.loopback).toBe('docker-proxy');
  expect(intentAt('28.5.2', PLAIN, NO_PROXY).ipv6?.loopback).toBe('translation');
});

test.each<[what: string, version: string, given: Given, settings: Partial<Settings>, returns: boolean]>([
  ['masqueraded', '28.5.2', PLAIN, {}, true],
  ['not masqueraded', '26.1.5', QUIET, {}, true],
  ['not masqueraded, where single ports are closed', '28.0.1', QUIET, {}, true],
  ['not masqueraded, where addresses are closed', '28.5.2', QUIET, {}, false],
  ['the same with trusted interfaces', '28.5.2', by({ masquerade: 'false', trusted: 'eth1' }), {}, true],
  [
    'the same with other interfaces trusted',
    '28.5.2',
    by({ masquerade: 'false', trusted: 'tun0' }),
    {},
    false,
  ],
  ['the same with direct routing', '28.5.2', QUIET, { directRouting: true }, true],
  ['routed', '28.5.2', ROUTED, {}, true],
])('answers to %s containers of %s come back: %j %j %s', (_, version, given, settings, returns) => {
  const app = appIn(intentAt(version, given, settings), 'ipv4');
  expect(app?.kind === 'open' && answersReturn(app, 'eth1')).toBe(returns);
});
