import type { PurposeId } from '../ownership/purpose.ts';
import type { Inventory } from '../../../docker/inventory/inventory.ts';
import type { Captures } from '../ownership/shape.ts';

/** Why a rule of the routing mesh is obsolete; undefined where it is not. */
export function ingressGone(
  { state, ingressPorts, meshAddress }: Inventory['swarm'],
  purpose: PurposeId,
  { hostPort, proto, ip }: Captures,
): string | undefined {
  if (state !== 'active') return 'this host is no longer in a swarm';
  if (hostPort === undefined) return undefined;
  // A worker knows the ports, not their protocols.
  const isServed = ingressPorts.some(
    (known) => String(known.port) === hostPort && (known.proto === undefined || known.proto === proto),
  );
  if (!isServed) return `no service publishes ${hostPort}/${proto ?? ''} through the routing mesh`;
  return purpose !== 'ingress-dnat' || meshAddress === undefined || meshAddress === ip
    ? undefined
    : `the routing mesh now has ${meshAddress}`;
}
