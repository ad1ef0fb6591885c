import { describe, expect, test } from 'vitest';
import { eraOf } from '../../../src/docker/era.ts';
import type { NetworkSettings } from '../../../src/docker/inventory/inventory.ts';
import { decodeOptions, parseBool } from '../../../src/docker/options.ts';
import { DEFAULT_SETTINGS } from '../../support/recorded/inventories.ts';

const BRIDGE = 'com.docker.network.bridge';
const ENGINES = ['20.10.24', '26.1.5', '28.5.2', '29.7.2'];

const decoded = (options: Readonly<Record<string, string>>, version = '29.7.2', driver = 'bridge') =>
  decodeOptions(options, driver, eraOf(version));

/** What differs from a network without options. */
const changedBy = (...given: Parameters<typeof decoded>): Partial<NetworkSettings> => {
  const { settings } = decoded(...given);
  const changed = Object.entries(settings).filter(
    ([name, value]) =>
      JSON.stringify(value) !== JSON.stringify(DEFAULT_SETTINGS[name as keyof NetworkSettings]),
  );
  return Object.fromEntries(changed);
};

const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];
const NEITHER = [
  '',
  ' ',
  'yes',
  'no',
  'on',
  'off',
  'tRUE',
  'TRue',
  'fALSE',
  'true ',
  ' false',
  '01',
  '2',
  'n',
];

describe("booleans are Go's", () => {
  test.each(TRUE)('%j is true', (text) => {
    expect(parseBool(text)).toBe(true);
  });
  test.each(FALSE)('%j is false', (text) => {
    expect(parseBool(text)).toBe(false);
  });
  test.each(NEITHER)('%j is neither', (text) => {
    expect(parseBool(text)).toBeUndefined();
  });

  const FIELDS = [
    ['enable_icc', 'icc', true],
    ['enable_ip_masquerade', 'masquerade', true],
    ['inhibit_ipv4', 'inhibitIpv4', false],
    ['default_bridge', 'isDefault', false],
  ] as const;

  describe.each(FIELDS)('%s', (option, field, byDefault) => {
    test.each(ENGINES)('%s without it', (version) => {
      expect(decoded({}, version)).toMatchObject({ settings: { [field]: byDefault }, flaw: undefined });
    });

    test.each([...TRUE, ...FALSE].flatMap((text) => ENGINES.map((version) => [text, version] as const)))(
      '%j on %s',
      (text, version) => {
        const settings = { [field]: TRUE.includes(text) };
        expect(decoded({ [`${BRIDGE}.${option}`]: text }, version)).toMatchObject({
          settings,
          flaw: undefined,
        });
      },
    );

    test.each(NEITHER)('%j: no Engine makes a network of it', (text) => {
      expect(decoded({ [`${BRIDGE}.${option}`]: text })).toMatchObject({
        settings: { [field]: byDefault },
        flaw: `its option ${BRIDGE}.${option} is ${JSON.stringify(text)}, which no Engine takes`,
      });
    });

    test.each(['macvlan', 'ipvlan', 'overlay', 'host', 'null', 'weave'])(
      'a %s network does not heed it',
      (driver) => {
        const off = { [`${BRIDGE}.${option}`]: 'nonsense' };
        expect(decoded(off, '29.7.2', driver)).toMatchObject({
          settings: { [field]: byDefault },
          flaw: undefined,
        });
      },
    );
  });
});

describe('gateway modes', () => {
  const mode = (text: string) => ({ [`${BRIDGE}.gateway_mode_ipv4`]: text });

  test.each(['nat', 'nat-unprotected', 'routed', 'isolated'])('%s, in its family alone', (text) => {
    expect(decoded(mode(text)).settings.gatewayMode).toEqual({ ipv4: text, ipv6: 'nat' });
    expect(decoded({ [`${BRIDGE}.gateway_mode_ipv6`]: text }).settings.gatewayMode).toEqual({
      ipv4: 'nat',
      ipv6: text,
    });
  });

  test.each(['', 'NAT', 'open', 'routed '])('%j: no Engine makes a network of it', (text) => {
    expect(decoded(mode(text))).toMatchObject({
      settings: { gatewayMode: { ipv4: 'nat', ipv6: 'nat' } },
      flaw: expect.stringContaining(`gateway_mode_ipv4 is ${JSON.stringify(text)}`) as unknown,
    });
  });

  test.each(['routed', 'open', ''])('%j: Engines before 27 keep it and do not heed it', (text) => {
    expect(decoded(mode(text), '26.1.5')).toMatchObject({ settings: DEFAULT_SETTINGS, flaw: undefined });
  });
});

test.each<[options: Readonly<Record<string, string>>, version: string, changed: Partial<NetworkSettings>]>([
  [
    { 'com.docker.network.host_ipv4': '192.0.2.7' },
    '20.10.24',
    { hostAddress: { ipv4: '192.0.2.7', ipv6: '' } },
  ],
  [{ 'com.docker.network.host_ipv6': '2001:db8::7' }, '20.10.24', {}],
  [
    { 'com.docker.network.host_ipv6': '2001:DB8:0:0::07' },
    '25.0.0',
    { hostAddress: { ipv4: '', ipv6: '2001:db8::7' } },
  ],
  [{ [`${BRIDGE}.host_binding_ipv4`]: '127.0.0.1' }, '20.10.24', { bindAddress: '127.0.0.1' }],
  [{ [`${BRIDGE}.trusted_host_interfaces`]: 'eth1:wg0' }, '28.1.1', {}],
  [{ [`${BRIDGE}.trusted_host_interfaces`]: 'eth1::wg0:' }, '28.2.0', { trustedInterfaces: ['eth1', 'wg0'] }],
  [{ [`${BRIDGE}.trusted_host_interfaces`]: 'if1,if2' }, '28.5.2', { trustedInterfaces: ['if1,if2'] }],
])('%j on %s', (options, version, changed) => {
  expect(changedBy(options, version)).toEqual(changed);
});

test.each([
  ['ipvlan', { ipvlan_mode: 'l2' }, {}],
  ['ipvlan', { ipvlan_mode: 'l3' }, { ipvlanLayer3: true }],
  ['ipvlan', { ipvlan_mode: 'l3s' }, { ipvlanLayer3: true }],
  ['macvlan', { ipvlan_mode: 'l3' }, {}],
  ['overlay', { 'com.docker.network.driver.overlay.vxlanid_list': '4097,4098' }, { vnis: [4097, 4098] }],
  ['overlay', { 'com.docker.network.driver.overlay.vxlanid_list': '' }, {}],
  ['overlay', { encrypted: 'false' }, { encrypted: true }],
  ['bridge', { encrypted: 'true' }, {}],
])('%s network with %j', (driver, options, changed) => {
  expect(changedBy(options, '29.7.2', driver)).toEqual(changed);
});

test('the name of its bridge', () => {
  expect(decoded({ [`${BRIDGE}.name`]: 'app0' }).bridgeName).toBe('app0');
  expect(decoded({}).bridgeName).toBe('');
});
