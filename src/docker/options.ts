import type { Family } from '../iptables/model.ts';
import type { Network } from './inventory.ts';

const MASQUERADES = 'com.docker.network.bridge.enable_ip_masquerade';
const HOST_IPV4 = 'com.docker.network.host_ipv4';
const HOST_IPV6 = 'com.docker.network.host_ipv6';
const TRUSTED = 'com.docker.network.bridge.trusted_host_interfaces';

/**
 * The targets with which Docker hides a network's addresses behind the host's.
 *
 * @param subnet - that the rule names; the hairpin rule names none, may be of either family, and stands there even where
 *   masquerading is off (recorded on 20.10, 26.1 and 28.5)
 */
export function hidesBehind(network: Network, subnet: string | undefined): readonly string[] {
  const targets = [sourceTarget(network, 'ipv4'), sourceTarget(network, 'ipv6')];
  if (subnet === undefined) return targets;
  if (!isMasqueraded(network)) return [];
  return subnet.includes(':') ? targets.slice(1) : targets.slice(0, 1);
}

/** Whether a network's addresses are hidden behind the host's at all. */
export const isMasqueraded = ({ options }: Network): boolean => !isFalse(options[MASQUERADES]);

/** The target that hides a network's addresses in one family. */
export function sourceTarget({ options }: Network, family: Family): string {
  const source = options[family === 'ipv4' ? HOST_IPV4 : HOST_IPV6] ?? '';
  return source === '' ? 'MASQUERADE' : `SNAT --to-source ${source}`;
}

/** Whether an option is switched off, in one of the spellings that Go's ParseBool takes for false. */
export const isFalse = (option: string | undefined): boolean => /^(?:false|f|0)$/i.test(option ?? '');

/** `nat`, `nat-unprotected`, `routed` or `isolated` (Engine 27 and later; `isolated` and `nat-unprotected` from 28). */
export function gatewayMode({ options }: Network, family: Family): string {
  return options[`com.docker.network.bridge.gateway_mode_${family}`] || 'nat';
}

/** The interfaces whose traffic a network lets in directly (Engine 28.2 and later). */
export function trustedInterfaces({ options }: Network): readonly string[] {
  return (options[TRUSTED] ?? '').split(':').filter((name) => name !== '');
}
