import { PROTOCOLS } from '../../net/protocol.ts';
import { overlap, parseBlock } from '../../net/address.ts';
import { listedContainersFrom } from './container-answer.ts';
import {
  isRecord,
  listOf,
  textOf,
  type Answers,
  type IngressPort,
  type Json,
  type LiveNetwork,
  type Swarm,
  recordOf,
} from './inventory.ts';

/** Name of the network, and of the bridge, by which containers of overlay networks reach the host. */
export const GWBRIDGE = 'docker_gwbridge';
/** The UDP port of the overlays' traffic, unless `swarm init --data-path-port` sets another. */
const VXLAN_PORT = 4789;

/** This node's part in a swarm (docs/reference/docker-iptables.md#api). */
export function swarmFrom(answers: Answers, networks: readonly LiveNetwork[]): Swarm {
  const swarm = recordOf(recordOf(answers.info)['Swarm']);
  const mesh = recordOf(recordOf(recordOf(answers.gwbridge)['Containers'])['ingress-sbox']);
  const dataPort = recordOf(swarm['Cluster'])['DataPathPort'];
  const nodeAddress = textOf(swarm['NodeAddr']);
  const ingressPorts = ingressPortsFrom(answers);
  const unserved = unique(publishedIn(answers)).filter(
    ({ port, proto }) =>
      !ingressPorts.some((served) => served.port === port && (served.proto ?? proto) === proto),
  );
  return {
    state: textOf(swarm['LocalNodeState']),
    manager: swarm['ControlAvailable'] === true,
    ...(nodeAddress !== '' && { nodeAddress }),
    meshAddress: textOf(mesh['IPv4Address']).replace(/\/.*$/, '') || undefined,
    ingressPorts,
    ...(unserved.length > 0 && { unservedPorts: unserved }),
    encrypted: encryptedFrom(answers, networks),
    dataPort: typeof dataPort === 'number' && dataPort > 0 ? dataPort : VXLAN_PORT,
  };
}

/**
 * The ports this node's mesh serves. The ingress network lists the services that have a task anywhere: a service whose tasks
 * are still being prepared has no rule yet, though a manager lists its ports (seen on 20.10). It does not list protocols;
 * only managers know those.
 */
function ingressPortsFrom({ ingress, services }: Answers): readonly IngressPort[] {
  const published = publishedIn({ services });
  if (!isRecord(ingress)) return unique(published);
  const served = Object.entries(recordOf(ingress['Services'])).flatMap(([service, raw]) =>
    listOf(recordOf(raw)['Ports']).flatMap((text): readonly IngressPort[] => {
      const port = Number(/Publish: (\d+)/.exec(textOf(text))?.[1] ?? 0);
      if (port === 0) return [];
      const known = published.filter((one) => one.service === service && one.port === port);
      return known.length > 0 ? known : [{ proto: undefined, port }];
    }),
  );
  return unique(served);
}

/** Every port that services publish by the mesh; none where the node does not know. */
const publishedIn = ({ services }: Pick<Answers, 'services'>) =>
  listOf(services).filter(isRecord).flatMap(meshPortsOf);

function meshPortsOf(raw: Json): readonly (IngressPort & { readonly service: string })[] {
  const service = textOf(recordOf(raw['Spec'])['Name']);
  const ports = listOf(recordOf(raw['Endpoint'])['Ports']).filter(isRecord);
  return ports.flatMap((one) => {
    const port = one['PublishedPort'];
    if (typeof port !== 'number' || port === 0 || textOf(one['PublishMode']) === 'host') return [];
    return [{ service, proto: PROTOCOLS.find((proto) => proto === one['Protocol']), port }];
  });
}

const unique = (ports: readonly IngressPort[]): readonly IngressPort[] => [
  ...new Map(ports.map(({ proto, port }) => [`${String(port)}/${String(proto)}`, { proto, port }])).values(),
];

/** Encrypted overlays that a container of this node is on: one VNI per subnet, in the order of the subnets. */
function encryptedFrom({ containers }: Answers, networks: readonly LiveNetwork[]): Swarm['encrypted'] {
  const secret = networks.filter(({ encrypted }) => encrypted);
  if (secret.length === 0) return [];
  const attached = listedContainersFrom(containers).flatMap(({ places = [] }) => places);
  return secret.flatMap(({ id, name, subnets, vnis }) => {
    const addresses = attached.filter(({ networkId }) => networkId === id).map(({ ipv4 }) => ipv4);
    return vnis
      .filter((_, i) => (vnis.length === 1 ? addresses.length > 0 : holdsAny(subnets[i], addresses)))
      .map((vni) => ({ network: name, vni }));
  });
}

function holdsAny(subnet: string | undefined, addresses: readonly string[]): boolean {
  const block = parseBlock(subnet ?? '');
  return addresses.some((address) => {
    const one = parseBlock(address);
    return block !== undefined && one !== undefined && overlap(block, one);
  });
}
