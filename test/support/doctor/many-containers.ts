import type { ContainerFacts, Facts } from '../../../src/doctor/facts/facts.ts';
import type { NetworkLink } from '../../../src/trace/network-state.ts';
import { healthyFacts } from './host-facts.ts';

const NETWORKS = 20;

/**
 * A host of many containers on twenty networks, none of which Docker has written a rule for yet: nearly everything differs, which
 * makes the longest report there is.
 */
export function manyContainers(number: number): Facts {
  const facts = healthyFacts();
  const { netState, networks, containers } = facts;
  const [network] = networks.filter(({ name }) => name === 'bridge');
  const [like] = containers;
  const bridge = netState.links.find(({ name }) => name === 'docker0');
  const veth = netState.links.find(({ name }) => name === 'veth1');
  if (network === undefined || like === undefined || bridge === undefined || veth === undefined)
    throw new Error('docker0 and a container on it are needed');
  const subnetOf = (n: number): string => `10.${String(100 + n)}.0`;
  const added = Array.from({ length: NETWORKS }, (_, n) => ({
    ...network,
    ...{
      id: `feed${String(n).padStart(60, '0')}`,
      name: `team${String(n + 1)}_default`,
      bridge: `br-team${String(n + 1)}`,
    },
    ...{ isDefault: false, subnets: [`${subnetOf(n)}.0/24`], gateways: [`${subnetOf(n)}.1`] },
  }));
  const links = added.map(({ bridge: name }, n): NetworkLink => ({
    ...bridge,
    ...{ name, index: 1000 + n },
    addresses: [{ family: 'ipv4', address: `${subnetOf(n)}.1`, length: 24, scope: 'global' }],
  }));
  const places = Array.from({ length: number }, (_, i) => ({
    n: i % NETWORKS,
    i,
    address: `${subnetOf(i % NETWORKS)}.${String(2 + Math.floor(i / NETWORKS))}`,
  }));
  const veths = places.map(({ n, i }): NetworkLink => ({
    ...veth,
    name: `vethx${String(i)}`,
    index: 2000 + i,
    master: `br-team${String(n + 1)}`,
  }));
  const more = places.map(({ n, i, address }): ContainerFacts => ({
    ...like,
    ...{
      id: `cafe${String(i).padStart(60, '0')}`,
      name: `team${String(n + 1)}-service-${String(1 + Math.floor(i / NETWORKS))}`,
    },
    attachments: like.attachments.map((place) => ({
      ...place,
      ...{
        network: added[n]?.name ?? '',
        networkId: added[n]?.id ?? '',
        ipv4: address,
        gateway: `${subnetOf(n)}.1`,
      },
    })),
    inside:
      like.inside === undefined || 'unavailable' in like.inside
        ? like.inside
        : {
            ...like.inside,
            links: like.inside.links.map((link) =>
              link.name === 'lo'
                ? link
                : {
                    ...link,
                    peerIndex: 2000 + i,
                    addresses: [{ family: 'ipv4', address, length: 24, scope: 'global' }],
                  },
            ),
            routes: like.inside.routes.map((route) =>
              route.via === ''
                ? { ...route, to: `${subnetOf(n)}.0/24` }
                : { ...route, via: `${subnetOf(n)}.1` },
            ),
          },
  }));
  const [, direct] = netState.routes;
  if (direct === undefined) throw new Error('a route is needed');
  return {
    ...facts,
    networks: [...networks, ...added],
    containers: [...containers, ...more],
    netState: {
      ...netState,
      links: [...netState.links, ...links, ...veths],
      routes: [
        ...netState.routes,
        ...added.map(({ bridge: dev }, n) => ({
          ...direct,
          to: `${subnetOf(n)}.0/24`,
          dev,
          prefSource: `${subnetOf(n)}.1`,
        })),
      ],
      sysctls: new Map([
        ...netState.sysctls,
        ...added.map(({ bridge: dev }) => [`ipv4/conf/${dev}/forwarding`, '1'] as const),
      ]),
    },
  };
}
