import { sameAddress } from './addresses.ts';
import { isInNetworkOf, isLocal, linkOf } from './local.ts';
import type { Packet } from '../packet.ts';
import type { PathEnd } from '../path.ts';
import type { NetworkState } from '../network-state.ts';
import { unknownEnd } from '../walk.ts';

/** Whether br_netfilter shows the rules of a family what bridges carry. */
export function bridgesAreFiltered({ sysctls }: NetworkState, { family }: Pick<Packet, 'family'>): boolean {
  return sysctls.get(`bridge/bridge-nf-call-${family === 'ipv4' ? 'iptables' : 'ip6tables'}`)?.trim() === '1';
}

/** Whether the interface a packet came in by is a bridge. */
export const behindBridge = (netState: NetworkState, { inInterface }: Packet): boolean =>
  linkOf(netState, inInterface)?.kind === 'bridge';

/**
 * Whether a bridge carries a packet from port to port: it is for a neighbour on the same bridge, whose hardware address
 * the sender has asked for itself. On a bridge without an address there is nothing else it could be for.
 */
export function isBridged(netState: NetworkState, packet: Packet): boolean {
  if (!behindBridge(netState, packet) || isLocal(netState, packet.family, packet.destination)) return false;
  return onSubnetOf(netState, packet, packet.destination);
}

/** Whether an address belongs to the network of the bridge a packet came in by. */
function onSubnetOf(netState: NetworkState, { inInterface, family }: Packet, other: string): boolean {
  const own = (linkOf(netState, inInterface)?.addresses ?? []).filter(
    (one) => one.family === family && one.scope !== 'link',
  );
  return own.length === 0 || isInNetworkOf(own, other);
}

/** A port of a bridge counts as the bridge: its rules see the bridge as the interface (br_netfilter_hooks.c). */
export function atBridge(netState: NetworkState, packet: Packet): Packet {
  const { name, master } = linkOf(netState, packet.inInterface) ?? { name: '', master: '' };
  return linkOf(netState, master)?.kind === 'bridge'
    ? { ...packet, inInterface: master, inPort: name }
    : packet;
}

/**
 * With br_netfilter, what DNAT sends to a neighbour on the same bridge is carried, not routed: back to the port it came in
 * by only where that is a hairpin port. An address of the bridge's network is taken to live behind a port of its own.
 */
export function refusedHairpin(netState: NetworkState, packet: Packet): PathEnd | undefined {
  const { source, destination, inPort } = packet;
  const hairpin = linkOf(netState, inPort)?.hairpin;
  if (hairpin === true) return undefined;
  if (!sameAddress(source, destination))
    return onSubnetOf(netState, packet, source)
      ? undefined
      : unknownEnd({ why: `whether ${destination} is behind the port that ${source} came in by` });
  if (hairpin === undefined) return unknownEnd({ why: `whether the port of ${source} is a hairpin port` });
  return { at: 'lost', why: 'hairpin', detail: `${inPort} does not send back what came in by it` };
}
