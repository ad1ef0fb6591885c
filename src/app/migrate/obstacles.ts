import type { InferredIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { couldWriteNftables } from '../../docker/firewall-backend.ts';
import { networkFlaw } from '../../docker/inventory/flaw.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { FAMILIES } from '../../net/family.ts';

/**
 * Why Docker would not do all of this with nftables (Engine 29.7.2, docs/reference/docker-nftables.md).
 *
 * @returns a sentence each
 */
export function obstaclesTo(
  { version, swarm, networks }: Inventory,
  { intent, settings }: InferredIntent,
): readonly string[] {
  return [
    ...(!couldWriteNftables({ version })
      ? [`Engine ${version} has no firewall backend nftables: upgrade it to 29 or later first`]
      : []),
    ...(swarm.state !== 'active'
      ? []
      : ['it is a node of a swarm, in which Docker refuses that firewall backend']),
    ...networks.flatMap((network) => {
      const flaw = network.driver === 'bridge' ? networkFlaw(network, { byNftables: true }) : undefined;
      return flaw === undefined
        ? []
        : [`network ${network.name} must be made anew, or no container on it starts: ${flaw}`];
    }),
    ...(settings.userlandProxy ? [] : twicePublished(intent)),
    ...(settings.noRaw && !settings.directRouting
      ? ['DOCKER_INSECURE_NO_IPTABLES_RAW has no counterpart: direct access to containers is closed then']
      : []),
  ];
}

/** Without docker-proxy Docker writes one rule for each container port, and fails at the second. */
const twicePublished = (intent: InferredIntent['intent']): readonly string[] => {
  const seen = new Set<string>();
  const twice = FAMILIES.flatMap((family) =>
    (intent[family]?.published ?? []).flatMap(({ address, port, proto, binding }) => {
      if (binding === undefined) return [];
      const key = `${address} ${String(port)}/${proto}`;
      if (seen.has(key)) return [key];
      seen.add(key);
      return [];
    }),
  );
  return twice.length === 0
    ? []
    : [
        `with userland-proxy off Docker fails at a container port with two host ports: ${[...new Set(twice)].join(', ')}`,
      ];
};
