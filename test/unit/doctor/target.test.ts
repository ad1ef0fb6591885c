import { expect, test } from 'vitest';
import { readPort } from '../../../src/doctor/port-word.ts';
import { findTarget } from '../../../src/doctor/target.ts';
import { sh } from '../../../src/shell.ts';
import { healthyFacts } from '../../support/doctor/host-facts.ts';

test.each([
  ['192.0.2.1:8080', '192.0.2.1', 8080, 'tcp'],
  [':53/udp', '', 53, 'udp'],
  ['[2001:db8::1]:443', '2001:db8::1', 443, 'tcp'],
  ['localhost:1/tcp', 'localhost', 1, 'tcp'],
])('%s is a port', (word, address, port, proto) => {
  expect(readPort(word)).toEqual({ kind: 'port', address, port, proto });
});

test.each(['web', '8080', ':0', ':65536', 'a:b', 'web:80/sctp', '::1'])('%s is no port', (word) => {
  expect(readPort(word)).toBeUndefined();
});

test.each([
  [undefined, { kind: 'host' }],
  ['web', { kind: 'container', name: 'web' }],
  ['bridge', { kind: 'network', name: 'bridge' }],
  ['docker0', { kind: 'network', name: 'bridge' }],
  [':8080', { kind: 'port', address: '', port: 8080, proto: 'tcp' }],
])('%s means %j', (word, target) => {
  const asked = findTarget(word, healthyFacts());
  expect(asked).toMatchObject({ target, trouble: [] });
});

test('an address of another host is told so', () => {
  expect(findTarget('10.9.9.9:8080', healthyFacts()).trouble[0]?.code).toBe('address-not-here');
  expect(findTarget('192.0.2.1:8080', healthyFacts()).trouble).toEqual([]);
});

test('a slip of the finger is met with the word that was meant', () => {
  expect(findTarget('wep', healthyFacts()).trouble[0]?.meaning).toBe('did you mean web?');
});

test('names of others do not become commands', () => {
  expect(sh`docker start ${"a'; rm -rf /"}`).toBe("docker start 'a'\\''; rm -rf /'");
  expect(sh`docker start ${'web-1.a_b'}`).toBe('docker start web-1.a_b');
});
