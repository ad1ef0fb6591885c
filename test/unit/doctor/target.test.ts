import { expect, test } from 'vitest';
import { findSender } from '../../../src/doctor/target/sender.ts';
import { readPort } from '../../../src/doctor/target/port-argument.ts';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Facts } from '../../../src/doctor/facts/facts.ts';
import { findTarget } from '../../../src/doctor/target/target.ts';
import { Fault } from '../../../src/fault.ts';
import { sh } from '../../../src/shell.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { recording } from '../../support/recorded/recordings.ts';
import { engineSilent } from '../../support/peers/aside.ts';
import { healthyFacts } from '../../support/doctor/host-facts.ts';

test.each([
  ['192.0.2.1:8080', '192.0.2.1', 8080, 'tcp'],
  [':53/udp', '', 53, 'udp'],
  ['[2001:db8::1]:443', '2001:db8::1', 443, 'tcp'],
  ['localhost:1/tcp', 'localhost', 1, 'tcp'],
  ['http://shop.example/cart?x=1', 'shop.example', 80, 'tcp'],
  ['https://me@[2001:db8::1]:8443/', '2001:db8::1', 8443, 'tcp'],
  ['udp://192.0.2.1:53', '192.0.2.1', 53, 'udp'],
  ['postgres://app:secret@db/shop', 'db', 5432, 'tcp'],
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
  ['postgres://app:secret@mate/shop', { kind: 'container', name: 'mate' }],
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

/** The fault of an argument that is nothing here, or more than one thing. */
function faultOf(word: string, facts: Facts = healthyFacts()): Fault {
  try {
    findTarget(word, facts);
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error(`${word} was taken`);
}

/** The containers of a compose project, beside others. */
function composed(): Facts {
  const facts = healthyFacts();
  const [one, other] = facts.containers;
  if (one === undefined || other === undefined) throw new Error('two containers are needed');
  const named = (name: string, service: string, like = one, project = 'shop') => ({
    ...{ ...like, id: name, name, service, project },
  });
  return {
    ...facts,
    containers: [
      named('shop-web-1', 'web'),
      named('shop-web-2', 'web', other),
      named('shop-db-1', 'db'),
      named('blog-cache-1', 'cache', one, 'blog'),
      named('blog-db-1', 'db', one, 'blog'),
      named('old-cache-1', ''),
    ],
  };
}

test.each([
  ['web', { kind: 'service', name: 'web' }, ['shop-web-1', 'shop-web-2']],
  ['shop-web', { kind: 'service', name: 'web' }, ['shop-web-1', 'shop-web-2']],
  ['shop/web', { kind: 'service', name: 'web' }, ['shop-web-1', 'shop-web-2']],
  ['shop/db', { kind: 'container', name: 'shop-db-1' }, ['shop-db-1']],
  ['cache', { kind: 'container', name: 'blog-cache-1' }, ['blog-cache-1']],
  ['old', { kind: 'container', name: 'old-cache-1' }, ['old-cache-1']],
])('in a compose project, the argument %s means %j', (word, target, names) => {
  const { containers, ...rest } = findTarget(word, composed());
  expect(rest).toEqual({ target, trouble: [] });
  expect([...containers]).toEqual(names);
});

test.each([
  ['shop', ['shop-web-1', 'shop-web-2', 'shop-db-1']],
  // A service of two projects is two services.
  ['db', ['shop/db', 'blog/db']],
])('%s may mean several things: they are listed, exit 2', (word, names) => {
  const fault = faultOf(word, composed());
  expect(fault).toMatchObject({ code: 'RG_USAGE', exit: 2, details: names });
  expect(fault.message).toBe(`${word} may mean ${String(names.length)} things`);
});

test('a part of the name of a container and of a network may mean either', () => {
  const facts = healthyFacts();
  const [network] = facts.networks;
  if (network === undefined) throw new Error('a network is needed');
  const networks = [...facts.networks, { ...network, id: 'f00d', name: 'webnet', bridge: 'br-f00d' }];
  expect(faultOf('we', { ...facts, networks }).details).toEqual(['web', 'webnet']);
});

test('a mistyped name: every near one is suggested, exit 2, also on a host with a fault', () => {
  const facts = composed();
  const [one] = facts.containers;
  if (one === undefined) throw new Error('a container is needed');
  const near = {
    ...facts,
    containers: [...facts.containers, { ...one, id: 'wed', name: 'wed', service: '' }],
  };
  expect(faultOf('wbe', near).hint).toBe('Did you mean web, or shop/web, or shop-web-1, or shop-web-2?');
  expect(faultOf('shop/bd', facts).hint).toMatch(/^Did you mean shop\/db/);
});

test('a name that is near nothing: what there is', () => {
  expect(faultOf('kubernetes')).toMatchObject({
    exit: 2,
    details: ['containers: web, mate', expect.stringMatching(/^networks: .*bridge/)],
  });
});

test('where the Engine does not say what there is, no name is wrong, and no port is unpublished', () => {
  const facts = engineSilent(healthyFacts());
  expect(diagnose(facts, { about: 'wep', from: '' }).checks[0]?.code).toBe('not-found');
  const { checks, causes } = diagnose(facts, { about: ':8080', from: '' });
  expect(checks[0]?.title).toBe('cannot tell whether a container publishes 8080/tcp');
  // A fault is what keeps it from being told.
  expect(causes.map(({ code }) => code)).toEqual(['engine-hung']);
  const unread: Facts = {
    ...{ ...healthyFacts(), containers: [], ports: [] },
    unseen: [{ what: 'containers', unavailable: 'the Engine is silent' }],
  };
  expect(diagnose(unread, { about: ':8080', from: '' })).toMatchObject({ verdict: 'unknown', causes: [] });
});

test.each([
  ['host', { is: 'host' }],
  ['192.0.2.1', { is: 'host' }],
  ['outside', { is: 'outside', interface: '', address: '' }],
  ['eth0', { is: 'outside', interface: 'eth0', address: '' }],
  ['203.0.113.9', { is: 'outside', interface: '', address: '203.0.113.9' }],
  ['2001:db8::9', { is: 'outside', interface: '', address: '2001:db8::9' }],
  ['mate', { is: 'containers', names: ['mate'] }],
  ['172.17.0.3', { is: 'containers', names: ['mate'] }],
  ['docker0', { is: 'containers', names: ['web', 'mate'] }],
  ['mat', { is: 'containers', names: ['mate'] }],
])('--from %s means %j', (word, sender) => {
  expect(findSender(word, healthyFacts())).toEqual({ sender, trouble: [] });
});

test('a mistyped --from: exit 2, near interfaces are suggested too', () => {
  expect(() => findSender('eth1', healthyFacts())).toThrow('--from eth1: no container');
  try {
    findSender('eth1', healthyFacts());
  } catch (error) {
    expect(error).toMatchObject({ exit: 2, hint: 'Did you mean eth0?' });
  }
});

test('a name is quoted in a command', () => {
  expect(sh`docker start ${"a'; rm -rf /"}`).toBe("docker start 'a'\\''; rm -rf /'");
  expect(sh`docker start ${'web-1.a_b'}`).toBe('docker start web-1.a_b');
});

test("a port of a swarm's routing mesh: nobody is told to publish it, and cannot tell", () => {
  const { host } = recording('engine-26.1-mesh-ipvs');
  const facts = { ...healthyFacts(), owned: ownHost(host, { networks: [], settled: true }) };
  const port = /-A DOCKER-INGRESS -p tcp -m tcp --dport (\d+) -j DNAT/.exec(
    recording('engine-26.1-mesh-ipvs').text.ipv4,
  )?.[1];
  const of = (about: string) => diagnose(facts, { about, from: '' });
  expect(of(`:${String(port)}`)).toMatchObject({ verdict: 'unknown', causes: [] });
  expect(of(`:${String(port)}`).checks.map(({ code }) => code)).toContain('swarm-port');
  expect(of(`:${String(port)}/udp`).causes.map(({ code }) => code)).toEqual(['not-published']);
});
