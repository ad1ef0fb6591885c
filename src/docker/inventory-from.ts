import { gatewaysOf, type Attachment } from './gateway.ts';
import {
  isRecord,
  listOf,
  networksFrom,
  PROTOCOLS,
  textOf,
  type Answers,
  type Endpoint,
  type Inventory,
  type Json,
  type Link,
  type LiveNetwork,
  type Protocol,
  type PublishedPort,
} from './inventory.ts';
import { GWBRIDGE, swarmFrom } from './swarm-from.ts';

/**
 * What exists now, from the Engine's answers (API 1.24 to 1.55; docker-rules §5). Unknown or missing fields read as empty:
 * an Engine may say less than we ask for, never something else.
 *
 * Stopped containers, and those that wait to be restarted, have no endpoints and no ports; paused ones keep both (measured
 * on 20.10, 26.1 and 28.5). Networks and ports are sorted, which the Engine lists in any order: equal states, equal values.
 */
export function inventoryFrom(answers: Answers): Inventory {
  const info = recordOf(answers.info);
  const version = recordOf(answers.version);
  const backend = recordOf(info['FirewallBackend']);
  const networks = liveNetworksFrom(answers.networks);
  const containers = containersFrom(answers, networks);
  return {
    version: textOf(version['Version']) || textOf(info['ServerVersion']),
    apiVersion: textOf(version['ApiVersion']),
    firewallBackend: textOf(backend['Driver']),
    liveRestore: info['LiveRestoreEnabled'] === true,
    userlandProxy: userlandProxyFrom(backend['Info']),
    networks,
    endpoints: [
      ...containers.flatMap(({ attachments }) => attachments.flatMap(({ endpoint }) => endpoint ?? [])),
      ...meshEndpoint(answers.gwbridge),
    ],
    ports: containers.flatMap(portsOf),
    links: linksBetween(containers, networks),
    swarm: swarmFrom(answers, networks),
  };
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});

/** From 29.5 on, as pairs of a name and a text. */
function userlandProxyFrom(pairs: unknown): boolean | undefined {
  const pair = listOf(pairs).find((one) => listOf(one)[0] === 'EnableUserlandProxy');
  const told = listOf(pair)[1];
  return told === undefined ? undefined : told === 'true';
}

function liveNetworksFrom(body: unknown): readonly LiveNetwork[] {
  const raw = listOf(body)
    .filter(isRecord)
    .sort((a, b) => inOrder(textOf(a['Id']), textOf(b['Id'])));
  return networksFrom(raw).map((network, i) => ({
    ...network,
    created: textOf(raw[i]?.['Created']),
    ipv4: raw[i]?.['EnableIPv4'] !== false,
    ipv6: raw[i]?.['EnableIPv6'] === true,
    ingress: raw[i]?.['Ingress'] === true,
  }));
}

interface Container {
  readonly name: string;
  /** `parent/alias` of each container that is linked to this one. */
  readonly linkedAs: readonly string[];
  readonly attachments: readonly Attachment[];
  readonly ports: readonly Json[];
}

function containersFrom(
  { containers, gwbridge }: Answers,
  networks: readonly LiveNetwork[],
): readonly Container[] {
  const byId = new Map(networks.map((network) => [network.id, network]));
  const gateways = recordOf(recordOf(gwbridge)['Containers']);
  return listOf(containers)
    .filter(isRecord)
    .map((raw) => {
      const id = textOf(raw['Id']);
      const names = listOf(raw['Names']).map((name) => textOf(name).replace(/^\//, ''));
      const name = names.find((one) => !one.includes('/')) ?? '';
      const settings = recordOf(recordOf(raw['NetworkSettings'])['Networks']);
      const attached = Object.values(settings)
        .filter(isRecord)
        .flatMap((one) => attachmentFrom(one, byId.get(textOf(one['NetworkID'])), { id, name }));
      const gateway = gateways[id];
      const isPlain = attached.some(({ network }) => network === GWBRIDGE);
      return {
        name,
        linkedAs: names.filter((one) => one.includes('/')),
        attachments:
          isRecord(gateway) && !isPlain ? [...attached, gwbridgeAttachment(gateway, { id, name })] : attached,
        ports: listOf(raw['Ports']).filter(isRecord),
      };
    });
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** A container's place on one network. Nothing where it has no address: host networking, or a container being restarted. */
function attachmentFrom(
  raw: Json,
  network: LiveNetwork | undefined,
  { id, name }: Named,
): readonly Attachment[] {
  const ipv4 = textOf(raw['IPAddress']);
  const ipv6 = textOf(raw['GlobalIPv6Address']);
  if (network === undefined || (ipv4 === '' && ipv6 === '')) return [];
  const { bridge } = network;
  const priority = raw['GwPriority'];
  const leads = (gateway: unknown): boolean => !network.internal && textOf(gateway) !== '';
  return [
    {
      network: network.name,
      endpoint:
        bridge === ''
          ? undefined
          : { bridge, network: network.name, container: name, containerId: id, ipv4, ipv6 },
      leads: { ipv4: leads(raw['Gateway']), ipv6: leads(raw['IPv6Gateway']) },
      priority: typeof priority === 'number' ? priority : 0,
      isLast: false,
    },
  ];
}

/** Where a container of overlay networks reaches the host: container inspection does not show it (docker-rules §5). */
function gwbridgeAttachment(raw: Json, named: Named): Attachment {
  const endpoint = gwbridgeEndpoint(raw, named);
  return {
    network: GWBRIDGE,
    endpoint,
    leads: { ipv4: endpoint.ipv4 !== '', ipv6: endpoint.ipv6 !== '' },
    priority: 0,
    isLast: true,
  };
}

const withoutLength = (address: unknown): string => textOf(address).replace(/\/.*$/, '');

const gwbridgeEndpoint = (raw: Json, { id, name }: Named): Endpoint => ({
  bridge: GWBRIDGE,
  network: GWBRIDGE,
  container: name,
  containerId: id,
  ipv4: withoutLength(raw['IPv4Address']),
  ipv6: withoutLength(raw['IPv6Address']),
});

const MESH = 'ingress-sbox';

/** The routing mesh is on docker_gwbridge too, and is no container. */
function meshEndpoint(gwbridge: unknown): readonly Endpoint[] {
  const raw = recordOf(recordOf(gwbridge)['Containers'])[MESH];
  const endpoint = isRecord(raw) ? gwbridgeEndpoint(raw, { id: MESH, name: MESH }) : undefined;
  return endpoint === undefined || (endpoint.ipv4 === '' && endpoint.ipv6 === '') ? [] : [endpoint];
}

const isProtocol = (type: unknown): type is Protocol => PROTOCOLS.some((proto) => proto === type);
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/**
 * An exposed port has no PublicPort and no IP; a port of a routed network has an IP but no PublicPort (28.5). `::` is
 * listed for a container without IPv6 too: docker-proxy serves it.
 */
function portsOf({ name, attachments, ports }: Container): readonly PublishedPort[] {
  if (ports.length === 0) return [];
  const gateways = gatewaysOf(attachments);
  const published = ports.flatMap((raw) => {
    const proto = raw['Type'];
    const hostIp = textOf(raw['IP']);
    const hostPort = numberOf(raw['PublicPort']) || undefined;
    if (!isProtocol(proto) || (hostIp === '' && hostPort === undefined)) return [];
    const endpoint = hostIp.includes(':') ? gateways.ipv6 : gateways.ipv4;
    return [{ container: name, proto, port: numberOf(raw['PrivatePort']), hostIp, hostPort, endpoint }];
  });
  return published.sort(
    (a, b) =>
      a.port - b.port ||
      inOrder(a.proto, b.proto) ||
      inOrder(a.hostIp, b.hostIp) ||
      (a.hostPort ?? 0) - (b.hostPort ?? 0),
  );
}

/**
 * A linked child bears the name `/parent/alias` beside its own while its parent is there. Links of user-defined networks
 * are names only and bear none (measured on 20.10, 26.1 and 28.5). Two aliases of one child share their rules.
 */
function linksBetween(containers: readonly Container[], networks: readonly LiveNetwork[]): readonly Link[] {
  const children = containers.filter(({ linkedAs }) => linkedAs.length > 0);
  const bridge = networks.find(({ name, driver }) => name === 'bridge' && driver === 'bridge')?.bridge;
  if (children.length === 0 || bridge === undefined) return [];
  const endpointOf = (container: Container | undefined): Endpoint | undefined =>
    container?.attachments.find(({ endpoint }) => endpoint?.bridge === bridge)?.endpoint;
  const byName = new Map(containers.map((container) => [container.name, container]));
  return children.flatMap((child) => {
    const end = endpointOf(child);
    const parents = new Set(child.linkedAs.map((name) => name.replace(/\/.*$/, '')));
    return [...parents].flatMap((name) => {
      const parent = endpointOf(byName.get(name));
      if (end === undefined || parent === undefined) return [];
      return exposedBy(child).map((port) => ({ bridge, parent, child: end, ...port }));
    });
  });
}

/** Ports exposed or published, each once. */
function exposedBy({ ports }: Container): readonly Pick<Link, 'proto' | 'port'>[] {
  const all = ports.flatMap((raw) => {
    const proto = raw['Type'];
    return isProtocol(proto) ? [{ proto, port: numberOf(raw['PrivatePort']) }] : [];
  });
  return [...new Map(all.map((one) => [`${String(one.port)}/${one.proto}`, one])).values()].sort(
    (a, b) => a.port - b.port || inOrder(a.proto, b.proto),
  );
}
