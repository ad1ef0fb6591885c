import type { InferredIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { FAMILIES } from '../../net/family.ts';

/** The first major version that has the firewall backend nftables. */
const FIRST = 29;

/**
 * Why Docker would not do all of this with nftables (Engine 29.7.2, docs/reference/docker-nftables.md).
 *
 * @returns a sentence each
 */
export function obstaclesTo(
  { version, swarm }: Inventory,
  { intent, settings }: InferredIntent,
): readonly string[] {
  return [
    ...(Number.parseInt(version, 10) < FIRST
      ? [`Engine ${version} has no firewall backend nftables: upgrade it to 29 or later first`]
      : []),
    ...(swarm.state !== 'active'
      ? []
      : ['it is a node of a swarm, in which Docker refuses that firewall backend']),
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
