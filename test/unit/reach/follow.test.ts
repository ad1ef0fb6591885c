import { expect, test } from 'vitest';
import { reachTable } from '../../../src/reach/table.ts';
import { flushed, withRule } from '../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

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

test('before Engine 28 docker-proxy answers a datagram from the address of its route: asked by another one, it is none', () => {
  const udp = (name: string) => {
    const host = recordedTerrain(name);
    const cells = reachTable(withRules(host, flushed(rulesOf(host))));
    return cells
      .filter(
        ({ family, proto, asker, asked }) =>
          family === 'ipv4' && proto === 'udp' && asker.by === 'outside' && asked.what === 'published',
      )
      .map(({ asked, is }) => `${asked.what === 'published' ? asked.at : ''} ${is.is}`);
  };
  expect(new Set(udp('engine-26.1-plain'))).toEqual(
    new Set(['192.0.2.1 proxied', '192.0.2.10 stopped', '127.0.0.1 stopped']),
  );
  expect(new Set(udp('engine-28.5-plain'))).toEqual(
    new Set(['192.0.2.1 proxied', '192.0.2.10 proxied', '127.0.0.1 stopped']),
  );
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
