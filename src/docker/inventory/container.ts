import type { Era } from '../era.ts';
import {
  inspectedContainerFrom,
  listedContainersFrom,
  type NetworkPlace,
  type PortBinding,
} from './container-answer.ts';
import type { Attachment } from './gateway.ts';
import {
  isRecord,
  listOf,
  textOf,
  type Answers,
  type Endpoint,
  type Json,
  type LiveNetwork,
  type Unconnected,
  recordOf,
} from './inventory.ts';
import { leftOutIn } from './left-out.ts';
import { GWBRIDGE } from './swarm.ts';

/** A running container, as far as rules depend on it. */
export interface Container {
  readonly name: string;
  /** `parent/alias` of each container that is linked to this one. */
  readonly linkedAs: readonly string[];
  readonly attachments: readonly Attachment[];
  readonly ports: readonly PortBinding[];
  /** The list may have left ports out, and no other answer shows them. */
  readonly hasUnknownPorts: boolean;
}

/** The running containers, from the list and what their inspections add to it. */
export function containersFrom(
  answers: Answers,
  networks: readonly LiveNetwork[],
  era: Era | undefined,
): readonly Container[] {
  const { containers, gwbridge } = answers;
  const byId = new Map(networks.map((network) => [network.id, network]));
  const gateways = recordOf(recordOf(gwbridge)['Containers']);
  const leftOut = new Set(leftOutIn(answers));
  const inspects = new Map(
    listOf(answers.inspects)
      .flatMap((body) => inspectedContainerFrom(body) ?? [])
      .map((one) => [one.id, one]),
  );
  return listedContainersFrom(containers).map(
    ({ id, name, service, project, created, linkedAs, places = [], ports }) => {
      const named: NamedContainer = {
        ...{ id, name },
        ...(service !== '' && { composed: { service, project } }),
        ...(created !== undefined && { created }),
      };
      const attached = places.flatMap((place) =>
        attachmentFrom(place, byId.get(place.networkId), named, era),
      );
      const gateway = gateways[id];
      const isPlain = attached.some(({ network }) => network === GWBRIDGE);
      const inspect = leftOut.has(id) ? inspects.get(id) : undefined;
      return {
        name,
        linkedAs,
        attachments:
          isRecord(gateway) && !isPlain ? [...attached, gwbridgeAttachment(gateway, named)] : attached,
        ports: inspect?.ports ?? ports,
        hasUnknownPorts: leftOut.has(id) && inspect === undefined,
      };
    },
  );
}

/** Those on no network at all. `container:ID` has no networks of its own; `none` and `host` are networks. */
export const unconnectedIn = ({ containers }: Pick<Answers, 'containers'>): readonly Unconnected[] =>
  listedContainersFrom(containers).flatMap(({ name, networkMode: mode, places }) =>
    places?.length !== 0 || mode === '' || /^(?:none|host|container:.*)$/s.test(mode)
      ? []
      : [{ container: name, network: mode === 'default' ? 'bridge' : mode }],
  );

interface NamedContainer extends Pick<Endpoint, 'composed' | 'created'> {
  readonly id: string;
  readonly name: string;
}

/** A container's place on one network. Nothing where it has no address: host networking, or a container being restarted. */
function attachmentFrom(
  place: NetworkPlace,
  network: LiveNetwork | undefined,
  { id, name, ...labels }: NamedContainer,
  era: Era | undefined,
): readonly Attachment[] {
  const { ipv4, ipv6, gateway, gateway6, priority = 0 } = place;
  if (network === undefined || (ipv4 === '' && ipv6 === '')) return [];
  const { bridge } = network;
  const routes = era !== undefined && routesWithoutGateway(network, era);
  const leads = (gateway: string, address: string): boolean =>
    !network.internal && (gateway !== '' || (routes && address !== ''));
  return [
    {
      network: network.name,
      endpoint:
        bridge === ''
          ? undefined
          : { bridge, network: network.name, container: name, containerId: id, ...labels, ipv4, ipv6 },
      leads: { ipv4: leads(gateway, ipv4), ipv6: leads(gateway6, ipv6) },
      routed: {
        ipv4: bridge !== '' && network.gatewayMode.ipv4 === 'routed',
        ipv6: bridge !== '' && network.gatewayMode.ipv6 === 'routed',
      },
      priority,
      isLast: false,
    },
  ];
}

/** A default route straight to the interface: the container's traffic leaves here, and its ports open nowhere else. */
function routesWithoutGateway({ driver, ipvlanLayer3 }: LiveNetwork, era: Era): boolean {
  return era.reading.routesWithoutGateway === 'always'
    ? driver === 'macvlan' || driver === 'ipvlan'
    : era.reading.routesWithoutGateway === 'layer-3' && ipvlanLayer3;
}

/**
 * Where a container of overlay networks reaches the host: container inspection does not show it
 * (docs/reference/docker-iptables.md#api).
 */
function gwbridgeAttachment(raw: Json, named: NamedContainer): Attachment {
  const endpoint = gwbridgeEndpoint(raw, named);
  return {
    network: GWBRIDGE,
    endpoint,
    leads: { ipv4: endpoint.ipv4 !== '', ipv6: endpoint.ipv6 !== '' },
    routed: { ipv4: false, ipv6: false },
    priority: 0,
    isLast: true,
  };
}

const withoutLength = (address: unknown): string => textOf(address).replace(/\/.*$/, '');

const gwbridgeEndpoint = (raw: Json, { id, name, ...labels }: NamedContainer): Endpoint => ({
  bridge: GWBRIDGE,
  network: GWBRIDGE,
  container: name,
  containerId: id,
  ...labels,
  ipv4: withoutLength(raw['IPv4Address']),
  ipv6: withoutLength(raw['IPv6Address']),
});

export const MESH = 'ingress-sbox';

/** The routing mesh is on docker_gwbridge too, and is not a container. */
export function meshEndpoint(gwbridge: unknown): readonly Endpoint[] {
  const raw = recordOf(recordOf(gwbridge)['Containers'])[MESH];
  const endpoint = isRecord(raw) ? gwbridgeEndpoint(raw, { id: MESH, name: MESH }) : undefined;
  return endpoint === undefined || (endpoint.ipv4 === '' && endpoint.ipv6 === '') ? [] : [endpoint];
}
