import type { ContainerFacts, Inside } from '../../../src/doctor/facts/facts.ts';
import type { LiveNetwork, Swarm } from '../../../src/docker/inventory/inventory.ts';
import type { NetworkLink, Route } from '../../../src/trace/network-state.ts';
import { all } from '../doctor/causes.ts';
import type { Change } from '../doctor/host-facts.ts';

/** The network and the address that a container is moved to. */
interface Moved {
  readonly network: Partial<LiveNetwork> & Pick<LiveNetwork, 'id' | 'name' | 'driver' | 'subnets'>;
  readonly address: string;
  readonly mtu?: number;
  /** Where its default route leads; none where absent. */
  readonly gateway?: string;
}

const route = (fields: Pick<Route, 'to' | 'via'>): Route => ({
  ...{ family: 'ipv4', table: 'main', type: 'unicast', dev: 'eth0', metric: 0, prefSource: '', flags: [] },
  ...fields,
});

/** A container that is on a network without a bridge alone, and has what the Engine gave it there. */
const moved =
  (name: string, { network, address, mtu = 1500, gateway }: Moved): Change =>
  (facts) => {
    const [like] = facts.networks;
    if (like === undefined) throw new Error('a healthy host has networks');
    const eth0 = (link: NetworkLink): NetworkLink =>
      link.name === 'eth0'
        ? { ...link, mtu, addresses: [{ family: 'ipv4', address, length: 24, scope: 'global' }] }
        : link;
    const inside = (one: Inside): Inside => ({
      ...one,
      links: one.links.map(eth0),
      routes: [
        ...(gateway === undefined ? [] : [route({ to: '0.0.0.0/0', via: gateway })]),
        ...network.subnets.map((to) => route({ to, via: '' })),
      ],
    });
    const place = { network: network.name, networkId: network.id, ipv4: address, ipv6: '' };
    const onto = (one: ContainerFacts): ContainerFacts => ({
      ...one,
      networkMode: network.name,
      attachments: [{ ...place, gateway: gateway ?? '', gateway6: '', mac: '' }],
      inside: inside(one.inside as Inside),
    });
    return {
      ...facts,
      networks: [...facts.networks, { ...like, isDefault: false, bridge: '', gateways: [], ...network }],
      containers: facts.containers.map((one) => (one.name === name ? onto(one) : one)),
      ports: facts.ports.filter(({ container }) => container !== name),
    };
  };

/** A node of a swarm, known to the others by an address. */
export const inSwarm =
  (nodeAddress: string, change: Partial<Swarm> = {}): Change =>
  (facts) => ({
    ...facts,
    listeners: [
      { proto: 'udp', address: '0.0.0.0', port: 4789 },
      { proto: 'udp', address: '::', port: 7946 },
      { proto: 'tcp', address: '::', port: 7946 },
    ],
    intended: facts.intended && {
      ...facts.intended,
      inventory: {
        ...facts.intended.inventory,
        swarm: {
          ...{ state: 'active', manager: true, nodeAddress, meshAddress: undefined, ingressPorts: [] },
          ...{ encrypted: [], dataPort: 4789 },
          ...change,
        },
      },
    },
  });

/** A container on overlay `wide`. */
export const onOverlay = (
  name: string,
  address: string,
  network: Partial<LiveNetwork> = {},
  mtu = 1450,
): Change =>
  moved(name, {
    ...{ address, mtu },
    network: {
      id: 'wide1',
      name: 'wide',
      driver: 'overlay',
      subnets: ['10.0.1.0/24'],
      vnis: [4097],
      ...network,
    },
  });

/** A container on a macvlan network over eth0. */
export const onLan = (
  name: string,
  address: string,
  network: Partial<LiveNetwork> = {},
  gateway?: string,
): Change =>
  moved(name, {
    ...{ address, ...(gateway !== undefined && { gateway }) },
    network: {
      id: 'lan1',
      name: 'lan',
      driver: 'macvlan',
      subnets: ['192.0.2.0/24'],
      parent: 'eth0',
      ...network,
    },
  });

/** Of host-a and host-b, both nodes of one swarm on one wire, `web` on overlay `wide`. */
export const ONE_OVERLAY = {
  asking: all(inSwarm('192.0.2.1'), onOverlay('web', '10.0.1.2')),
  asked: all(inSwarm('192.0.2.20', { manager: false }), onOverlay('web', '10.0.1.4')),
  target: '10.0.1.4:80',
} as const;
