import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../../../src/docker/settings.ts';
import type { Family } from '../../../../../src/net/family.ts';
import { requiredTables, textsOf } from '../../../../support/nftables/recordings.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  inventoryOf,
  publish,
  SETTINGS,
} from '../../../../support/recorded/inventories.ts';

type Given = NonNullable<Parameters<typeof bridgeNetwork>[1]>;

const BR = 'br-aaaaaaaaaaaa';

/** What an Engine with one container `web` on network app keeps. */
function kept(
  given: Given,
  ports: readonly string[],
  settings: Partial<Settings> = {},
  more: Partial<Inventory> = {},
) {
  const app = bridgeNetwork('app', {
    ...{ subnets: ['172.18.0.0/16', 'fd00:a::/64'], gateways: ['172.18.0.1', 'fd00:a::1'], ipv6: true },
    ...given,
  });
  const web = endpointOn(app, 'web', '172.18.0.2', 'fd00:a::2');
  const inventory = inventoryOf('29.7.2', {
    firewallBackend: 'nftables',
    networks: [defaultBridge(), app],
    endpoints: [web],
    ports: ports.map((text) => publish(web, text)),
    ...more,
  });
  const tables = requiredTables(inventory, { ...SETTINGS, ip6tables: true, ...settings });
  return (chain: string, family: Family = 'ipv4', table = 'docker-bridges'): readonly string[] =>
    textsOf(
      tables.find((one) => one.family === family && one.name === table),
      chain,
    );
}

const PORT = '0.0.0.0:8080->80/tcp';
const IN = `filter-forward-in__${BR}`;
const OUT = `filter-forward-out__${BR}`;
const NAT_IN = `nat-postrouting-in__${BR}`;
const NAT_OUT = `nat-postrouting-out__${BR}`;
const DNAT = 'nat-prerouting-and-output';
const RAW = 'raw-PREROUTING';

const ESTABLISHED = 'ct state established,related counter accept';
const ICC = `iifname "${BR}" counter accept comment "ICC"`;
const NO_ICC = `iifname "${BR}" counter drop comment "ICC"`;
const OPEN_PORT = 'ip daddr 172.18.0.2 tcp dport 80 counter accept';
const CLOSED = 'counter drop comment "UNPUBLISHED PORT DROP"';
const OUTGOING = 'counter accept comment "OUTGOING"';
const DIRECT = `ip daddr 172.18.0.2 iifname != "${BR}" counter drop comment "DROP DIRECT ACCESS"`;

describe('what comes in to a network', () => {
  // prettier-ignore
  test.each<[what: string, given: Given, settings: Partial<Settings>, rules: readonly string[]]>([
    ['nat', {}, {}, [ESTABLISHED, ICC, OPEN_PORT, CLOSED]],
    ['icc off', { options: { icc: 'false' } }, {}, [ESTABLISHED, NO_ICC, OPEN_PORT, CLOSED]],
    ['nat-unprotected', { options: { mode4: 'nat-unprotected' } }, {}, [ESTABLISHED, ICC, 'counter accept comment "UNPROTECTED"']],
    ['nat-unprotected, icc off', { options: { mode4: 'nat-unprotected', icc: '0' } }, {}, [ESTABLISHED, NO_ICC, 'counter accept comment "UNPROTECTED"']],
    ['routed', { options: { mode4: 'routed' } }, {}, [ESTABLISHED, 'ip protocol icmp counter accept comment "ICMP"', ICC, OPEN_PORT, CLOSED]],
    ['routed, a mark, icc off', { options: { mode4: 'routed', icc: 'f' } }, { acceptMark: '0x1/0x3' }, [
      ESTABLISHED, 'ip protocol icmp counter accept comment "ICMP"', 'meta mark & 0x3 == 0x1 counter accept comment "ALLOW FW MARK"', NO_ICC, OPEN_PORT, CLOSED,
    ]],
    ['a mark', {}, { acceptMark: '0xff' }, [ESTABLISHED, 'meta mark 0xff counter accept comment "ALLOW FW MARK"', ICC, OPEN_PORT, CLOSED]],
    ['internal', { internal: true }, { acceptMark: '0x1' }, [ESTABLISHED, `iifname != "${BR}" counter drop comment "INTERNAL NETWORK INGRESS"`, 'counter accept comment "ICC"']],
    ['internal, icc off', { internal: true, options: { icc: 'false' } }, {}, [
      ESTABLISHED, `iifname != "${BR}" counter drop comment "INTERNAL NETWORK INGRESS"`, 'counter drop comment "ICC"',
    ]],
    ['internal, isolated', { internal: true, options: { mode4: 'isolated' } }, {}, [
      ESTABLISHED, `iifname != "${BR}" counter drop comment "INTERNAL NETWORK INGRESS"`, 'counter accept comment "ICC"',
    ]],
  ])('%s', (_, given, settings, rules) => {
    expect(kept(given, [PORT], settings)(IN)).toEqual(rules);
  });

  test('in IPv6, by its own gateway mode', () => {
    const of = kept({ options: { mode4: 'nat-unprotected', mode6: 'routed' } }, [PORT, '[::]->80/tcp']);
    expect(of(IN, 'ipv6')).toEqual([
      ESTABLISHED,
      'meta l4proto ipv6-icmp counter accept comment "ICMP"',
      ICC,
      'ip6 daddr fd00:a::2 tcp dport 80 counter accept',
      CLOSED,
    ]);
    expect(of(DNAT, 'ipv6')).toEqual([]);
  });

  test('links come before what icc closes, and only in IPv4', () => {
    const docker0 = defaultBridge({ options: { icc: 'false' }, ipv6: true });
    const [parent, child] = [
      endpointOn(docker0, 'api', '172.17.0.3', 'fd00::3'),
      endpointOn(docker0, 'db', '172.17.0.2', 'fd00::2'),
    ];
    const links = [{ bridge: 'docker0', parent, child, proto: 'tcp' as const, port: 5432 }];
    const of = kept({}, [], {}, { networks: [docker0], endpoints: [parent, child], links });
    expect(of('filter-forward-in__docker0').slice(1, 4)).toEqual([
      'ip saddr 172.17.0.3 ip daddr 172.17.0.2 tcp dport 5432 counter accept',
      'ip saddr 172.17.0.2 tcp sport 5432 ip daddr 172.17.0.3 counter accept',
      'iifname "docker0" counter drop comment "ICC"',
    ]);
    expect(of('filter-forward-in__docker0', 'ipv6')).toEqual([
      ESTABLISHED,
      'iifname "docker0" counter drop comment "ICC"',
      CLOSED,
    ]);
  });

  test('one port of a container that two of the host lead to is let through once', () => {
    const of = kept({}, [PORT, '127.0.0.1:8081->80/tcp', '0.0.0.0:9->80/sctp']);
    expect(of(IN)).toEqual([
      ESTABLISHED,
      ICC,
      OPEN_PORT,
      'ip daddr 172.18.0.2 sctp dport 80 counter accept',
      CLOSED,
    ]);
    expect(of(DNAT)).toHaveLength(3);
  });

  test('a port that docker-proxy alone serves, from IPv6 to IPv4, is let through', () => {
    const app = bridgeNetwork('app');
    const web = endpointOn(app, 'web', '172.18.0.2');
    const port = { ...publish(web, '[::1]:8080->80/tcp'), endpoint: undefined, proxied: web };
    const given = { networks: [app], endpoints: [web], ports: [port] };
    const of = kept({}, [], {}, given);
    expect(of(IN)).toEqual([ESTABLISHED, ICC, OPEN_PORT, CLOSED]);
    expect(of(DNAT)).toEqual([]);
    expect(kept({}, [], { userlandProxy: false }, given)(IN)).toEqual([ESTABLISHED, ICC, CLOSED]);
  });
});

describe('what leaves a network', () => {
  const MASKED = `oifname != "${BR}" ip saddr 172.18.0.0/16 counter masquerade comment "MASQUERADE"`;
  // prettier-ignore
  test.each<[what: string, given: Given, settings: Partial<Settings>, out: readonly string[], natOut: readonly string[], natIn: readonly string[]]>([
    ['masqueraded', {}, {}, [ESTABLISHED, OUTGOING], [MASKED], []],
    ['as an address of the host', { options: { hostIpv4: '192.0.2.9' } }, {}, [ESTABLISHED, OUTGOING], [`oifname != "${BR}" ip saddr 172.18.0.0/16 counter snat to 192.0.2.9 comment "SNAT"`], []],
    ['as itself', { options: { masquerade: 'false' } }, {}, [ESTABLISHED, OUTGOING], [], []],
    ['routed', { options: { mode4: 'routed' } }, {}, [ESTABLISHED, OUTGOING], [], []],
    ['nat-unprotected', { options: { mode4: 'nat-unprotected' } }, {}, [ESTABLISHED, OUTGOING], [MASKED], []],
    ['internal', { internal: true }, {}, [ESTABLISHED, `oifname != "${BR}" counter drop comment "INTERNAL NETWORK EGRESS"`], [], []],
    ['internal, without docker-proxy', { internal: true }, { userlandProxy: false }, [ESTABLISHED, `oifname != "${BR}" counter drop comment "INTERNAL NETWORK EGRESS"`], [], []],
    ['without docker-proxy', {}, { userlandProxy: false }, [ESTABLISHED, OUTGOING], [MASKED], [
      'fib saddr type local counter masquerade comment "MASQUERADE FROM HOST"',
      'ip saddr 172.18.0.2 ip daddr 172.18.0.2 tcp dport 80 counter masquerade comment "MASQ TO OWN PORT"',
    ]],
    ['without docker-proxy, not masqueraded, as an address', { options: { masquerade: 'false', hostIpv4: '192.0.2.9' } }, { userlandProxy: false }, [ESTABLISHED, OUTGOING], [], [
      'fib saddr type local counter snat to 192.0.2.9 comment "SNAT FROM HOST"',
      'ip saddr 172.18.0.2 ip daddr 172.18.0.2 tcp dport 80 counter masquerade comment "MASQ TO OWN PORT"',
    ]],
  ])('%s', (_, given, settings, out, natOut, natIn) => {
    const of = kept(given, [PORT], settings);
    expect([of(OUT), of(NAT_OUT), of(NAT_IN)]).toEqual([out, natOut, natIn]);
  });

  test('without docker-proxy a routed network is asked masqueraded, and no port of it', () => {
    const of = kept({ options: { mode4: 'routed' } }, ['0.0.0.0->80/tcp'], { userlandProxy: false });
    expect(of(NAT_IN)).toEqual(['fib saddr type local counter masquerade comment "MASQUERADE FROM HOST"']);
    expect(of(IN)).toContain(OPEN_PORT);
  });
});

describe('what published ports lead to', () => {
  const PAST = `iifname != "${BR}"`;
  // prettier-ignore
  test.each<[what: string, port: string, family: Family, settings: Partial<Settings>, rule: string]>([
    ['every address', PORT, 'ipv4', {}, `${PAST} tcp dport 8080 counter dnat to 172.18.0.2:80 comment "DNAT"`],
    ['one address', '192.0.2.7:8080->80/udp', 'ipv4', {}, `${PAST} ip daddr 192.0.2.7 udp dport 8080 counter dnat to 172.18.0.2:80 comment "DNAT"`],
    ['IPv6', '[::]:8080->80/tcp', 'ipv6', {}, `${PAST} ip6 saddr != fe80::/10 tcp dport 8080 counter dnat to [fd00:a::2]:80 comment "DNAT"`],
    ['an IPv6 address', '[2001:db8::1]:8080->80/tcp', 'ipv6', { userlandProxy: false }, 'ip6 saddr != fe80::/10 ip6 daddr 2001:db8::1 tcp dport 8080 counter dnat to [fd00:a::2]:80 comment "DNAT"'],
    ['without docker-proxy', PORT, 'ipv4', { userlandProxy: false }, 'tcp dport 8080 counter dnat to 172.18.0.2:80 comment "DNAT"'],
  ])('%s', (_, port, family, settings, rule) => {
    expect(kept({}, [port], settings)(DNAT, family)).toEqual([rule]);
  });

  test('what this host asks of its loopback addresses is left to docker-proxy, unless there is none', () => {
    const JUMP = 'fib daddr type local counter jump nat-prerouting-and-output';
    expect(kept({}, [])('nat-OUTPUT')).toEqual([`ip daddr != 127.0.0.0/8 ${JUMP}`]);
    expect(kept({}, [])('nat-OUTPUT', 'ipv6')).toEqual([`ip6 daddr != ::1 ${JUMP}`]);
    expect(kept({}, [], { userlandProxy: false })('nat-OUTPUT')).toEqual([JUMP]);
    expect(kept({}, [])('nat-PREROUTING', 'ipv6')).toEqual([JUMP]);
  });
});

describe('what is closed before everything else', () => {
  const LOOPBACK = '127.0.0.1:8080->80/tcp';
  const REMOTE =
    'iifname != "lo" ip daddr 127.0.0.1 tcp dport 8080 counter drop comment "DROP REMOTE LOOPBACK"';
  // prettier-ignore
  test.each<[what: string, given: Given, settings: Partial<Settings>, rules: readonly string[]]>([
    ['nat', {}, {}, [DIRECT, REMOTE]],
    ['trusted interfaces', { options: { trusted: 'wg0:eth1' } }, {}, [
      `ip daddr 172.18.0.2 iifname != { "${BR}", "eth1", "wg0" } counter drop comment "DROP DIRECT ACCESS"`, REMOTE,
    ]],
    ['trusted interfaces by wildcard, as nft takes it, and by comma', { options: { trusted: 'wg*:eth1, eth2' } }, {}, [
      `ip daddr 172.18.0.2 iifname != { "${BR}", "eth1", "eth2", "wg*" } counter drop comment "DROP DIRECT ACCESS"`, REMOTE,
    ]],
    ['direct routing', {}, { directRouting: true }, [REMOTE]],
    ['no raw rules of iptables', {}, { noRaw: true }, [DIRECT, REMOTE]],
    ['nat-unprotected', { options: { mode4: 'nat-unprotected' } }, {}, [REMOTE]],
    ['internal', { internal: true }, {}, []],
    ['WSL2', {}, { mirroredWsl: true }, [DIRECT, 'iifname "loopback0" ip daddr 127.0.0.1 tcp dport 8080 counter accept comment "ACCEPT WSL2 LOOPBACK"', REMOTE]],
    ['WSL2 without docker-proxy', {}, { mirroredWsl: true, userlandProxy: false }, [
      DIRECT, 'iifname "loopback0" ip daddr 127.0.0.1 tcp dport 8080 counter accept comment "ACCEPT WSL2 LOOPBACK"', REMOTE,
    ]],
  ])('%s', (_, given, settings, rules) => {
    expect(kept(given, [LOOPBACK], settings)(RAW)).toEqual(rules);
  });

  test('routed closes nothing', () => {
    expect(kept({ options: { mode4: 'routed' } }, ['0.0.0.0->80/tcp'])(RAW)).toEqual([]);
  });

  test("Windows' own loopback is left to docker-proxy, where there is one", () => {
    const RETURN = 'iifname "loopback0" ip daddr 127.0.0.0/8 counter return';
    expect(kept({}, [PORT], { mirroredWsl: true })(DNAT)[0]).toBe(RETURN);
    expect(kept({}, [PORT], { mirroredWsl: true })(DNAT, 'ipv6')).toEqual([]);
    expect(kept({}, [PORT], { mirroredWsl: true, userlandProxy: false })(DNAT)).toHaveLength(1);
  });
});

test('a network without IPv6 has no chains there, and a daemon that leaves IPv6 alone no table', () => {
  const v4only = bridgeNetwork('app');
  const tables = (settings: Partial<Settings>) =>
    requiredTables(inventoryOf('29.7.2', { firewallBackend: 'nftables', networks: [v4only] }), {
      ...SETTINGS,
      ...settings,
    });
  const [, ipv6] = tables({ ip6tables: true });
  expect([...(ipv6?.chains.keys() ?? [])].filter((name) => name.includes('__'))).toEqual([]);
  expect(ipv6?.maps.get('filter-forward-in-jumps')?.elements.size).toBe(0);
  expect(tables({ ip6tables: false })).toHaveLength(1);
});
