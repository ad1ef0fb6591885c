import { overlap, parseBlock, sameBlock } from '../../../net/address.ts';
import { PURPOSES } from './purpose.ts';
import type { Captures, Needs } from './shape.ts';
import type { Match } from './match.ts';
import type { Network } from '../../../docker/inventory/inventory.ts';
import { hidesBehind } from './source-target.ts';

/** What the recognised rules of both families prove together. */
interface Proven {
  /** Bridges named by rules that can only be Docker's, or by the Engine. */
  readonly bridges: Set<string>;
  /** Bridges with a per-bridge jump to DOCKER in FORWARD: the layout of Engines before 28. */
  readonly forwardBridges: Set<string>;
  readonly endpoints: Set<string>;
  /** Addresses that a raw DROP closes, with the bridge it leaves open: endpoints if that bridge is Docker's. */
  readonly closed: Map<string, string>;
  readonly loopbackPorts: Set<string>;
  readonly sctpPorts: Set<string>;
  /** 28.0.0's set rules are in FORWARD. */
  sets: boolean;
  /** Engines from 28.0.1 on keep their per-bridge rules in DOCKER-FORWARD. */
  forwardChain: boolean;
}

/** What shows that a rule is Docker's, beside its own text. */
export class Evidence {
  /** What the Engine says now of the network of each bridge. Empty when it was not asked. */
  readonly networks: ReadonlyMap<string, Network>;
  private readonly bridges: readonly string[];
  private readonly matches: Iterable<Match>;
  private found: Proven | undefined;

  /**
   * @param networks - from the Engine's reply, or from a baseline that recorded it
   * @param settled - whether the list is current; an older one still names bridges, but their settings may have changed
   * @param matches - every recognised rule of both families
   */
  constructor(networks: readonly Network[], settled: boolean, matches: Iterable<Match>) {
    const bridgeNetworks = networks.filter((network) => network.bridge !== '');
    this.networks = new Map(settled ? bridgeNetworks.map((network) => [network.bridge, network]) : []);
    this.bridges = bridgeNetworks.map((network) => network.bridge);
    this.matches = matches;
  }

  /** Computed on first use: for nearly every rule the names that Docker gives its bridges are enough. */
  get proven(): Proven {
    this.found ??= this.gather();
    return this.found;
  }

  private gather(): Proven {
    const proven: Proven = {
      bridges: new Set(this.bridges),
      forwardBridges: new Set(),
      endpoints: new Set(),
      closed: new Map(),
      loopbackPorts: new Set(),
      sctpPorts: new Set(),
      sets: false,
      forwardChain: false,
    };
    for (const match of this.matches) collect(proven, match);
    return proven;
  }
}

const portKey = (captures: Captures): string => `${captures.proto ?? ''} ${captures.hostPort ?? ''}`;

/** Adds what one recognised rule proves. */
function collect(proven: Proven, { shape, captures }: Match): void {
  if (captures.bridge !== undefined && PURPOSES[shape.id].provesBridge) proven.bridges.add(captures.bridge);
  if (shape.id === 'forward-docker' && captures.bridge !== undefined)
    proven.forwardBridges.add(captures.bridge);
  if (shape.id === 'forward-set-docker' || shape.id === 'forward-set-established') proven.sets = true;
  if (shape.id === 'forward-forward') proven.forwardChain = true;
  if (captures.ip !== undefined && (shape.id === 'dnat' || shape.id === 'port-accept'))
    proven.endpoints.add(captures.ip);
  if (shape.id === 'raw-endpoint') proven.closed.set(captures.ip ?? '', captures.bridge ?? '');
  if (shape.id === 'dnat' && captures.hostIp?.startsWith('127.') === true)
    proven.loopbackPorts.add(portKey(captures));
  // A routed network has no DNAT, but opens the port all the same.
  if ((shape.id === 'dnat' || shape.id === 'port-accept') && captures.proto === 'sctp')
    proven.sctpPorts.add(captures.port ?? '');
}

const DOCKER_BRIDGE = /^(?:docker0|docker_gwbridge|br-[0-9a-f]{12})$/;

/** Whether a bridge is Docker's, as far as its name or the list of networks shows. */
export function bridgeTest(networks: readonly Pick<Network, 'bridge'>[] = []): (bridge: string) => boolean {
  const listed = new Set(networks.map(({ bridge }) => bridge).filter((bridge) => bridge !== ''));
  return (bridge) => DOCKER_BRIDGE.test(bridge) || listed.has(bridge);
}

/** Whether the evidence shows that a bridge is Docker's; a name only Docker gives is enough. */
function knowsBridge(evidence: Evidence, bridge: string | undefined): boolean {
  return bridge !== undefined && (DOCKER_BRIDGE.test(bridge) || evidence.proven.bridges.has(bridge));
}

/** Why a rule with the shape of Docker's is not counted as Docker's all the same; undefined when it is. */
export function objection(needs: Needs, captures: Captures, evidence: Evidence): string | undefined {
  const bridge = captures.bridge ?? '';
  switch (needs) {
    case 'nothing':
      return undefined;
    case 'bridge':
      return bridgeObjection(captures, evidence);
    case 'forward-bridge':
      // From 28.0.1 on this text in FORWARD is a user's, unless the old layout's jump is there too.
      return evidence.proven.forwardChain && !evidence.proven.forwardBridges.has(bridge)
        ? `this Engine keeps such rules in DOCKER-FORWARD, not in FORWARD`
        : bridgeObjection(captures, evidence);
    case 'sets':
      return evidence.proven.sets
        ? bridgeObjection(captures, evidence)
        : 'only Engine 28.0.0 writes this, and its set rules are not there';
    case 'endpoint':
      return endpointObjection(captures, evidence);
    case 'trusted-endpoint':
      return endpointObjection(captures, evidence) ?? trustObjection(captures, evidence);
    case 'loopback-port':
      return evidence.proven.loopbackPorts.has(portKey(captures))
        ? undefined
        : `no DNAT publishes ${captures.hostPort ?? ''}/${captures.proto ?? ''} on a loopback address`;
    case 'sctp-port':
      return evidence.proven.sctpPorts.has(captures.port ?? '')
        ? undefined
        : `no DNAT publishes ${captures.port ?? ''}/sctp`;
    default:
      return needs satisfies never;
  }
}

function bridgeObjection(captures: Captures, evidence: Evidence): string | undefined {
  const bridge = captures.bridge ?? '';
  if (!knowsBridge(evidence, bridge)) return `nothing shows that ${bridge} is a bridge of Docker's`;
  const network = evidence.networks.get(bridge);
  if (network === undefined) return undefined;
  const { subnet, target } = captures;
  if (subnet !== undefined && !network.subnets.some((other) => sameBlock(other, subnet))) {
    return `the network of ${bridge} has ${network.subnets.join(', ')}, not ${subnet}`;
  }
  if (target !== undefined && !hidesBehind(network, subnet).includes(target)) {
    return `the settings of network ${network.name} do not require ${target}`;
  }
  return undefined;
}

function endpointObjection({ ip = '' }: Captures, evidence: Evidence): string | undefined {
  const known = evidence.proven.endpoints.has(ip) || knowsBridge(evidence, evidence.proven.closed.get(ip));
  return known ? undefined : `no other rule shows that ${ip} is a container`;
}

/** An operator who opens a container to an interface writes the same text; only the network's settings distinguish the two. */
function trustObjection({ ip = '', iface = '' }: Captures, evidence: Evidence): string | undefined {
  const address = parseBlock(ip);
  const network = [...evidence.networks.values()].find(({ subnets }) =>
    subnets
      .map(parseBlock)
      .some((subnet) => address !== undefined && subnet !== undefined && overlap(address, subnet)),
  );
  return network === undefined || network.trustedInterfaces.includes(iface)
    ? undefined
    : `network ${network.name} does not trust interface ${iface}`;
}
