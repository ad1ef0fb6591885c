import { describe, expect, test } from 'vitest';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import type { CellChange, ReachChange } from '../../../src/reach/change/cells.ts';
import { reachChange } from '../../../src/reach/change/compare.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { toldGroups } from '../../../src/report/reach/groups.ts';
import { flushed, without, withPolicy, withRule } from '../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf, withRules, withSysctls } from '../../support/reach/terrain.ts';

const host = recordedTerrain('engine-28.5');
const old = recordedTerrain('engine-20.10');

function changeOf(before: Terrain, after: Terrain): ReachChange {
  const owned = ownHost(rulesOf(before), { networks: before.inventory.networks, settled: true });
  const rules = Object.values(owned.families).flatMap((tables) =>
    [...tables.values()].flatMap((chains) => [...chains.values()].flatMap((chain) => chain.rules)),
  );
  const dockers = new Set(rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : [])));
  return reachChange(before, after, ({ text }) => dockers.has(text));
}

const told = (changes: readonly CellChange[]): readonly string[] =>
  toldGroups(changes.map(({ cell }) => cell)).map(
    ({ effect, cells, headline }) => `${effect} ${String(cells)}: ${headline}`,
  );

const worse = (before: Terrain, change: (rules: HostRules) => HostRules): readonly string[] =>
  told(changeOf(before, withRules(before, change(rulesOf(before)))).worse);

const first =
  (rule: string, table = 'filter') =>
  (rules: HostRules): HostRules =>
    withRule(rules, 'ipv4', table, rule, 'first');

describe('what gets worse', () => {
  test('DOCKER-USER drops everything: everything forwarded is cut', () => {
    expect(worse(host, first('-A DOCKER-USER -j DROP'))).toMatchInlineSnapshot(`
      [
        "outage 50: 13 published ports unreachable from outside",
        "outage 28: 7 containers do not reach the outside",
        "outage 11: containers of 1 network do not reach each other",
        "outage 7: 7 containers do not reach their name server",
      ]
    `);
  });

  test('FORWARD accepts everything first: networks reach each other', () => {
    expect(worse(host, first('-A FORWARD -j ACCEPT'))).toMatchInlineSnapshot(`
      [
        "exposure 12: 6 pairs of networks reach each other",
        "exposure 4: 1 container reachable from outside, by its own address",
      ]
    `);
  });

  test('a port nobody published opens to outside, though no Engine before 28 promises it closed', () => {
    expect(worse(old, (rules) => withPolicy(rules, 'ipv4', 'ACCEPT'))).toMatchInlineSnapshot(`
      [
        "exposure 32: 8 containers reachable from outside, by their own address",
      ]
    `);
  });

  test('nat is flushed: ports are left to docker-proxy, nobody gets out', () => {
    expect(worse(host, (rules) => flushed(rules))).toMatchInlineSnapshot(`
      [
        "outage 28: 7 containers do not reach the outside",
        "outage 7: 7 containers do not reach their name server",
        "degraded 50: 13 published ports reached from outside through docker-proxy alone",
        "degraded 25: 13 published ports reached from this host through docker-proxy alone",
      ]
    `);
  });

  test('ip_forward is 0', () => {
    const off = Object.fromEntries(
      [...host.netState.sysctls.keys()]
        .filter((name) => /^ipv4\/(?:ip_forward|conf\/.*\/forwarding)$/.test(name))
        .map((name) => [name, '0']),
    );
    expect(told(changeOf(host, withSysctls(host, off)).worse)).toMatchInlineSnapshot(`
      [
        "outage 50: 13 published ports unreachable from outside",
        "outage 28: 7 containers do not reach the outside",
        "outage 7: 7 containers do not reach their name server",
      ]
    `);
  });

  test('the default route is taken: no answer and no question leaves any more', () => {
    const routes = host.netState.routes.filter(({ to }) => to !== '0.0.0.0/0');
    const after = { ...host, netState: { ...host.netState, routes } };
    expect(told(changeOf(host, after).worse)).toMatchInlineSnapshot(`
      [
        "outage 25: 13 published ports unreachable from outside",
        "outage 14: 7 containers do not reach the outside",
      ]
    `);
  });

  test('an address of the host is taken: what was asked by it is cut', () => {
    const links = host.netState.links.map((link) =>
      link.name === 'eth0' ? { ...link, addresses: link.addresses.slice(1) } : link,
    );
    const after = { ...host, netState: { ...host.netState, links } };
    const { worse: cut } = changeOf(host, after);
    expect(told(cut)).toMatchInlineSnapshot(`
      [
        "outage 78: 12 published ports unreachable from containers, by an address of this host",
        "outage 24: 12 published ports unreachable from outside",
        "outage 12: 12 published ports unreachable from this host",
      ]
    `);
    expect(cut.some(({ isGone }) => isGone)).toBe(true);
  });

  test('a container whose address a rule names is cut, and no other', () => {
    const [endpoint] = host.inventory.endpoints;
    const rule = `-A DOCKER-USER -d ${endpoint?.ipv4 ?? ''}/32 -j DROP`;
    const { worse: cut, better } = changeOf(host, withRules(host, first(rule)(rulesOf(host))));
    const names = new Set(
      cut.map(({ cell: { asked, asker } }) =>
        'spot' in asked ? asked.spot.container : asker.by === 'container' ? asker.spot.container : '',
      ),
    );
    expect(names).toEqual(new Set([endpoint?.container]));
    expect(better).toEqual([]);
  });
});

describe('what somebody had closed on purpose', () => {
  const closed = withRules(host, first('-A DOCKER-USER -i eth0 -j DROP')(rulesOf(host)));

  test('opens: worse', () => {
    expect(told(changeOf(closed, host).worse)).toMatchInlineSnapshot(`
      [
        "exposure 50: 13 published ports reachable from outside",
        "exposure 28: 7 containers reach the outside",
        "exposure 24: 12 ports of the loopback address reachable from outside",
        "exposure 7: 7 containers reach their name server",
      ]
    `);
  });

  test('stays closed: nothing', () => {
    const after = withRules(host, first('-A FORWARD -s 10.9.9.9/32 -j DROP')(rulesOf(closed)));
    expect(changeOf(closed, after)).toMatchObject({ worse: [], better: [], unknown: [] });
  });
});

describe('what is not worse', () => {
  test('nothing changes', () => {
    expect(changeOf(host, host)).toEqual({
      ...{ worse: [], unknown: [], stillUnknown: [], better: [], single: [], unpromised: [], unasked: 0 },
    });
  });

  test('what was lost comes back', () => {
    const lost = withRules(host, flushed(rulesOf(host)));
    const { worse: none, better } = changeOf(lost, host);
    expect(none).toEqual([]);
    expect(better.length).toBeGreaterThan(20);
  });

  test.each(['203.0.113.9', '203.0.113.77', '192.0.2.2', '203.0.113.0/24'])(
    '%s is banned, and unbanned',
    (address) => {
      const all = { ...host, nameServers: ['192.0.2.53'] };
      const banned = withRules(all, first(`-A DOCKER-USER -s ${address} -j DROP`)(rulesOf(all)));
      expect(changeOf(all, banned).worse).toEqual([]);
      expect(changeOf(banned, all).worse).toEqual([]);
    },
  );

  test.each([
    ['ipv4', '-A DOCKER-USER -s 0.0.0.0/1 -j DROP'],
    ['ipv4', '-A DOCKER-USER -s 200.0.0.0/5 -j DROP'],
    ['ipv4', '-A DOCKER-USER ! -s 128.0.0.0/1 -j DROP'],
    ['ipv4', '-A DOCKER-USER -o eth0 -d 0.0.0.0/1 -j DROP'],
    ['ipv6', '-A DOCKER-USER -s 2a00::/12 -j DROP'],
  ] as const)('but a large part of the internet locked out is: %s %s', (family, rule) => {
    const after = withRules(host, withRule(rulesOf(host), family, 'filter', rule, 'first'));
    const { worse: cut, single } = changeOf(host, after);
    expect(cut.length).toBeGreaterThan(3);
    expect(single).toEqual([]);
    expect(changeOf(after, host).worse.length).toBeGreaterThan(3);
  });

  test('a filter of addresses that nobody outside has changes nothing', () => {
    const bogons = ['0.0.0.0/8', '10.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3', '240.0.0.0/4'];
    const rules = bogons.reduce(
      (all, block) => first(`-A DOCKER-USER -i eth0 -s ${block} -j DROP`)(all),
      rulesOf(host),
    );
    expect(changeOf(host, withRules(host, rules))).toMatchObject({ worse: [], single: [], unpromised: [] });
  });

  test('but a ban of everybody outside is', () => {
    const banned = withRules(host, first('-A DOCKER-USER ! -s 172.16.0.0/12 -j DROP')(rulesOf(host)));
    expect(changeOf(host, banned).worse.length).toBeGreaterThan(20);
  });
});

test('a rule that is not understood: it cannot be told any more', () => {
  const rule = '-A DOCKER-USER -i eth0 -m recent --rcheck -j DROP';
  const { worse: none, unknown } = changeOf(host, withRules(host, first(rule)(rulesOf(host))));
  expect(none).toEqual([]);
  expect(unknown.length).toBeGreaterThan(20);
});

test('and where nobody could tell before, a rule that cuts everything is worse', () => {
  const rule = '-A DOCKER-USER -i eth0 -m recent --rcheck -j DROP';
  const vague = withRules(host, first(rule)(rulesOf(host)));
  const { worse: cut } = changeOf(vague, withRules(host, first('-A DOCKER-USER -j DROP')(rulesOf(vague))));
  expect(cut.length).toBeGreaterThan(20);
  expect(changeOf(vague, vague).stillUnknown.length).toBeGreaterThan(20);
});

test('one of its rules gone that stops nothing else: nothing is told', () => {
  const after = withRules(host, without(rulesOf(host), 'ipv4', 'filter', /-A FORWARD -j DOCKER-USER/));
  expect(changeOf(host, after)).toMatchObject({ worse: [], unknown: [], better: [] });
});
