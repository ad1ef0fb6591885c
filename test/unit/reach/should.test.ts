import { expect, test } from 'vitest';
import type { OpenNetwork } from '../../../src/docker/intent/values.ts';
import { shouldOf, type Promises } from '../../../src/reach/should.ts';

const open = (bridge: string, fields: Partial<OpenNetwork> = {}): OpenNetwork => ({
  ...{ kind: 'open', network: bridge, bridge, subnets: [], inside: 'open', leaves: { as: 'interface' } },
  ...{ fromHost: undefined, asksPublished: 'translation', unpublished: 'closed', others: 'as-outside' },
  direct: { closes: 'nothing' },
  ...fields,
});

const promises = (networks: readonly OpenNetwork[], fields: Partial<Promises> = {}): Promises => ({
  intent: {
    ...{ family: 'ipv4', loopback: 'translation', sharedLoopback: '', admittedMark: '', networks },
    ...{ published: [], links: [], endpoints: [], mesh: undefined, overlays: [] },
  },
  networks: new Map(networks.map((one) => [one.bridge, one])),
  bare: new Set(),
  exitFor: () => 'eth0',
  ...fields,
});

const spot = (bridge: string) => ({ container: bridge, network: bridge, bridge, address: '172.18.0.2' });
const from = (bridge: string) => ({ by: 'container', spot: spot(bridge), is: 'other-network' }) as const;

test.each([
  ['nothing closes what is addressed to it', { closes: 'nothing' }, 'reached'],
  ['its address is closed, and answers come by an interface that is not trusted', ['tun0'], 'no-promise'],
  ['its address is closed, but to the interface that answers come by', ['tun0', 'eth0'], 'reached'],
  ['its address is closed, but to all interfaces of that beginning', ['eth*'], 'reached'],
] as const)('a container that leaves unmasked reaches the outside: %s', (_, direct, should) => {
  const closes =
    'closes' in direct
      ? direct
      : {
          closes: 'addresses' as const,
          trusted: direct.map((name) => ({ name: name.replace('*', ''), isPrefix: name.endsWith('*') })),
        };
  const app = open('br-app', { leaves: { as: 'itself' }, direct: closes });
  const outside = { what: 'outside', address: '198.51.100.1' } as const;
  expect(shouldOf(from('br-app'), outside, undefined, promises([app]))).toBe(should);
});

test('a network on which this host has no address, by design, is not promised another that is open', () => {
  const networks = [open('br-app'), open('br-open', { unpublished: 'open' })];
  const asked = { what: 'unpublished', spot: spot('br-open'), port: 81 } as const;
  expect(shouldOf(from('br-app'), asked, undefined, promises(networks))).toBe('reached');
  const bare = promises(networks, { bare: new Set(['br-app']) });
  expect(shouldOf(from('br-app'), asked, undefined, bare)).toBe('no-promise');
});
