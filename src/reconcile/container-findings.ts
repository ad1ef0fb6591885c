import type { Endpoint, Inventory } from '../docker/inventory/inventory.ts';
import { sh } from '../shell.ts';
import type { Finding } from './finding.ts';

/** Findings about containers instead of rules: those that lost their networks, and those whose ports are unknown. */
export function containerFindings({
  unconnected,
  portsUnknown,
}: Pick<Inventory, 'unconnected' | 'portsUnknown'>): readonly Finding[] {
  return [
    ...unconnected.map(({ container, network }): Finding => ({
      kind: 'unconnected',
      severity: 'outage',
      ...PORTS,
      container,
      consequence: `container ${container} is running but on no network: nothing can reach it. An earlier start failed (port in use, chain missing), or it was disconnected`,
      remedy: sh`docker network connect ${network} ${container}`,
    })),
    ...byContainer(portsUnknown).map(([container, [first]]): Finding => ({
      kind: 'ports-unknown',
      severity: 'notice',
      ...PORTS,
      table: 'filter',
      container,
      consequence: `not checked: the Engine did not report in time which ports container ${container} opens on network ${first.network}; its rules are left as they are, and none is restored`,
    })),
  ];
}

const PORTS = { family: 'ipv4', table: 'nat', chain: 'DOCKER' } as const;

function byContainer(
  endpoints: readonly Endpoint[],
): readonly (readonly [string, readonly [Endpoint, ...Endpoint[]]])[] {
  const found = new Map<string, [Endpoint, ...Endpoint[]]>();
  for (const endpoint of endpoints) {
    const known = found.get(endpoint.container);
    if (known === undefined) found.set(endpoint.container, [endpoint]);
    else known.push(endpoint);
  }
  return [...found];
}
