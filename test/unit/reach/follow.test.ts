import { describe, expect, test } from 'vitest';
import { reachTable } from '../../../src/reach/table.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { flushed, withRule } from '../../support/app/edit-rules.ts';
import { ledOutBy, recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

test('what stops a connection that was let begin: nobody is reached', () => {
  const host = recordedTerrain('engine-28.5-plain');
  const rule =
    '-A DOCKER-USER -i docker0 -m conntrack --ctstate RELATED,ESTABLISHED --ctdir ORIGINAL -j DROP';
  const cells = reachTable(withRules(host, withRule(rulesOf(host), 'ipv4', 'filter', rule, 'first')));
  const outwards = cells.filter(
    ({ asker, asked }) =>
      asker.by === 'container' && asker.spot.bridge === 'docker0' && asked.what === 'outside',
  );
  expect(outwards.map(({ proto, effect }) => `${proto} ${effect}`)).toEqual(
    expect.arrayContaining(['tcp outage', 'udp same']),
  );
  expect(outwards.find(({ proto }) => proto === 'tcp')?.is).toMatchObject({
    is: 'stopped',
    leg: 'question',
    end: { rule: { text: rule } },
  });
});

describe('docker-proxy answers a datagram', () => {
  const noRules = (name: string): Terrain => {
    const host = recordedTerrain(name);
    return withRules(host, flushed(rulesOf(host)));
  };
  const fates = (terrain: Terrain) => {
    const asked = reachTable(terrain).flatMap(({ family, proto, asker, asked: about, is }) =>
      family === 'ipv4' && proto === 'udp' && asker.by === 'outside' && about.what === 'published'
        ? [`${about.at} ${is.is}`]
        : [],
    );
    return [...new Set(asked)].sort();
  };
  const BY_ROUTE = ['127.0.0.1 stopped', '192.0.2.1 proxied', '192.0.2.10 stopped'];

  test('before Engine 28 from the address of its route: asked by another one, it is none', () => {
    expect(fates(noRules('engine-26.1-plain'))).toEqual(BY_ROUTE);
    expect(fates(noRules('engine-28.5-plain'))).toEqual([
      '127.0.0.1 stopped',
      '192.0.2.1 proxied',
      '192.0.2.10 proxied',
    ]);
  });

  test.each([{ ipproto: 'tcp', dport: '80' }, { ipproto: 'tcp' }, { sport: '4' }])(
    'a rule of policy routing for other packets leads it nowhere else: %o',
    (fields) => {
      expect(fates(ledOutBy(noRules('engine-26.1-plain'), fields))).toEqual(BY_ROUTE);
    },
  );

  test('which way it is led is not known: it is not told as answered', () => {
    const led = ledOutBy(noRules('engine-26.1-plain'), { uidrange: '0-0' });
    expect(fates(led).filter((fate) => fate.endsWith('proxied'))).toEqual([]);
  });
});

test('a datagram masqueraded over lo: from which address docker-proxy answers is not known', () => {
  const [masked, newer] = ['engine-26.1-plain', 'engine-28.5-plain'].map((name) => {
    const host = recordedTerrain(name);
    const rules = withRule(rulesOf(host), 'ipv4', 'nat', '-A POSTROUTING -j MASQUERADE', 'first');
    return reachTable(withRules(host, rules))
      .filter(
        ({ proto, asker, asked }) => proto === 'udp' && asker.by === 'host' && asked.what === 'published',
      )
      .flatMap(({ asked, is }) => (asked.what === 'published' && asked.at === '127.0.0.1' ? is.is : []));
  });
  expect(masked).toEqual(['unknown']);
  expect(newer).toEqual(['proxied']);
});
