import { parseBlock } from '../iptables/address.ts';
import { inBlock, sameAddress } from './addresses.ts';
import { isLocal, linkOf } from './local.ts';
import type { Packet } from './packet.ts';
import type { PathEnd } from './path.ts';
import type { Terrain } from './terrain.ts';
import { unknownEnd } from './walk.ts';

/** Whether br_netfilter shows the rules of a family what bridges carry. */
export function bridgesAreFiltered({ sysctls }: Terrain, { family }: Pick<Packet, 'family'>): boolean {
  return sysctls.get(`bridge/bridge-nf-call-${family === 'ipv4' ? 'iptables' : 'ip6tables'}`)?.trim() === '1';
}

/** Whether the interface a packet came in by is a bridge. */
export const behindBridge = (terrain: Terrain, { inInterface }: Packet): boolean =>
  linkOf(terrain, inInterface)?.kind === 'bridge';

/**
 * Whether a bridge carries a packet from port to port: it is for a neighbour on the same bridge, whose hardware address
 * the sender has asked for itself. On a bridge without an address there is nothing else it could be for.
 */
export function isBridged(terrain: Terrain, packet: Packet): boolean {
  if (!behindBridge(terrain, packet) || isLocal(terrain, packet.family, packet.destination)) return false;
  const own = (linkOf(terrain, packet.inInterface)?.addresses ?? []).filter(
    ({ family, scope }) => family === packet.family && scope !== 'link',
  );
  const near = own.some(
    ({ address, length }) => inBlock(packet.destination, parseBlock(`${address}/${String(length)}`)) === true,
  );
  return own.length === 0 || near;
}

/** A port of a bridge stands for the bridge: its rules see the bridge as the interface (br_netfilter_hooks.c). */
export function atBridge(terrain: Terrain, packet: Packet): Packet {
  const { name, master } = linkOf(terrain, packet.inInterface) ?? { name: '', master: '' };
  return linkOf(terrain, master)?.kind === 'bridge'
    ? { ...packet, inInterface: master, inPort: name }
    : packet;
}

/**
 * With br_netfilter, what DNAT sends to a neighbour on the same bridge is carried, not routed: back to the port it came by
 * only where that is a hairpin port.
 */
export function refusedHairpin(terrain: Terrain, packet: Packet): PathEnd | undefined {
  if (!sameAddress(packet.source, packet.destination)) return undefined;
  const hairpin = linkOf(terrain, packet.inPort)?.hairpin;
  if (hairpin === undefined)
    return unknownEnd({ why: `whether the port of ${packet.source} is a hairpin port` });
  return hairpin
    ? undefined
    : { at: 'lost', why: 'hairpin', detail: `${packet.inPort} does not send back what came in by it` };
}
