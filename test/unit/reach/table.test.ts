import { describe, expect, test } from 'vitest';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { reachTable } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { toldGroups } from '../../../src/report/reach/groups.ts';
import { flushed, without, withPolicy, withRule } from '../../support/app/edit-rules.ts';
import { ledOutBy, recordedTerrain, rulesOf, withRules, withSysctls } from '../../support/reach/terrain.ts';
import { recordingNames } from '../../support/recorded/recordings.ts';

/** What differs on a host, as people are told: effect, how many ways, what. */
const told = (terrain: Terrain): readonly string[] =>
  toldGroups(reachTable(terrain)).map(
    ({ effect, cells, headline }) => `${effect} ${String(cells)}: ${headline}`,
  );

const after = (terrain: Terrain, change: (rules: HostRules) => HostRules): readonly string[] =>
  told(withRules(terrain, change(rulesOf(terrain))));

/** Those are written like others of theirs, or hold sixty networks like one that is tried. */
const ALIKE = /legacy|restarted|noproxy-bridges|-ipv4$/;

test.each(recordingNames().filter((name) => !ALIKE.test(name)))(
  '%s: everything that Docker means happens',
  (name) => {
    const cells = reachTable(recordedTerrain(name));
    expect(cells.filter(({ should }) => should !== 'no-promise').length).toBeGreaterThan(4);
    expect(told(recordedTerrain(name))).toEqual([]);
  },
);

describe('one damage after another, on a host of four networks', () => {
  const host = recordedTerrain('engine-28.5');

  test('nat flushed: ports are served by docker-proxy, and nobody gets out', () => {
    expect(after(host, (rules) => flushed(rules))).toMatchInlineSnapshot(`
      [
        "outage 28: 7 containers do not reach the outside",
        "outage 7: 7 containers do not reach their name server",
        "degraded 50: 13 published ports reached from outside through docker-proxy alone",
        "degraded 25: 13 published ports reached from this host through docker-proxy alone",
      ]
    `);
  });

  test('filter flushed, and FORWARD drops: no packet is forwarded', () => {
    expect(after(host, (rules) => withPolicy(flushed(rules, 'ipv4', 'filter'), 'ipv4', 'DROP')))
      .toMatchInlineSnapshot(`
      [
        "outage 50: 13 published ports unreachable from outside",
        "outage 28: 7 containers do not reach the outside",
        "outage 11: containers of 1 network do not reach each other",
        "outage 7: 7 containers do not reach their name server",
      ]
    `);
  });

  test('FORWARD accepts everything first: networks reach each other', () => {
    expect(after(host, (rules) => withRule(rules, 'ipv4', 'filter', '-A FORWARD -j ACCEPT', 'first')))
      .toMatchInlineSnapshot(`
        [
          "exposure 12: 6 pairs of networks reach each other",
          "exposure 4: 1 container reachable from outside, by its own address",
        ]
      `);
  });

  test('and masquerades all: what should not leave is answered', () => {
    const both = (rules: HostRules): HostRules =>
      withRule(
        withRule(rules, 'ipv4', 'filter', '-A FORWARD -j ACCEPT', 'first'),
        ...(['ipv4', 'nat', '-A POSTROUTING -o eth0 -j MASQUERADE', 'first'] as const),
      );
    expect(after(host, both)).toContain('exposure 4: 1 container of internal networks reaches the outside');
  });

  test('an answer to somebody far away may leave by another uplink, not by a link that leads nowhere', () => {
    const { netState } = host;
    const leading = (via: string) => {
      const usual = { family: 'ipv4', table: 'main', fields: { src: 'all' } } as const;
      const [eth0] = netState.links.filter(({ name }) => name === 'eth0');
      const [route] = netState.routes.filter(({ to }) => to === '0.0.0.0/0');
      if (eth0 === undefined || route === undefined) throw new Error('no way out');
      const state = {
        ...netState,
        links: [...netState.links, { ...eth0, name: 't0', index: 99, addresses: [] }],
        routes: [...netState.routes, { ...route, table: '52', dev: 't0', via }],
        routeRules: [
          { ...usual, priority: 5200, fields: { src: 'all', dst: '172.16.0.0', dstlen: '12' } },
          { ...usual, priority: 5270, table: '52' },
        ],
      };
      return reachTable({ ...host, netState: state }).filter(
        ({ family, asker, asked, should }) =>
          family === 'ipv4' &&
          asker.by === 'outside' &&
          asker.from === 'beyond' &&
          asked.what === 'published' &&
          should === 'reached',
      );
    };
    expect(new Set(leading('192.0.2.2').map(({ effect }) => effect))).toEqual(new Set(['same']));
    expect(new Set(leading('').map(({ effect }) => effect))).toEqual(new Set(['outage']));
  });

  test('DOCKER-USER drops everything: all that is forwarded is lost, what docker-proxy serves is not', () => {
    expect(after(host, (rules) => withRule(rules, 'ipv4', 'filter', '-A DOCKER-USER -j DROP', 'first')))
      .toMatchInlineSnapshot(`
      [
        "outage 50: 13 published ports unreachable from outside",
        "outage 28: 7 containers do not reach the outside",
        "outage 11: containers of 1 network do not reach each other",
        "outage 7: 7 containers do not reach their name server",
      ]
    `);
  });

  test('ip_forward is 0', () => {
    const off = { 'ipv4/ip_forward': '0', 'ipv4/conf/all/forwarding': '0' };
    const each = Object.fromEntries(
      [...host.netState.sysctls.keys()]
        .filter((name) => /^ipv4\/conf\/.*\/forwarding$/.test(name))
        .map((name) => [name, '0']),
    );
    expect(told(withSysctls(host, { ...each, ...off }))).toMatchInlineSnapshot(`
      [
        "outage 50: 13 published ports unreachable from outside",
        "outage 28: 7 containers do not reach the outside",
        "outage 7: 7 containers do not reach their name server",
      ]
    `);
  });

  test('masquerading of one network is lost: its containers are not answered', () => {
    expect(
      after(host, (rules) =>
        without(rules, 'ipv4', 'nat', /-A POSTROUTING -s 172\.17\.0\.0\/16 .*MASQUERADE/),
      ),
    ).toMatchInlineSnapshot(`
      [
        "outage 4: 1 container does not reach the outside",
        "outage 1: 1 container does not reach its name server",
      ]
    `);
  });

  test('a match that is not understood: nothing it decides is told', () => {
    const rule = '-A DOCKER-USER -i eth0 -m recent --rcheck -j DROP';
    expect(after(host, (rules) => withRule(rules, 'ipv4', 'filter', rule, 'first'))).toMatchInlineSnapshot(`
      [
        "unknown 85: cannot tell what reaches 8 containers",
      ]
    `);
  });
});

test('a rule of policy routing leads what is asked outside into a link without an address: nobody is reached', () => {
  const led = ledOutBy(recordedTerrain('engine-26.1-plain'), { not: '', src: 'all', fwmark: '0x711e' });
  const cells = reachTable(led).filter(({ family }) => family === 'ipv4');
  expect(cells.filter(({ is }) => is.is === 'unknown')).toEqual([]);
  const outwards = cells.filter(({ asked }) => asked.what === 'outside' || asked.what === 'name-server');
  expect(new Set(outwards.map(({ effect }) => effect))).toEqual(new Set(['outage']));
  expect(outwards[0]?.is).toMatchObject({ is: 'stopped', outcome: { is: 'elsewhere', by: 't0' } });
});

test('rules that isolate networks are lost: they reach each other', () => {
  const host = recordedTerrain('engine-26.1');
  expect(after(host, (rules) => without(rules, 'ipv4', 'filter', /-A FORWARD -j DOCKER-ISOLATION-STAGE-1/)))
    .toMatchInlineSnapshot(`
      [
        "exposure 208: 28 pairs of networks reach each other",
      ]
    `);
});

test('one port of many: the cells of that port alone differ, and the reason is its own', () => {
  const host = recordedTerrain('engine-28.5-ports');
  const rule = '-A DOCKER-USER -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j DROP';
  const cells = reachTable(withRules(host, withRule(rulesOf(host), 'ipv4', 'filter', rule, 'first')));
  const differing = cells.filter(({ effect }) => effect !== 'same');
  expect(differing.length).toBeGreaterThan(0);
  for (const { asked, is } of differing) {
    expect('spot' in asked && asked.spot.address).toBe('172.17.0.2');
    expect(is).toMatchObject({ is: 'stopped', end: { rule: { text: rule } } });
  }
});
