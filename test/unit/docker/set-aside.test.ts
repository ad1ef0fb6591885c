import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../src/docker/inventory/inventory.ts';
import { isAboutSetAside, setUnsoundAside } from '../../../src/docker/inventory/set-aside.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  inventoryOf,
  publish,
} from '../../support/recorded/inventories.ts';

const odd = bridgeNetwork('odd', { options: { trusted: 'a b' } });
const sound = bridgeNetwork('sound', {
  id: 'b'.repeat(64),
  subnets: ['172.19.0.0/16'],
  gateways: ['172.19.0.1'],
});
const ON_ODD = endpointOn(odd, 'web', '172.18.0.2');
const ON_SOUND = endpointOn(sound, 'api', '172.19.0.2');

const host = (parts: Partial<Inventory> = {}): Inventory =>
  inventoryOf('29.7.2', {
    networks: [defaultBridge(), odd, sound],
    endpoints: [ON_ODD, ON_SOUND],
    ports: [publish(ON_ODD, '0.0.0.0:8080->80/tcp'), publish(ON_SOUND, '0.0.0.0:9090->80/tcp')],
    ...parts,
  });

const namesIn = ({ networks, endpoints, ports }: Inventory) => ({
  networks: networks.map(({ name }) => name),
  endpoints: endpoints.map(({ container }) => container),
  ports: ports.map(({ container }) => container),
});

test('an odd network goes with what is on it; all else stays', () => {
  const { setAside, ...left } = setUnsoundAside(host());
  expect(namesIn(left)).toEqual({ networks: ['bridge', 'sound'], endpoints: ['api'], ports: ['api'] });
  expect(setAside).toEqual([
    {
      what: 'network odd',
      why: 'it trusts "a b", which is no interface\'s name',
      bridges: [odd.bridge],
      addresses: ['172.18.0.0/16', '172.18.0.2'],
    },
  ]);
});

test('an odd container goes alone', () => {
  const web = endpointOn(sound, 'web', '203.0.113.9');
  const left = setUnsoundAside(
    host({
      networks: [defaultBridge(), sound],
      endpoints: [web, ON_SOUND],
      ports: [publish(web, '0.0.0.0:8080->80/tcp')],
    }),
  );
  expect(namesIn(left)).toEqual({ networks: ['bridge', 'sound'], endpoints: ['api'], ports: [] });
  expect(left.setAside?.map(({ what }) => what)).toEqual(['container web']);
});

test('a range in the place of an address sets aside no rule of anybody else', () => {
  const web = endpointOn(sound, 'web', '0.0.0.0/0');
  const { setAside } = setUnsoundAside(
    host({ networks: [defaultBridge(), sound], endpoints: [web, ON_SOUND], ports: [] }),
  );
  expect(setAside?.map(({ addresses }) => addresses)).toEqual([[]]);
  expect(isAboutSetAside({ setAside }, { ip: '172.19.0.2' })).toBe(false);
});

test('where nothing is odd nothing changes', () => {
  const inventory = host({ networks: [defaultBridge(), sound], endpoints: [ON_SOUND], ports: [] });
  expect(setUnsoundAside(inventory)).toBe(inventory);
});

describe('names of trusted interfaces', () => {
  const isTaken = (trusted: string, firewallBackend: string): boolean =>
    setUnsoundAside(
      host({
        firewallBackend,
        networks: [defaultBridge(), bridgeNetwork('odd', { options: { trusted } })],
        endpoints: [],
        ports: [],
      }),
    ).setAside === undefined;
  // prettier-ignore
  test.each([
    ['eth1:wg0', true, true],
    ['wg*', true, true],
    ['wg+', true, false],
    ['eth1, eth2', false, true],
    ['4g0', true, false],
    ['*', true, false],
    ['+', false, false],
    ['wg0 } accept', false, false],
    ['longer-than-fifteen', false, false],
  ])('%s: iptables takes it: %s; nft: %s', (trusted, byIptables, byNft) => {
    expect([isTaken(trusted, 'iptables'), isTaken(trusted, 'nftables')]).toEqual([byIptables, byNft]);
  });
});

describe('a rule is about what was set aside', () => {
  const { setAside } = setUnsoundAside(host());
  test.each([
    [{ bridge: odd.bridge }, true],
    [{ ip: '172.18.0.9' }, true],
    [{ subnet: '172.18.0.0/16' }, true],
    [{ bridge: sound.bridge, ip: '172.19.0.2' }, false],
    // Whole ranges are not about one part of them.
    [{ subnet: '172.16.0.0/12' }, false],
    [{}, false],
  ])('%j: %s', (subjects, expected) => {
    expect(isAboutSetAside({ setAside }, subjects)).toBe(expected);
  });
});
