import { overlap, parseBlock } from '../iptables/address.ts';
import {
  isRecord,
  listOf,
  PROTOCOLS,
  textOf,
  type Answers,
  type IngressPort,
  type Json,
  type LiveNetwork,
  type Swarm,
} from './inventory.ts';

/** Name of the network, and of the bridge, by which containers of overlay networks reach the host. */
export const GWBRIDGE = 'docker_gwbridge';
/** What the overlays' traffic comes in on, unless `swarm init --data-path-port` says otherwise. */
const VXLAN_PORT = 4789;

const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});

/** This node's part in a swarm (docker-rules §5). */
export function swarmFrom(answers: Answers, networks: readonly LiveNetwork[]): Swarm {
  const swarm = recordOf(recordOf(answers.info)['Swarm']);
  const mesh = recordOf(recordOf(recordOf(answers.gwbridge)['Containers'])['ingress-sbox']);
  const dataPort = recordOf(swarm['Cluster'])['DataPathPort'];
  return {
    state: textOf(swarm['LocalNodeState']),
    manager: swarm['ControlAvailable'] === true,
    meshAddress: textOf(mesh['IPv4Address']).replace(/\/.*$/, '') || undefined,
    ingressPorts: ingressPortsFrom(answers),
    encrypted: encryptedFrom(answers, networks),
    dataPort: typeof dataPort === 'number' && dataPort > 0 ? dataPort : VXLAN_PORT,
  };
}

/**
 * The ports this node's mesh serves. The ingress network tells which services have a task anywhere: a service whose tasks
 * are still being prepared has no rule yet, though a manager lists its ports (seen on 20.10). It does not tell protocols;
 * only managers know those.
 */
function ingressPortsFrom({ ingress, services }: Answers): readonly IngressPort[] {
  const told = listOf(services).filter(isRecord).flatMap(meshPortsOf);
  if (!isRecord(ingress)) return unique(told);
  const served = Object.entries(recordOf(ingress['Services'])).flatMap(([service, raw]) =>
    listOf(recordOf(raw)['Ports']).flatMap((text): readonly IngressPort[] => {
      const port = Number(/Publish: (\d+)/.exec(textOf(text))?.[1] ?? 0);
      if (port === 0) return [];
      const known = told.filter((one) => one.service === service && one.port === port);
      return known.length > 0 ? known : [{ proto: undefined, port }];
    }),
  );
  return unique(served);
}

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

const VNIS = 'com.docker.network.driver.overlay.vxlanid_list';

/** Encrypted overlays that a container of this node is on: one VNI per subnet, in the order of the subnets. */
function encryptedFrom({ containers }: Answers, networks: readonly LiveNetwork[]): Swarm['encrypted'] {
  // Present is on, whatever its value.
  const secret = networks.filter(({ driver, options }) => driver === 'overlay' && 'encrypted' in options);
  if (secret.length === 0) return [];
  const attached = listOf(containers)
    .filter(isRecord)
    .flatMap((raw) => Object.values(recordOf(recordOf(raw['NetworkSettings'])['Networks'])))
    .filter(isRecord);
  return secret.flatMap(({ id, name, subnets, options }) => {
    const addresses = attached
      .filter((one) => textOf(one['NetworkID']) === id)
      .map((one) => textOf(one['IPAddress']));
    const vnis = (options[VNIS] ?? '').split(',').filter((vni) => /^\d+$/.test(vni));
    return vnis
      .filter((_, i) => (vnis.length === 1 ? addresses.length > 0 : holdsAny(subnets[i], addresses)))
      .map((vni) => ({ network: name, vni: Number(vni) }));
  });
}

function holdsAny(subnet: string | undefined, addresses: readonly string[]): boolean {
  const block = parseBlock(subnet ?? '');
  return addresses.some((address) => {
    const one = parseBlock(address);
    return block !== undefined && one !== undefined && overlap(block, one);
  });
}
