import { describe, expect, test } from 'vitest';
import { eraOf } from '../../../src/docker/era.ts';
import { networksFrom } from '../../../src/docker/inventory/networks.ts';
import { DEFAULT_SETTINGS } from '../../support/recorded/inventories.ts';
import { recording, recordingNames } from '../../support/recorded/recordings.ts';

const NEWEST = eraOf('29.7.2');
const ID = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

describe('networksFrom', () => {
  test('a bridge network', () => {
    const body = [
      {
        Id: ID,
        Name: 'web',
        Driver: 'bridge',
        Internal: false,
        IPAM: { Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }, { Subnet: 'fd00::/64' }] },
        Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      },
    ];
    expect(networksFrom(body, NEWEST)).toEqual([
      {
        id: ID,
        name: 'web',
        driver: 'bridge',
        bridge: 'br-0123456789ab',
        internal: false,
        subnets: ['172.18.0.0/16', 'fd00::/64'],
        gateways: ['172.18.0.1'],
        ...{ ...DEFAULT_SETTINGS, icc: false },
        ...{ created: '', ipv4: true, ipv6: false, ingress: false },
      },
    ]);
  });

  test.each<[what: string, network: Readonly<Record<string, unknown>>, bridge: string]>([
    [
      'the name its options give',
      { Driver: 'bridge', Id: ID, Options: { 'com.docker.network.bridge.name': 'custom0' } },
      'custom0',
    ],
    ['the first half of its id', { Driver: 'bridge', Id: ID, Options: {} }, 'br-0123456789ab'],
    ['none for an overlay', { Driver: 'overlay', Id: ID }, ''],
    ['none for macvlan', { Driver: 'macvlan', Id: ID, Options: { parent: 'eth0' } }, ''],
    ['none for the host network', { Driver: 'host', Id: ID, Options: null }, ''],
  ])('the bridge is %s', (_, network, bridge) => {
    expect(networksFrom([network], NEWEST)).toMatchObject([{ bridge }]);
  });

  test.each<[what: string, network: Readonly<Record<string, unknown>>]>([
    ['no fields at all', {}],
    [
      'null where an older Engine says nothing',
      { Id: null, Name: null, Driver: null, Internal: null, IPAM: null, Options: null },
    ],
    ['IPAM without a list', { IPAM: { Config: null } }],
    [
      'values of other types',
      {
        Id: 1,
        Name: {},
        Driver: [],
        Internal: 'yes',
        IPAM: { Config: ['x', null, { Subnet: 4 }] },
        Options: 'x',
      },
    ],
  ])('%s reads as nothing', (_, network) => {
    expect(networksFrom([network], NEWEST)).toEqual([
      {
        ...{ id: '', name: '', driver: '', bridge: '', internal: false, subnets: [], gateways: [] },
        ...DEFAULT_SETTINGS,
        ...{ created: '', ipv4: true, ipv6: false, ingress: false },
      },
    ]);
  });

  test.each([[null], [undefined], ['[]'], [{}], [[null, 1, 'x', []]]])('%j holds no network', (body) => {
    expect(networksFrom(body, NEWEST)).toEqual([]);
  });

  test.each(recordingNames())('the answers of %s', (name) => {
    const { networks } = recording(name);
    expect(networks.filter(({ bridge }) => bridge === 'docker0')).toMatchObject([
      {
        name: 'bridge',
        driver: 'bridge',
        subnets: expect.arrayContaining([
          expect.stringMatching(/^(172\.17\.0\.0\/16|10\.9\.0\.0\/24)$/),
        ]) as unknown,
      },
    ]);
    expect(networks.map((network) => network.name)).toEqual(
      expect.arrayContaining(['bridge', 'host', 'none']),
    );
    for (const { driver, bridge } of networks) expect(bridge !== '').toBe(driver === 'bridge');
  });
});
