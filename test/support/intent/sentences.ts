import type { TrustedInterfaces } from '../../../src/docker/intent/trusted.ts';
import type {
  DirectAccess,
  FamilyIntent,
  LeavesAs,
  NetworkIntent,
  PublishedIntent,
} from '../../../src/docker/intent/values.ts';
import { hostPort } from '../../../src/net/address.ts';

const wearing = (source: LeavesAs | undefined): string =>
  source === undefined || source.as === 'itself'
    ? 'as itself'
    : source.as === 'interface'
      ? 'masqueraded'
      : `as ${source.address}`;

const except = (trusted: readonly TrustedInterfaces[]): string =>
  trusted.length === 0
    ? ''
    : ` except from ${trusted.map(({ name, isPrefix }) => (isPrefix ? `all ${name}…` : name)).join(' and ')}`;

const directly = (direct: DirectAccess): string =>
  direct.closes === 'nothing'
    ? 'nothing is closed directly'
    : direct.closes === 'ports'
      ? 'published ports are closed directly'
      : `addresses are closed directly${except(direct.trusted)}`;

/** What is meant for one network, one sentence for each question. */
export function networkSentences(network: NetworkIntent | undefined): Readonly<Record<string, string>> {
  if (network === undefined) return { kind: 'no word' };
  if (network.kind === 'unused') return { kind: 'unused', others: network.others };
  const { kind, subnets, inside } = network;
  const common = { kind, subnets: subnets.join(' '), inside };
  if (network.kind === 'internal') return common;
  return {
    ...common,
    leaves: wearing(network.leaves),
    fromHost: wearing(network.fromHost),
    asks: `published ports by ${network.asksPublished}`,
    unpublished: network.unpublished,
    direct: directly(network.direct),
    others: network.others,
  };
}

function publishedSentence(published: PublishedIntent): string {
  const { binding, proto, address, port, network, bridge, admitted, closedDirectly } = published;
  const to = `${hostPort(address, port)}/${proto} on ${network} (${bridge})`;
  return [
    binding === undefined
      ? `${to} is open`
      : `${hostPort(binding.address === '' ? 'every' : binding.address, binding.port)} leads to ${to}`,
    ...(binding?.ownNetwork === 'docker-proxy' ? ['for its network docker-proxy answers'] : []),
    ...(binding?.linkLocal === 'docker-proxy' ? ['for link-local neighbours docker-proxy answers'] : []),
    ...(binding?.hairpin === true ? ['led back to the asker masqueraded'] : []),
    ...(binding?.closedRemotely === true ? ['closed to all but this host'] : []),
    ...(admitted === 'with-network' ? ['let through with its network'] : []),
    ...(closedDirectly ? ['closed directly'] : []),
    ...(published.fillsChecksums ? ['checksums filled in'] : []),
  ].join(', ');
}

/** What is meant for single containers and the swarm, one sentence for each. */
export const endpointSentences = (intent: FamilyIntent): readonly string[] => [
  ...intent.published.map(publishedSentence),
  ...intent.links.map(
    ({ from, to, proto, port, bridge }) => `${from} may ask ${hostPort(to, port)}/${proto} on ${bridge}`,
  ),
  ...intent.endpoints.map(
    ({ address, bridge, trusted }) => `${address} is closed past ${bridge}${except(trusted)}`,
  ),
  ...(intent.mesh === undefined
    ? []
    : [
        `the mesh leads ${intent.mesh.ports.map(({ port, proto }) => `${String(port)}/${proto}`).join(' and ')} to ${intent.mesh.address} on ${intent.mesh.bridge}`,
      ]),
  ...intent.overlays.map(({ vni, port }) => `VXLAN ${String(vni)} on UDP port ${String(port)} is encrypted`),
];
