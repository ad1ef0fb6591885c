import { expect, test } from 'vitest';
import { diagnose } from '../../../../src/doctor/diagnose.ts';
import type { Facts } from '../../../../src/doctor/facts/facts.ts';
import type { NetworkLink, RouteRule } from '../../../../src/trace/network-state.ts';
import { healthyFacts, onContainer, onLink, withRoute } from '../../../support/doctor/host-facts.ts';

const ETH1: NetworkLink = {
  ...{
    name: 'eth1',
    index: 7,
    peerIndex: 0,
    kind: '',
    master: '',
    up: true,
    carrier: true,
    mtu: 1500,
    mac: '',
  },
  portState: '',
  addresses: [{ family: 'ipv4', address: '198.51.100.1', length: 24, scope: 'global' }],
};

/** A second uplink, with the clients of its own subnet. */
function twoUplinks(): Facts {
  const facts = withRoute({ to: '198.51.100.0/24', dev: 'eth1', prefSource: '198.51.100.1' })(healthyFacts());
  return { ...facts, netState: { ...facts.netState, links: [...facts.netState.links, ETH1] } };
}

const packets = (about: string, from: string, facts = healthyFacts()) => {
  const { paths, verdict } = diagnose(facts, { about, from });
  return {
    verdict,
    packets: paths.map(({ path: { packet } }) => [
      packet.source,
      packet.inInterface,
      `${packet.destination}:${String(packet.destinationPort)}`,
    ]),
  };
};

test('a client by its address: in by the way that leads there, to the very address that was asked', () => {
  const found = packets('192.0.2.1:8080', '198.51.100.9', twoUplinks());
  expect(found).toMatchObject({ verdict: 'ok' });
  expect(found.packets[0]).toEqual(['198.51.100.9', 'eth1', '192.0.2.1:8080']);
});

test.each([{ ipproto: 'tcp', dport: '25' }, { ipproto: 'udp' }, { sport_start: '1', sport_end: '79' }])(
  'a client by its address, beside a routing rule that is for other packets: %j',
  (fields) => {
    const facts = withRoute({ to: '0.0.0.0/0', via: '198.51.100.2', dev: 'eth1', table: '100' })(
      twoUplinks(),
    );
    const rule = (priority: number, table: string, more: RouteRule['fields'] = {}): RouteRule => ({
      ...{ family: 'ipv4', priority, table, fields: { src: 'all', ...more } },
    });
    const routeRules = [rule(0, 'local'), rule(100, '100', fields), rule(32_766, 'main')];
    const found = packets('192.0.2.1:8080', '203.0.113.77', {
      ...facts,
      netState: { ...facts.netState, routeRules },
    });
    expect(found.verdict).toBe('ok');
    expect(found.packets[0]).toEqual(['203.0.113.77', 'eth0', '192.0.2.1:8080']);
  },
);

test('somebody by an interface', () => {
  const { packets: found, verdict } = packets('web', 'eth1', twoUplinks());
  expect(verdict).toBe('ok');
  expect(new Set(found.filter(([, door]) => door !== 'docker0').map(([, door]) => door))).toEqual(
    new Set(['eth1']),
  );
});

test('a container asks an address elsewhere: there and back, with its port', () => {
  expect(packets('198.51.100.7:5432', 'mate')).toEqual({
    verdict: 'ok',
    packets: [
      ['172.17.0.3', 'docker0', '198.51.100.7:5432'],
      ['198.51.100.7', 'eth0', '192.0.2.1:40123'],
    ],
  });
});

test('without a port 443/tcp is asked', () => {
  expect(packets('198.51.100.7', 'mate').packets[0]).toEqual(['172.17.0.3', 'docker0', '198.51.100.7:443']);
});

test('this host asks an address elsewhere, and a published port', () => {
  expect(packets('198.51.100.7:53/udp', 'host')).toMatchObject({ verdict: 'ok' });
  expect(packets(':8080', 'host').packets[0]).toEqual(['', '', '192.0.2.1:8080']);
});

test('this host asks a published port by the address of another uplink, or of a bridge', () => {
  expect(packets('198.51.100.1:8080', 'host', twoUplinks()).packets[0]).toEqual([
    '',
    '',
    '198.51.100.1:8080',
  ]);
  expect(packets('172.17.0.1:8080', 'host').packets[0]).toEqual(['', '', '172.17.0.1:8080']);
});

test('no way to an address elsewhere is a fault', () => {
  const facts = healthyFacts();
  const routes = facts.netState.routes.filter(({ to }) => to !== '0.0.0.0/0');
  const cut = { ...facts, netState: { ...facts.netState, routes } };
  expect(packets('198.51.100.7:5432', 'mate', cut).verdict).toBe('fail');
});

test('a name of another host is not looked up, and this host needs a port', () => {
  expect(() => packets('shop.example:443', 'mate')).toThrow('names of other hosts are not looked up here');
  expect(() => packets('192.0.2.1', 'mate')).toThrow('192.0.2.1 is this host: of which port?');
});

test('a container that publishes nothing, asked from outside, is a fault and no silence', () => {
  const { verdict, causes, paths } = diagnose(healthyFacts(), { about: 'mate', from: 'outside' });
  expect(paths.length).toBeGreaterThan(0);
  expect([verdict, causes.map(({ code }) => code)]).toEqual(['fail', ['docker-closes']]);
});

test('published on loopback alone, asked from outside: a fault that says so', () => {
  const facts = healthyFacts();
  const ports = facts.ports.map((port) => ({ ...port, hostIp: '127.0.0.1' }));
  for (const about of ['web', ':8080']) {
    const { verdict, causes } = diagnose({ ...facts, ports }, { about, from: 'outside' });
    expect([verdict, causes.map(({ code }) => code)]).toEqual(['fail', ['published-elsewhere']]);
  }
});

test('a program of this host, asked from outside', () => {
  const listening: Facts = { ...healthyFacts(), listeners: [{ proto: 'tcp', address: '0.0.0.0', port: 22 }] };
  expect(packets(':22', 'outside', listening)).toMatchObject({ verdict: 'ok' });
  expect(packets(':22', 'outside', onLink('eth0', { up: false })(listening)).verdict).not.toBe('ok');
});

test('a container on two networks asks an address by the one that its own routes lead to it', () => {
  const facts = healthyFacts();
  const [bridge] = facts.networks;
  if (bridge === undefined) throw new Error('no network');
  const side = {
    ...bridge,
    id: 'side'.padEnd(64, '0'),
    name: 'side',
    bridge: 'br-side',
    subnets: ['172.18.0.0/16'],
  };
  const twice = onContainer('mate', (mate) => ({
    attachments: [
      ...mate.attachments.map((one) => ({
        ...one,
        network: 'side',
        networkId: side.id,
        ipv4: '172.18.0.3',
        gateway: '172.18.0.1',
      })),
      ...mate.attachments,
    ],
  }))({ ...facts, networks: [...facts.networks, side] });
  for (const about of ['192.0.2.1:8080', '198.51.100.7:5432'])
    expect(new Set(packets(about, 'mate', twice).packets.map(([source]) => source))).toContain('172.17.0.3');
  for (const about of ['192.0.2.1:8080', '198.51.100.7:5432'])
    expect(packets(about, 'mate', twice).packets.map(([source]) => source)).not.toContain('172.18.0.3');
});
