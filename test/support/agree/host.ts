import type { CheckHost } from '../../../src/app/check/ports.ts';
import type { DiagnosisHost } from '../../../src/app/diagnose/ports.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import { containersFrom } from '../../../src/doctor/facts/containers.ts';
import type { ContainerFacts, DockerProxy, Inside } from '../../../src/doctor/facts/facts.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import type { NetworkLink, NetworkState } from '../../../src/trace/network-state.ts';
import { memoryHost } from '../app/memory-host.ts';
import { accountOf, liveOf, recordedHost } from '../recorded/observation.ts';
import { recordedTerrain, rulesOf } from '../reach/terrain.ts';
import { onTerrain } from '../app/terrain-reader.ts';

/** A host in memory that both check and doctor read. */
export type AgreeHost = CheckHost & DiagnosisHost;

type Reply = Extract<EngineReply, { answered: true }>;

/**
 * A recorded host, changed, as check and doctor read it: each container with an interface on its networks, docker-proxy for its ports.
 *
 * @param change - what is different on this one
 */
export function agreeHost(
  name: string,
  change: (netState: NetworkState) => NetworkState = (state) => state,
): AgreeHost {
  const { reply, stored } = recordedHost(name);
  const whole = recordedTerrain(name);
  const terrain = { ...whole, netState: change(whole.netState) };
  const { containers } = accountOf(name);
  return hostOf({ engine: reply as Reply, containers, terrain, open: () => Promise.resolve(stored) });
}

/** What a host in memory is made of. */
export interface HostParts {
  readonly engine: Reply;
  /** As its Engine lists them. */
  readonly containers: unknown;
  readonly terrain: Terrain;
  readonly open: AgreeHost['baselines']['open'];
}

/** A host in memory that both check and doctor read. */
export function hostOf({ engine, containers: listed, terrain, open }: HostParts): AgreeHost {
  const { netState, nameServers } = terrain;
  const rules = rulesOf(terrain);
  const proxies = proxiesOf(engine);
  const containers = containersFrom(listed).map((one) => withInside(one, netState.links, engine));
  const reader = onTerrain(memoryHost(rules, engine), terrain);
  return Object.assign(reader, {
    readSets: () => Promise.resolve(''),
    readNatives: () => Promise.resolve(netState.natives ?? []),
    baselines: { open, readDeclared: () => Promise.resolve({}) },
    readVariants: () => Promise.resolve({ nft: liveOf(rules), legacy: undefined }),
    usualVariant: () => Promise.resolve('nft'),
    askAnyEngine: () => Promise.resolve(engine),
    listContainers: () => Promise.resolve({ socket: '/run/docker.sock', listed: [] }),
    findProcesses: () => Promise.resolve({ containers: new Map(), daemons: [1], proxies }),
    readContainers: () => Promise.resolve(containers),
    readDaemonLog: () => Promise.resolve([]),
    readNameServers: () => nameServers,
    readDropCounts: () => ({ conntrackDrops: 0, reversePathDrops: 0 }),
    pickSourcePort: () => 61_000,
    sendProbes: () => Promise.reject(new Error('no packet was to be sent')),
  } satisfies Partial<AgreeHost>);
}

/** docker-proxy, for every address that a port is bound to. */
const proxiesOf = ({ inventory, daemons }: Reply): readonly DockerProxy[] =>
  daemons.facts.userlandProxy === false
    ? []
    : inventory.ports.flatMap(({ proto, port, hostIp, hostPort, endpoint, proxied }) => {
        const to = hostIp.includes(':') ? endpoint?.ipv6 : endpoint?.ipv4;
        const containerIp = to ?? proxied?.ipv4 ?? '';
        return hostPort === undefined ? [] : [{ proto, hostIp, hostPort, containerIp, containerPort: port }];
      });

/** A container's own namespace, as dockerd sets it up. */
function withInside(
  one: Omit<ContainerFacts, 'requestedPorts' | 'inside'>,
  links: readonly NetworkLink[],
  { inventory: { networks, ports } }: Reply,
): ContainerFacts {
  const places = one.attachments.flatMap((place, i) => {
    const network = networks.find(({ id }) => id === place.networkId);
    const veth = links.find(({ master }) => master !== '' && master === network?.bridge);
    return network === undefined || veth === undefined
      ? []
      : [{ place, network, veth, dev: `eth${String(i)}` }];
  });
  const lo: NetworkLink = {
    ...{
      name: 'lo',
      index: 1,
      peerIndex: 0,
      kind: '',
      master: '',
      up: true,
      carrier: true,
      mtu: 1500,
      mac: '',
    },
    portState: '',
    addresses: [{ family: 'ipv4', address: '127.0.0.1', length: 8, scope: 'host' }],
  };
  const inside: Inside = {
    netns: `/proc/${one.id}/ns/net`,
    links: [
      lo,
      ...places.map(({ place, veth, dev }, i): NetworkLink => ({
        ...lo,
        ...{ name: dev, index: i + 2, peerIndex: veth.index, kind: 'veth', mac: place.mac },
        addresses: FAMILIES.flatMap((family) => {
          const address = family === 'ipv4' ? place.ipv4 : place.ipv6;
          const length = family === 'ipv4' ? 16 : 64;
          return address === '' ? [] : [{ family, address, length, scope: 'global' }];
        }),
      })),
    ],
    routes: places.flatMap(({ place, dev }) =>
      FAMILIES.flatMap((family) => {
        const via = family === 'ipv4' ? place.gateway : place.gateway6;
        const to = family === 'ipv4' ? '0.0.0.0/0' : '::/0';
        const route = {
          family,
          table: 'main',
          type: 'unicast',
          to,
          via,
          dev,
          metric: 0,
          prefSource: '',
          flags: [],
        };
        return via === '' ? [] : [route];
      }),
    ),
    listeners: ports.flatMap(({ container, proto, port }) =>
      container === one.name && proto !== 'sctp'
        ? ['0.0.0.0', '::'].map((address) => ({ proto, address, port }))
        : [],
    ),
    resolvers: [],
    ownRules: [],
    sysctls: new Map(),
  };
  return { ...one, requestedPorts: undefined, inside: one.state === 'running' ? inside : undefined };
}
