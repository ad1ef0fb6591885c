import { maskOf } from '../../../docker/intent/network.ts';
import type { MaskedSource } from '../../../docker/intent/values.ts';
import type { Network } from '../../../docker/inventory/inventory.ts';

/** The target that masks packets so. */
export const targetOf = (mask: MaskedSource): string =>
  mask.as === 'interface' ? 'MASQUERADE' : `SNAT --to-source ${mask.address}`;

/**
 * The targets with which Docker hides a network's addresses behind the host's.
 *
 * @param subnet - that the rule names. The hairpin rule names none, may be of either family, and is written even where
 *   masquerading is off (recorded on 20.10, 26.1 and 28.5)
 */
export function hidesBehind(network: Network, subnet: string | undefined): readonly string[] {
  const targets = [targetOf(maskOf(network, 'ipv4')), targetOf(maskOf(network, 'ipv6'))];
  if (subnet === undefined) return targets;
  if (!network.masquerade) return [];
  return subnet.includes(':') ? targets.slice(1) : targets.slice(0, 1);
}
