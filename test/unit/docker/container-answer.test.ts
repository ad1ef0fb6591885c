import { describe, expect, test } from 'vitest';
import {
  hasEnded,
  inspectedContainerFrom,
  isPublished,
  listedContainersFrom,
} from '../../../src/docker/inventory/container-answer.ts';

describe('the list', () => {
  const portsOf = (...Ports: readonly unknown[]) =>
    listedContainersFrom([{ Ports }]).flatMap(({ ports }) => ports);
  const placesOf = (Networks: unknown) =>
    listedContainersFrom([{ NetworkSettings: { Networks } }])[0]?.places;

  test.each([
    ['an address and a host port', { IP: '::', PublicPort: 8080 }, true],
    ['an address alone: a routed network', { IP: '0.0.0.0' }, true],
    ['neither', {}, false],
    ['0, which some Engines write for none', { PublicPort: 0 }, false],
  ])('a port with %s: published %j', (_, more, published) => {
    expect(portsOf({ Type: 'tcp', PrivatePort: 80, ...more }).map(isPublished)).toEqual([published]);
  });

  test.each([[{ Type: 'icmp', PrivatePort: 1 }], [{ Type: 'tcp' }], [{ PrivatePort: 80 }], ['80/tcp']])(
    '%j is no port',
    (port) => {
      expect(portsOf(port)).toEqual([]);
    },
  );

  test('networks that cannot be read are not the same as none', () => {
    expect(placesOf({})).toEqual([]);
    expect(placesOf({ back: null })).toBeUndefined();
    expect(placesOf([])).toBeUndefined();
    expect(placesOf({ back: null, front: { NetworkID: 'f' } })?.map(({ network }) => network)).toEqual([
      'front',
    ]);
  });
});

test('a container has ended only where its inspection says so', () => {
  expect(hasEnded({ State: { Running: false } })).toBe(true);
  for (const body of [{ State: { Running: true } }, { State: null }, {}, null])
    expect(hasEnded(body)).toBe(false);
});

describe('an inspection', () => {
  test('has its ports, those requested, and those that are only exposed', () => {
    const body = {
      Id: 'a1',
      NetworkSettings: {
        Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8000-8010' }], '443/tcp': null, '80/icmp': null },
      },
      HostConfig: {
        PortBindings: {
          '80/tcp': [
            { HostIp: '', HostPort: '8080' },
            { HostIp: '::1', HostPort: '' },
          ],
          '53/udp': null,
        },
        Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' },
      },
      Config: { ExposedPorts: { '80/tcp': {}, '53/udp': {}, '9000/tcp': {} } },
    };
    expect(inspectedContainerFrom(body)).toEqual({
      id: 'a1',
      ports: [
        { proto: 'tcp', port: 80, hostIp: '0.0.0.0', hostPort: 8000 },
        { proto: 'tcp', port: 443, hostIp: '', hostPort: undefined },
      ],
      requestedPorts: [
        { proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 },
        { proto: 'tcp', port: 80, hostIp: '::1', hostPort: undefined },
        { proto: 'udp', port: 53, hostIp: '', hostPort: undefined },
      ],
      exposed: [{ proto: 'tcp', port: 9000 }],
      sysctls: { 'net.ipv6.conf.all.disable_ipv6': '1' },
    });
  });

  test('is empty without ports, and undefined for a container that is gone', () => {
    expect(inspectedContainerFrom({ HostConfig: { PortBindings: null }, Config: {} })).toEqual({
      id: '',
      ports: [],
      requestedPorts: [],
      exposed: [],
      sysctls: {},
    });
    expect(inspectedContainerFrom(null)).toBeUndefined();
  });
});
