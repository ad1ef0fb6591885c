import { describe, expect, test } from 'vitest';
import type { Inventory, LiveNetwork } from '../../../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../../../src/docker/settings.ts';
import { FAMILIES } from '../../../../../src/net/family.ts';
import {
  bridgeNetwork,
  changes,
  defaultBridge,
  expectedOf,
  inventoryOf,
} from '../../../../support/recorded/inventories.ts';

const A = 'br-aaaaaaaaaaaa';
const CT = '-m conntrack --ctstate RELATED,ESTABLISHED';
const LOCAL = '-m addrtype --dst-type LOCAL -j DOCKER';
const S = '172.18.0.0/16';
const S6 = 'fd00:a::/64';

type Given = NonNullable<Parameters<typeof bridgeNetwork>[1]>;
type Case = readonly [
  what: string,
  version: string,
  given: Given,
  settings: Partial<Settings>,
  rules: string,
];

/** What a plain network of an Engine has, against the same network with `given` and `settings`. */
function differenceFor(version: string, given: Given, settings: Partial<Settings>, ip6tables: boolean) {
  const rulesOf = (network: LiveNetwork, asked: Partial<Settings>) =>
    expectedOf(inventoryOf(version, { networks: [defaultBridge(), network] }), { ip6tables, ...asked });
  const plain = {
    ipv6: given.ipv6 ?? false,
    ...(given.subnets === undefined ? {} : { subnets: given.subnets }),
  };
  const before = rulesOf(bridgeNetwork('plain', plain, version), {});
  return changes(before, rulesOf(bridgeNetwork('changed', given, version), settings));
}

const sorted = (text: string): readonly string[] => text.trim().split(/\n\s*/).sort();

const icc = { options: { icc: 'false' } };
const quiet = { options: { masquerade: 'false' } };
const internal = { internal: true };
const snat = { options: { hostIpv4: '192.0.2.7', hostIpv6: '2001:db8::7' } };

const NAT_OLD = `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
  - 4 nat -A DOCKER -i ${A} -j RETURN`;
const LATE_OUT = `- 4 filter -A DOCKER-FORWARD -i ${A} -j ACCEPT`;
const LATE_NETWORK = `- 4 filter -A DOCKER-CT -o ${A} ${CT} -j ACCEPT
  - 4 filter -A DOCKER-BRIDGE -o ${A} -j DOCKER
  - 4 filter -A DOCKER ! -i ${A} -o ${A} -j DROP
  ${LATE_OUT}`;
const STAGES = `- 4 filter -A DOCKER-ISOLATION-STAGE-1 -i ${A} ! -o ${A} -j DOCKER-ISOLATION-STAGE-2
  - 4 filter -A DOCKER-ISOLATION-STAGE-2 -o ${A} -j DROP`;
const OLD_NETWORK = `${NAT_OLD}
  - 4 filter -A FORWARD -o ${A} ${CT} -j ACCEPT
  - 4 filter -A FORWARD -o ${A} -j DOCKER
  - 4 filter -A FORWARD -i ${A} ! -o ${A} -j ACCEPT
  ${STAGES}`;
const INTERNAL_DROPS = (chain: string) => `+ 4 filter -A ${chain} ! -d ${S} -i ${A} -j DROP
  + 4 filter -A ${chain} ! -s ${S} -o ${A} -j DROP`;
const STAGE_1 = 'DOCKER-ISOLATION-STAGE-1';
const INSIDE = `-i ${A} -o ${A}`;
const NO_PROXY = `- 4 nat -A OUTPUT ! -d 127.0.0.0/8 ${LOCAL}
  + 4 nat -A OUTPUT ${LOCAL}
  + 4 nat -A POSTROUTING -o ${A} -m addrtype --src-type LOCAL -j MASQUERADE
  + 4 nat -A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE`;
const NO_RETURNS = `- 4 nat -A DOCKER -i ${A} -j RETURN
  - 4 nat -A DOCKER -i docker0 -j RETURN`;

// prettier-ignore
const CASES: readonly Case[] = [
  ['icc=false', '26.1.5', icc, {}, `- 4 filter -A FORWARD ${INSIDE} -j ACCEPT
    + 4 filter -A FORWARD ${INSIDE} -j DROP`],
  ['icc=false', '28.0.0', icc, {}, `- 4 filter -A FORWARD -i ${A} -j ACCEPT
    + 4 filter -A FORWARD ${INSIDE} -j DROP
    + 4 filter -A FORWARD -i ${A} ! -o ${A} -j ACCEPT`],
  ['icc=false', '28.5.2', icc, {}, `${LATE_OUT}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j DROP
    + 4 filter -A DOCKER-FORWARD -i ${A} ! -o ${A} -j ACCEPT`],
  ['icc=0, as Go reads it', '28.5.2', { options: { icc: '0' } }, {}, `${LATE_OUT}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j DROP
    + 4 filter -A DOCKER-FORWARD -i ${A} ! -o ${A} -j ACCEPT`],
  ['masquerade off', '20.10.24', quiet, {}, NAT_OLD],
  ['masquerade off', '28.5.2', quiet, {}, NAT_OLD],
  ['masquerade off', '29.0.0', quiet, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE`],
  ['host_ipv4', '26.1.5', snat, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
    + 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j SNAT --to-source 192.0.2.7`],
  ['host_ipv4 without docker-proxy', '28.5.2', snat, { userlandProxy: false }, `${NO_RETURNS}
    ${NO_PROXY.replace(`-o ${A} -m addrtype --src-type LOCAL -j MASQUERADE`, `-o ${A} -m addrtype --src-type LOCAL -j SNAT --to-source 192.0.2.7`)}
    - 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
    + 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j SNAT --to-source 192.0.2.7`],
  ['no docker-proxy', '20.10.24', {}, { userlandProxy: false }, `${NO_RETURNS}\n${NO_PROXY}`],
  ['no docker-proxy', '28.5.2', {}, { userlandProxy: false }, `${NO_RETURNS}\n${NO_PROXY}`],
  ['no docker-proxy', '29.0.0', {}, { userlandProxy: false }, NO_PROXY],
  ['no docker-proxy, masquerade off', '28.5.2', quiet, { userlandProxy: false }, `${NO_RETURNS}\n${NO_PROXY}
    - 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE`],
  ['internal', '20.10.24', internal, {}, `${OLD_NETWORK}\n${INTERNAL_DROPS(STAGE_1)}`],
  ['internal', '28.0.0', internal, {}, `${NAT_OLD}\n${STAGES}\n${INTERNAL_DROPS(STAGE_1)}
    - 4 filter -A DOCKER ! -i ${A} -o ${A} -j DROP
    - 4 filter -A FORWARD -i ${A} -j ACCEPT
    + 4 filter -A FORWARD ${INSIDE} -j ACCEPT`],
  ['internal', '28.5.2', internal, {}, `${NAT_OLD}\n${STAGES}\n${LATE_NETWORK}\n${INTERNAL_DROPS(STAGE_1)}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j ACCEPT`],
  ['internal and isolated', '28.5.2', { internal: true, options: { mode4: 'isolated' } }, {}, `${NAT_OLD}\n${STAGES}\n${LATE_NETWORK}\n${INTERNAL_DROPS(STAGE_1)}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j ACCEPT`],
  ['internal', '29.0.0', internal, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
    ${LATE_NETWORK}\n${INTERNAL_DROPS('DOCKER-INTERNAL')}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j ACCEPT`],
  ['internal without icc', '28.5.2', { internal: true, options: { icc: 'false' } }, {}, `${NAT_OLD}\n${STAGES}\n${LATE_NETWORK}\n${INTERNAL_DROPS(STAGE_1)}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j DROP`],
  ['internal without icc', '26.1.5', { internal: true, options: { icc: 'false' } }, {}, `${OLD_NETWORK}\n${INTERNAL_DROPS(STAGE_1)}
    - 4 filter -A FORWARD ${INSIDE} -j ACCEPT
    + 4 filter -A FORWARD ${INSIDE} -j DROP`],
  ['routed means nothing before 27', '26.1.5', { options: { mode4: 'routed' } }, {}, ''],
  ['routed', '27.5.1', { options: { mode4: 'routed' } }, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE`],
  ['routed', '28.5.2', { options: { mode4: 'routed' } }, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
    + 4 filter -A DOCKER -o ${A} -p icmp -j ACCEPT
    + 4 filter -A ${STAGE_1} -i ${A} ${CT} -j ACCEPT
    + 4 filter -A ${STAGE_1} -o ${A} -j RETURN`],
  ['routed, masquerade off', '28.0.1', { options: { mode4: 'routed', masquerade: 'false' } }, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
    + 4 filter -A DOCKER -o ${A} -p icmp -j ACCEPT
    + 4 filter -A ${STAGE_1} -i ${A} ${CT} -j ACCEPT
    + 4 filter -A ${STAGE_1} -o ${A} -j RETURN`],
  ['routed, masquerade off', '28.0.2', { options: { mode4: 'routed', masquerade: 'false' } }, {}, `${NAT_OLD}
    + 4 filter -A DOCKER -o ${A} -p icmp -j ACCEPT
    + 4 filter -A ${STAGE_1} -i ${A} ${CT} -j ACCEPT
    + 4 filter -A ${STAGE_1} -o ${A} -j RETURN`],
  ['routed', '29.0.0', { options: { mode4: 'routed' } }, {}, `- 4 nat -A POSTROUTING -s ${S} ! -o ${A} -j MASQUERADE
    + 4 filter -A DOCKER -o ${A} -p icmp -j ACCEPT`],
  ['nat-unprotected', '28.5.2', { options: { mode4: 'nat-unprotected' } }, {}, `- 4 filter -A DOCKER ! -i ${A} -o ${A} -j DROP
    + 4 filter -A DOCKER ! -i ${A} -o ${A} -j ACCEPT`],
  ['--bridge-accept-fwmark', '29.0.0', {}, { acceptMark: '0x1/0x3' }, '+ 4 filter -A DOCKER-FORWARD -m mark --mark 0x1/0x3 -j ACCEPT'],
  ['IPv4 switched off', '28.5.2', { ipv4: false }, {}, `${NAT_OLD}\n${STAGES}\n${LATE_NETWORK}`],
  ['a subnet given by an address in it', '28.5.2', { subnets: ['172.18.5.9/16'] }, {}, ''],
];

describe('IPv4: a network with one thing changed', () => {
  test.each(CASES)('%s · %s', (_, version, given, settings, rules) => {
    expect([...differenceFor(version, given, settings, false)].sort()).toEqual(
      sorted(rules).filter((line) => line !== ''),
    );
  });
});

const dual = (more: Given = {}): Given => ({ ipv6: true, subnets: [S, S6], ...more });
const six = (rules: string): string => rules.replaceAll(' 4 ', ' 6 ').replaceAll(S, S6);
const BY_INTERFACE = (chain: string) => `+ 6 filter -A ${chain} ! -d ${S6} -i ${A} ! -o ${A} -j DROP
  + 6 filter -A ${chain} ! -s ${S6} ! -i ${A} -o ${A} -j DROP`;

// prettier-ignore
const CASES_6: readonly Case[] = [
  ['icc=false', '28.5.2', dual(icc), {}, six(`${LATE_OUT}
    + 4 filter -A DOCKER-FORWARD ${INSIDE} -j DROP
    + 4 filter -A DOCKER-FORWARD -i ${A} ! -o ${A} -j ACCEPT`)],
  ['masquerade off', '26.1.5', dual(quiet), {}, six(NAT_OLD)],
  ['host_ipv6', '28.5.2', dual(snat), {}, `- 6 nat -A POSTROUTING -s ${S6} ! -o ${A} -j MASQUERADE
    + 6 nat -A POSTROUTING -s ${S6} ! -o ${A} -j SNAT --to-source 2001:db8::7`],
  ['no docker-proxy', '26.1.5', dual(), { userlandProxy: false }, `- 6 nat -A DOCKER -i ${A} -j RETURN
    - 6 nat -A OUTPUT ! -d ::1/128 ${LOCAL}
    + 6 nat -A OUTPUT ${LOCAL}
    + 6 nat -A POSTROUTING -o ${A} -m addrtype --src-type LOCAL -j MASQUERADE`],
  ['internal, in IPv4’s words', '20.10.24', dual(internal), {}, `${six(`${OLD_NETWORK}\n${INTERNAL_DROPS(STAGE_1)}`)}
    - 6 nat -A PREROUTING ${LOCAL}
    - 6 nat -A OUTPUT ! -d ::1/128 ${LOCAL}`],
  ['internal', '26.1.5', dual(internal), {}, `${six(OLD_NETWORK)}\n${BY_INTERFACE(STAGE_1)}
    - 6 nat -A PREROUTING ${LOCAL}
    - 6 nat -A OUTPUT ! -d ::1/128 ${LOCAL}`],
  ['internal', '28.5.2', dual(internal), {}, `${six(`${NAT_OLD}\n${STAGES}\n${LATE_NETWORK}`)}\n${BY_INTERFACE(STAGE_1)}
    + 6 filter -A DOCKER-FORWARD ${INSIDE} -j ACCEPT`],
  ['internal', '29.0.0', dual(internal), {}, `- 6 nat -A POSTROUTING -s ${S6} ! -o ${A} -j MASQUERADE
    ${six(LATE_NETWORK)}\n${BY_INTERFACE('DOCKER-INTERNAL')}
    + 6 filter -A DOCKER-FORWARD ${INSIDE} -j ACCEPT`],
  ['routed in this family alone', '28.5.2', dual({ options: { mode6: 'routed' } }), {}, `- 6 nat -A POSTROUTING -s ${S6} ! -o ${A} -j MASQUERADE
    + 6 filter -A DOCKER -o ${A} -p ipv6-icmp -j ACCEPT
    + 6 filter -A ${STAGE_1} -i ${A} ${CT} -j ACCEPT
    + 6 filter -A ${STAGE_1} -o ${A} -j RETURN`],
  ['routed in the other family', '29.0.0', dual({ options: { mode4: 'routed' } }), {}, ''],
  ['nat-unprotected in this family alone', '29.0.0', dual({ options: { mode6: 'nat-unprotected' } }), {}, `- 6 filter -A DOCKER ! -i ${A} -o ${A} -j DROP
    + 6 filter -A DOCKER ! -i ${A} -o ${A} -j ACCEPT`],
];

describe('IPv6: a network with one thing changed', () => {
  test.each(CASES_6)('%s · %s', (_, version, given, settings, rules) => {
    const found = differenceFor(version, given, settings, true).filter((line) =>
      line.slice(2).startsWith('6'),
    );
    expect([...found].sort()).toEqual(sorted(rules).filter((line) => line !== ''));
  });
});

test('a second subnet of a family is hidden and closed like the first', () => {
  const given = { subnets: ['172.18.0.0/17', '172.18.128.0/17'] };
  const rules = expectedOf(inventoryOf('28.5.2', { networks: [bridgeNetwork('two', given)] }));
  const masquerades = [...(rules.ipv4.tables.get('nat')?.chains.get('POSTROUTING')?.rules ?? [])];
  expect(masquerades.map(({ text }) => text).sort()).toEqual([
    `-A POSTROUTING -s 172.18.0.0/17 ! -o ${A} -j MASQUERADE`,
    `-A POSTROUTING -s 172.18.128.0/17 ! -o ${A} -j MASQUERADE`,
  ]);
});

test('networks of other drivers write nothing', () => {
  const others = ['macvlan', 'ipvlan', 'host', 'null', 'overlay'].map((driver) =>
    bridgeNetwork(driver, { driver, bridge: '' }),
  );
  const plain = inventoryOf('28.5.2');
  const more = inventoryOf('28.5.2', { networks: [...plain.networks, ...others] });
  expect(changes(expectedOf(plain), expectedOf(more))).toEqual([]);
});

test('without ip6tables nothing of IPv6 is expected', () => {
  const rules = expectedOf(inventoryOf('27.5.1', { networks: [defaultBridge({ ipv6: true })] }), {
    ip6tables: false,
  });
  expect(rules.ipv6.tables.size).toBe(0);
});

test.each(['18.03.0-ce', '18.04.0-ce', 'dev'])('nothing is said of %s', (version) => {
  expect(() => expectedOf(inventoryOf(version))).toThrow('no layout');
});

// Recorded on 29.7 (engine-29.7-accept-fwmark, -plain), where the rule comes with a network of its family.
describe('the rule of --bridge-accept-fwmark stands in a family', () => {
  const RULE = '-A DOCKER-FORWARD -m mark --mark 0x7 -j ACCEPT';
  const families = (networks: Inventory['networks']): readonly string[] => {
    const rules = expectedOf(inventoryOf('29.7.2', { networks }), { acceptMark: '0x7', ip6tables: true });
    return FAMILIES.filter((family) =>
      rules[family].tables
        .get('filter')
        ?.chains.get('DOCKER-FORWARD')
        ?.rules.some(({ text }) => text === RULE),
    );
  };

  test.each<[what: string, networks: Inventory['networks'], families: readonly string[]]>([
    ['of a network in it', [defaultBridge()], ['ipv4']],
    ['of each family it uses', [defaultBridge(), bridgeNetwork('six', { ipv6: true })], ['ipv4', 'ipv6']],
    ['of IPv6 alone', [bridgeNetwork('six', { ipv4: false, ipv6: true })], ['ipv6']],
    [
      'not for an internal one',
      [defaultBridge(), bridgeNetwork('in', { ipv6: true, internal: true })],
      ['ipv4'],
    ],
    ['not for one that is no bridge', [bridgeNetwork('mac', { driver: 'macvlan', bridge: '' })], []],
    ['not without networks', [], []],
  ])('%s', (_, networks, expected) => {
    expect(families(networks)).toEqual(expected);
  });
});
