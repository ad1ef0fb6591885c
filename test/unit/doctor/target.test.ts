import { expect, test } from 'vitest';
import { readPort } from '../../../src/doctor/target/port-argument.ts';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Facts } from '../../../src/doctor/facts/facts.ts';
import { findTarget } from '../../../src/doctor/target/target.ts';
import { sh } from '../../../src/shell.ts';
import { healthyFacts } from '../../support/doctor/host-facts.ts';

test.each([
  ['192.0.2.1:8080', '192.0.2.1', 8080, 'tcp'],
  [':53/udp', '', 53, 'udp'],
  ['[2001:db8::1]:443', '2001:db8::1', 443, 'tcp'],
  ['localhost:1/tcp', 'localhost', 1, 'tcp'],
  ['http://shop.example/cart?x=1', 'shop.example', 80, 'tcp'],
  ['https://me@[2001:db8::1]:8443/', '2001:db8::1', 8443, 'tcp'],
  ['udp://192.0.2.1:53', '192.0.2.1', 53, 'udp'],
])('%s is read as a port', (word, address, port, proto) => {
  expect(readPort(word)).toEqual({ kind: 'port', address, port, proto });
});

test.each(['web', '8080', ':0', ':65536', 'a:b', 'web:80/sctp', '::1', 'ssh://shop.example'])(
  '%s is not read as a port',
  (word) => {
    expect(readPort(word)).toBeUndefined();
  },
);

test.each([
  [undefined, { kind: 'host' }],
  ['web', { kind: 'container', name: 'web' }],
  ['bridge', { kind: 'network', name: 'bridge' }],
  ['docker0', { kind: 'network', name: 'bridge' }],
  ['we', { kind: 'container', name: 'web' }],
  ['172.17.0.2', { kind: 'container', name: 'web' }],
  ['172.17.0.2:80', { kind: 'container', name: 'web' }],
  ['http://web:80/', { kind: 'container', name: 'web' }],
  ['192.0.2.1', { kind: 'host' }],
  ['8080', { kind: 'port', address: '', port: 8080, proto: 'tcp' }],
  ['http://shop.example:8080/', { kind: 'port', address: 'shop.example', port: 8080, proto: 'tcp' }],
  [':8080', { kind: 'port', address: '', port: 8080, proto: 'tcp' }],
])('the argument %s means %j', (word, target) => {
  const found = findTarget(word, healthyFacts());
  expect(found).toMatchObject({ target, trouble: [] });
});

test('an address of another host: the check is address-not-here', () => {
  expect(findTarget('10.9.9.9:8080', healthyFacts()).trouble[0]?.code).toBe('address-not-here');
  expect(findTarget('192.0.2.1:8080', healthyFacts()).trouble).toEqual([]);
});

test('a mistyped name: the nearest name is suggested', () => {
  expect(findTarget('wep', healthyFacts()).trouble[0]?.meaning).toBe('did you mean web?');
});

/** The containers of a compose project, beside others. */
function composed(): Facts {
  const facts = healthyFacts();
  const [one, other] = facts.containers;
  if (one === undefined || other === undefined) throw new Error('two containers are needed');
  const named = (name: string, service: string, like = one) => ({ ...like, id: name, name, service });
  return {
    ...facts,
    containers: [
      named('shop-web-1', 'web'),
      named('shop-web-2', 'web', other),
      named('shop-db-1', 'db'),
      named('blog-cache-1', 'cache'),
      named('old-cache-1', ''),
    ],
  };
}

test.each([
  ['web', { kind: 'service', name: 'web' }, ['shop-web-1', 'shop-web-2']],
  ['shop-web', { kind: 'service', name: 'web' }, ['shop-web-1', 'shop-web-2']],
  ['db', { kind: 'container', name: 'shop-db-1' }, ['shop-db-1']],
  ['blog', { kind: 'container', name: 'blog-cache-1' }, ['blog-cache-1']],
])('in a compose project, the argument %s means %j', (word, target, names) => {
  const { containers, ...rest } = findTarget(word, composed());
  expect(rest).toEqual({ target, trouble: [] });
  expect([...containers]).toEqual(names);
});

test('an argument that is part of several names: they are listed, the verdict is unknown', () => {
  const { verdict, checks } = diagnose(composed(), { about: 'shop', from: '' });
  expect(verdict).toBe('unknown');
  expect(checks[0]).toMatchObject({
    code: 'ambiguous',
    title: 'shop is part of 3 names: shop-web-1, shop-web-2 and shop-db-1',
    remedies: [
      {
        commands: [
          'rulesguard doctor shop-web-1',
          'rulesguard doctor shop-web-2',
          'rulesguard doctor shop-db-1',
        ],
      },
    ],
  });
});

test('a name that does not exist: the verdict is unknown, even where the host has a fault', () => {
  const facts = {
    ...healthyFacts(),
    proxies: [{ proto: 'tcp', hostIp: '', hostPort: 1, containerIp: '', containerPort: 1 } as const],
  };
  const { verdict, causes, checks } = diagnose(facts, { about: 'wep', from: '' });
  expect([verdict, causes, checks[0]?.meaning]).toEqual(['unknown', [], 'did you mean web?']);
});

test('a name is quoted in a command', () => {
  expect(sh`docker start ${"a'; rm -rf /"}`).toBe("docker start 'a'\\''; rm -rf /'");
  expect(sh`docker start ${'web-1.a_b'}`).toBe('docker start web-1.a_b');
});
