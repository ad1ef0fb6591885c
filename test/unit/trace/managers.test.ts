import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { makePacket, type Packet } from '../../../src/trace/packet.ts';
import { traceAnswer, tracePath } from '../../../src/trace/trace.ts';
import { GROUND, inside, link, outside, route, told, withSysctls } from './network.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/nftables');

/** The ground beside a table that somebody else keeps, with a bridge of theirs. */
function beside(name: string, bridge = '', subnet = ''): NetworkState {
  const text = readFileSync(path.join(FIXTURES, `${name}.nft`), 'latin1');
  const table = /^table (\S+ \S+)/.exec(text)?.[1] ?? '';
  const ground = withSysctls(GROUND, { 'ipv4/ip_autobind_reuse': '0' });
  if (bridge === '') return { ...ground, natives: [{ table, text }] };
  const gateway = subnet.replace('.0/', '.1/');
  return {
    ...ground,
    natives: [{ table, text }],
    links: [...ground.links, link(bridge, [gateway], { kind: 'bridge' })],
    routes: [route(subnet, bridge), ...ground.routes],
  };
}

const through = (netState: NetworkState, packet: Packet): string => told(tracePath(packet, netState));
const from = (inInterface: string, source: string, destination: string): Packet =>
  makePacket({ family: 'ipv4', inInterface, source, destination });

describe("Docker's own tables of nftables, as Engine 29.7 keeps them", () => {
  const docker = beside('docker-29.7-plain');

  test('a published port from outside leads to the container, and its answer back', () => {
    const asked = tracePath(outside({ destinationPort: 8080 }), docker);
    expect(told(asked)).toBe('sent docker0 192.0.2.2 → 172.17.0.2:80');
    expect(told(traceAnswer(asked, docker, 'docker0', 'v1'))).toBe('sent eth0 192.0.2.1 → 192.0.2.2:40000');
  });

  test('this host reaches it too, by its own address', () => {
    const own = outside({ inInterface: '', source: '192.0.2.1', destinationPort: 8080 });
    expect(through(docker, own)).toBe('sent docker0 192.0.2.1 → 172.17.0.2:80');
  });

  test('the container itself is closed, from outside and from another network', () => {
    const closed = 'stopped ip docker-bridges raw-PREROUTING DROP';
    expect(through(docker, outside({ destination: '172.17.0.2' }))).toBe(closed);
    expect(through(docker, from('br1', '172.18.0.2', '172.17.0.2'))).toBe(closed);
    expect(through(docker, outside({ destination: '172.17.0.9' }))).toBe(
      'stopped ip docker-bridges filter-forward-in__docker0 DROP',
    );
  });

  test('containers go out under the address of this host', () => {
    expect(through(docker, inside())).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
  });
});

describe("a user's own table, which takes the place of DOCKER-USER", () => {
  const own = beside('own-table');

  test('lets in who and what it names', () => {
    expect(through(own, outside({ destination: '172.17.0.2' }))).toMatch(/^sent docker0/);
    expect(through(own, outside({ destination: '172.17.0.2', destinationPort: 22 }))).toBe(
      'stopped ip own user DROP',
    );
    expect(through(own, from('eth0', '203.0.113.9', '172.17.0.2'))).toBe('stopped ip own user DROP');
    expect(through(own, from('br1', '172.18.0.2', '172.17.0.2'))).toMatch(/^sent docker0/);
  });
});

describe('podman', () => {
  const podman = beside('podman', 'podman0', '10.88.0.0/16');

  test('its ports, its containers on their way out, and by its own port back to themselves', () => {
    expect(through(podman, outside({ destinationPort: 8088 }))).toBe('sent podman0 192.0.2.2 → 10.88.0.2:80');
    expect(through(podman, from('podman0', '10.88.0.2', '203.0.113.5'))).toBe(
      'sent eth0 192.0.2.1 → 203.0.113.5:80',
    );
    const itself = makePacket({ ...from('podman0', '10.88.0.3', '10.88.0.1'), destinationPort: 8088 });
    expect(through(podman, itself)).toMatch(
      /10\.88\.0\.1 → 10\.88\.0\.2:80$|^unknown: whether .* behind the port/,
    );
    expect(through(podman, inside())).toBe('sent eth0 172.17.0.2 → 203.0.113.5:80');
  });
});

test('LXD masquerades what is its own, and closes nothing of others', () => {
  const lxd = beside('lxd', 'lxdbr0', '10.5.0.0/24');
  expect(through(lxd, from('lxdbr0', '10.5.0.2', '203.0.113.5'))).toBe(
    'sent eth0 192.0.2.1 → 203.0.113.5:80',
  );
  expect(through(lxd, inside())).toBe('sent eth0 172.17.0.2 → 203.0.113.5:80');
  expect(through(lxd, outside())).toBe('local 192.0.2.1:80');
});

describe('fw4', () => {
  const fw4 = beside('fw4');

  test('forwards what its zones let pass, and rejects what is in none', () => {
    expect(through(fw4, inside())).toBe('sent eth0 192.0.2.1 → 203.0.113.5:80');
    expect(through(fw4, outside({ destinationPort: 8080 }))).toBe('sent docker0 192.0.2.2 → 172.17.0.2:80');
    expect(through(fw4, outside({ destination: '172.17.0.2' }))).toBe(
      'stopped inet fw4 handle_reject REJECT',
    );
    expect(through(fw4, from('br1', '172.18.0.2', '203.0.113.5'))).toBe(
      'stopped inet fw4 handle_reject REJECT',
    );
  });

  test('whether its limit of new connections is reached nobody knows', () => {
    expect(through(fw4, from('docker0', '172.17.0.2', '172.17.0.1'))).toMatch(/^unknown: nft: limit rate/);
    expect(through(fw4, makePacket({ ...outside(), protocol: 'udp' }))).toBe(
      'stopped inet fw4 handle_reject REJECT',
    );
  });
});
