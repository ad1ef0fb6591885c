import { describe, expect, test } from 'vitest';
import { judgedTable } from '../../../src/reach/judge/judge.ts';
import { reachTable } from '../../../src/reach/table.ts';
import { proxyKey, type Terrain } from '../../../src/reach/terrain.ts';
import { unaskedOf } from '../../../src/reach/unasked.ts';
import { withRule } from '../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

/** One container without IPv6, published on every address; the host has IPv6. */
const HOST = recordedTerrain('engine-28.5-plain');

/** Of every way by IPv6 to a port that docker-proxy alone serves: who asks, what is meant, what becomes of it. */
const ways = (terrain: Terrain): readonly string[] =>
  reachTable(terrain).flatMap(({ asker, asked, proto, should, is, effect }) =>
    asked.what === 'published' && asked.proxied !== undefined
      ? [`${asker.by} ${proto} ${asked.at === '::1' ? 'loopback' : 'own'}: ${should}, ${is.is}, ${effect}`]
      : [],
  );

const kinds = (terrain: Terrain) => [...new Set(ways(terrain))].sort();

describe('a port published on [::] of a container without IPv6', () => {
  test('is served by docker-proxy: as meant, with the client’s address lost', () => {
    expect(kinds(HOST)).toEqual([
      'host tcp loopback: proxied, proxied, same',
      'host tcp own: proxied, proxied, same',
      'host udp loopback: proxied, proxied, same',
      'host udp own: proxied, proxied, same',
      'outside tcp loopback: no-promise, stopped, same',
      'outside tcp own: proxied, proxied, same',
      'outside udp loopback: no-promise, stopped, same',
      'outside udp own: proxied, proxied, same',
    ]);
    expect(unaskedOf(HOST)).toEqual([]);
  });

  test('an older Engine answers UDP from whichever address its route gives: nothing is promised', () => {
    const proxied = HOST.intent.proxied.map((one) => ({
      ...one,
      binding: { ...one.binding, proxyAnswers: 'as-routed' as const },
    }));
    const old = ways({ ...HOST, intent: { ...HOST.intent, proxied } });
    expect(old.filter((way) => !way.includes('no-promise'))).toEqual([]);
  });

  test('without IPv6 of Docker’s own, as up to 26, it is asked as well', () => {
    expect(kinds({ ...HOST, intent: { ...HOST.intent, ipv6: undefined } })).toEqual(kinds(HOST));
  });

  test('is nobody’s without a userland proxy, and not asked', () => {
    const without = recordedTerrain('engine-28.5-noproxy');
    expect(ways(without)).toEqual([]);
    expect(unaskedOf(without)).toEqual([]);
  });

  test('its docker-proxy is gone: an outage of the host', () => {
    const proxies = new Set(['tcp', 'udp'].map((proto) => proxyKey('ipv4', proto, '', 8080)));
    const { cells } = judgedTable({ ...HOST, proxies }, { repaired: undefined, whose: () => 'other' });
    const lost = cells.filter(({ family, effect }) => family === 'ipv6' && effect === 'outage');
    expect(lost.map(({ asker }) => asker.by)).toContain('outside');
    for (const { decider } of lost) expect(decider).toMatchObject({ detail: 'its docker-proxy is gone' });
  });

  test.each<[string, 'ipv4' | 'ipv6', string]>([
    ['by IPv6 to this host', 'ipv6', '-A INPUT -p tcp -m tcp --dport 8080 -j DROP'],
    ['in IPv4 to the container', 'ipv4', '-A OUTPUT -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j DROP'],
  ])('a rule stops it %s: told by that rule', (_, family, text) => {
    const closed = withRules(HOST, withRule(rulesOf(HOST), family, 'filter', text, 'first'));
    const { cells } = judgedTable(closed, { repaired: undefined, whose: () => 'operator' });
    const six = cells.filter((cell) => cell.family === 'ipv6' && cell.asked.what === 'published');
    expect(six.map(({ asker }) => asker.by)).toEqual(expect.arrayContaining(['outside', 'host']));
    for (const { effect, decider } of six)
      expect({ effect, text: decider?.by === 'rule' && decider.rule.text }).toEqual({
        effect: 'operator',
        text,
      });
  });
});
