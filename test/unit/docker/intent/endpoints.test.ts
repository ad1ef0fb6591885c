import { describe, expect, test } from 'vitest';
import { eraOf } from '../../../../src/docker/era.ts';
import { intentOf } from '../../../../src/docker/intent/intent.ts';
import type { Inventory, Swarm } from '../../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../../src/docker/settings.ts';
import type { Family } from '../../../../src/net/family.ts';
import { endpointSentences } from '../../../support/intent/sentences.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  inventoryOf,
  NO_SWARM,
  publish,
  SETTINGS,
} from '../../../support/recorded/inventories.ts';

function said(
  version: string,
  parts: Partial<Inventory>,
  family: Family,
  settings: Partial<Settings> = {},
): readonly string[] {
  const era = eraOf(version);
  if (era === undefined) throw new Error(version);
  const all = { ...SETTINGS, ip6tables: true, ...settings };
  const intent = intentOf(inventoryOf(version, parts), { era: era.policy, settings: all })[family];
  return intent === undefined ? [] : endpointSentences(intent);
}

type Given = NonNullable<Parameters<typeof bridgeNetwork>[1]>;

/** One container `web` on network app, with ports. */
function ofPorts(
  version: string,
  given: Given,
  ports: readonly string[],
  family: Family,
  settings: Partial<Settings> = {},
): readonly string[] {
  const app = bridgeNetwork('app', { ipv6: true, ...given }, version);
  const web = endpointOn(app, 'web', '172.18.0.2', 'fd00:a::2');
  const parts = { networks: [defaultBridge(), app], endpoints: [web] };
  return said(version, { ...parts, ports: ports.map((text) => publish(web, text)) }, family, settings);
}

const WEB = '172.18.0.2:80/tcp on app (br-aaaaaaaaaaaa)';
const WEB6 = '[fd00:a::2]:80/tcp on app (br-aaaaaaaaaaaa)';
const PROXY = 'for its network docker-proxy answers';
const NEIGHBOURS = 'for link-local neighbours docker-proxy answers';
const HAIRPIN = 'led back to the asker masqueraded';
const CLOSED = '172.18.0.2 is closed past br-aaaaaaaaaaaa';
const CLOSED6 = 'fd00:a::2 is closed past br-aaaaaaaaaaaa';
const EVERY = '0.0.0.0:8080->80/tcp';

const mode = (mode4: string): Given => ({ options: { mode4 } });

describe('a published port', () => {
  test.each<[version: string, said: readonly string[]]>([
    ['20.10.24', [`every:8080 leads to ${WEB}, ${PROXY}, ${HAIRPIN}`]],
    ['26.1.5', [`every:8080 leads to ${WEB}, ${PROXY}, ${HAIRPIN}`]],
    ['28.0.1', [`every:8080 leads to ${WEB}, ${PROXY}, closed directly`]],
    ['28.5.2', [`every:8080 leads to ${WEB}, ${PROXY}`, CLOSED]],
    ['29.7.2', [`every:8080 leads to ${WEB}, ${PROXY}`, CLOSED]],
  ])('on every address · %s', (version, sentences) => {
    expect(ofPorts(version, {}, [EVERY], 'ipv4')).toEqual(sentences);
  });

  // prettier-ignore
  test.each<[what: string, version: string, given: Given, port: string, family: Family, settings: Partial<Settings>, said: readonly string[]]>([
    ['one address', '28.5.2', {}, '192.0.2.7:8080->80/tcp', 'ipv4', {}, [`192.0.2.7:8080 leads to ${WEB}, ${PROXY}`, CLOSED]],
    ['IPv6', '26.1.5', {}, '[::]:8080->80/tcp', 'ipv6', {}, [`every:8080 leads to ${WEB6}, ${PROXY}, ${HAIRPIN}`]],
    ['IPv6', '28.5.2', {}, '[::]:8080->80/tcp', 'ipv6', {}, [`every:8080 leads to ${WEB6}, ${PROXY}, ${NEIGHBOURS}`, CLOSED6]],
    ['IPv6, of which IPv4 hears nothing', '26.1.5', {}, '[::]:8080->80/tcp', 'ipv4', {}, []],
    ['without docker-proxy', '28.5.2', {}, EVERY, 'ipv4', { userlandProxy: false }, [`every:8080 leads to ${WEB}, ${HAIRPIN}`, CLOSED]],
    ['loopback', '26.1.5', {}, '127.0.0.1:8080->80/tcp', 'ipv4', {}, [`127.0.0.1:8080 leads to ${WEB}, ${PROXY}, ${HAIRPIN}`]],
    ['loopback', '28.5.2', {}, '127.0.0.1:8080->80/tcp', 'ipv4', {}, [`127.0.0.1:8080 leads to ${WEB}, ${PROXY}, closed to all but this host`, CLOSED]],
    ['loopback with direct routing', '28.5.2', {}, '127.0.0.1:8080->80/tcp', 'ipv4', { directRouting: true }, [`127.0.0.1:8080 leads to ${WEB}, ${PROXY}, closed to all but this host`]],
    ['loopback without raw', '28.5.2', {}, '127.0.0.1:8080->80/tcp', 'ipv4', { noRaw: true }, [`127.0.0.1:8080 leads to ${WEB}, ${PROXY}`]],
    ['loopback without raw, which 28.0.0 does not heed', '28.0.0', {}, '127.0.0.1:8080->80/tcp', 'ipv4', { noRaw: true }, [`127.0.0.1:8080 leads to ${WEB}, ${PROXY}, closed to all but this host, closed directly`]],
    ['IPv6 loopback, which nothing closes', '28.5.2', {}, '[::1]:8080->80/tcp', 'ipv6', {}, [`[::1]:8080 leads to ${WEB6}, ${PROXY}, ${NEIGHBOURS}`, CLOSED6]],
    ['routed', '28.5.2', mode('routed'), '0.0.0.0->80/tcp', 'ipv4', {}, [`${WEB} is open`]],
    ['nat-unprotected', '29.7.2', mode('nat-unprotected'), EVERY, 'ipv4', {}, [`every:8080 leads to ${WEB}, ${PROXY}, let through with its network`]],
    ['internal', '28.5.2', { internal: true }, EVERY, 'ipv4', {}, []],
    ['isolated', '29.7.2', { internal: true, ...mode('isolated') }, EVERY, 'ipv4', {}, []],
    ['IPv6 that the daemon leaves alone', '28.5.2', {}, '[::]:8080->80/tcp', 'ipv6', { ip6tables: false }, []],
  ])('%s · %s', (_, version, given, port, family, settings, sentences) => {
    expect(ofPorts(version, given, [port], family, settings)).toEqual(sentences);
  });

  test.each<[version: string, settings: Partial<Settings>, isFilled: boolean]>([
    ['20.10.24', {}, true],
    ['26.1.5', {}, true],
    ['28.5.2', {}, false],
    ['28.5.2', { sctpChecksum: true }, true],
    ['29.7.2', { sctpChecksum: true }, false],
  ])('of sctp has its checksums filled in · %s %j: %s', (version, settings, isFilled) => {
    const of = (port: string) => ofPorts(version, {}, [port], 'ipv4', settings)[0];
    expect(of('0.0.0.0:9->9/sctp')?.endsWith('checksums filled in')).toBe(isFilled);
    expect(of(EVERY)).not.toContain('checksums');
  });

  test('that docker-proxy alone serves is not meant', () => {
    const app = bridgeNetwork('app');
    const web = endpointOn(app, 'web', '172.18.0.2');
    const ports = [publish(web, '[::]:8080->80/tcp'), { ...publish(web, EVERY), endpoint: undefined }];
    expect(said('26.1.5', { networks: [app], ports }, 'ipv6')).toEqual([]);
    expect(said('26.1.5', { networks: [app], ports }, 'ipv4')).toEqual([]);
  });
});

test.each<[what: string, given: Given, settings: Partial<Settings>, said: readonly string[]]>([
  ['by default', {}, {}, [CLOSED]],
  ['but for trusted interfaces', { options: { trusted: 'eth1' } }, {}, [`${CLOSED} except from eth1`]],
  ['not with direct routing', {}, { directRouting: true }, []],
  ['not without raw', {}, { noRaw: true }, []],
  ['not in mode routed', mode('routed'), {}, []],
  ['not in an internal network', { internal: true }, {}, []],
])(
  'an address without a port is closed past its bridge from 28.2 on: %s',
  (_, given, settings, sentences) => {
    expect(ofPorts('28.2.0', given, [], 'ipv4', settings)).toEqual(sentences);
  },
);

describe('a link', () => {
  const link = (options: Given['options'] = {}, ipv6 = '') => {
    const docker0 = defaultBridge({ options });
    const parent = endpointOn(docker0, 'api', '172.17.0.3', ipv6);
    const child = endpointOn(docker0, 'db', '172.17.0.2');
    const links = [{ bridge: 'docker0', parent, child, proto: 'tcp' as const, port: 5432 }];
    return { networks: [docker0], links };
  };

  test('opens a network whose containers do not reach each other', () => {
    expect(said('26.1.5', link({ icc: 'false' }), 'ipv4')).toEqual([
      '172.17.0.3 may ask 172.17.0.2:5432/tcp on docker0',
    ]);
  });

  test('opens nothing where they do, nor where one has no address of the family', () => {
    expect(said('26.1.5', link(), 'ipv4')).toEqual([]);
    expect(said('26.1.5', link({ icc: 'false' }, 'fd00::3'), 'ipv6')).toEqual([]);
  });
});

describe('the swarm', () => {
  const mesh = (swarm: Partial<Swarm>) => ({ swarm: { ...NO_SWARM, state: 'active', ...swarm } });
  const ingressPorts = [
    { proto: 'tcp' as const, port: 8081 },
    { proto: undefined, port: 8082 },
  ];

  test('leads what a mesh port is asked to its address, in IPv4 alone, and knows no port without its protocol', () => {
    const swarm = mesh({ meshAddress: '172.18.0.2', ingressPorts });
    expect(said('28.5.2', swarm, 'ipv4')).toEqual([
      'the mesh leads 8081/tcp to 172.18.0.2 on docker_gwbridge',
    ]);
    expect(said('28.5.2', swarm, 'ipv6')).toEqual([]);
  });

  test('means nothing before the mesh has an address, or without a port', () => {
    expect(said('28.5.2', mesh({ ingressPorts }), 'ipv4')).toEqual([]);
    expect(said('28.5.2', mesh({ meshAddress: '172.18.0.2' }), 'ipv4')).toEqual([]);
  });

  test('encrypts overlays by VXLAN id, on the port it was made with', () => {
    const encrypted = [{ network: 'secret', vni: 4097 }];
    expect(said('28.5.2', mesh({ encrypted, dataPort: 7777 }), 'ipv4')).toEqual([
      'VXLAN 4097 on UDP port 7777 is encrypted',
    ]);
  });
});
