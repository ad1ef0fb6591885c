import { ingressAt } from './native/tables.ts';
import { nativeTurns } from './native/turns.ts';
import type { PathEnd } from './path.ts';
import { bridgesAreFiltered } from './routing/bridge.ts';
import { linkOf } from './routing/local.ts';
import { takeAll } from './turns.ts';
import { unknownEnd, type Walk } from './walk.ts';

/**
 * Shows a packet that comes in to nftables' own chains of its interface, before anything else sees it: those of a bridge's port, and of
 * the bridge where it is not carried on to another port.
 *
 * @returns undefined when it passes
 */
export function passIngress(walk: Walk): PathEnd | undefined {
  const { inInterface, inPort } = walk.packet;
  const { netState, bridged } = walk;
  const isBridge = linkOf(netState, inInterface)?.kind === 'bridge';
  if (isBridge && inPort === '') {
    const port = netState.links.find(
      ({ name, master }) =>
        master === inInterface && ingressAt(netState, walk.packet.family, name).length > 0,
    );
    if (port !== undefined) return unknownEnd({ why: `whether it comes in by the port ${port.name}` });
  }
  // br_netfilter shows it to PREROUTING first, and what DNAT there sends to a neighbour never gets to the bridge's own (measured).
  const late = isBridge && !bridged && bridgesAreFiltered(netState, walk.packet) ? metLate(walk) : undefined;
  if (late !== undefined) return late;
  return (
    (inPort === '' ? undefined : passDevice(walk, inPort)) ??
    (isBridge && bridged ? undefined : passDevice(walk, inInterface))
  );
}

/**
 * The ingress of a bridge that br_netfilter shows a packet to only behind PREROUTING: one for this host, and one that was to be carried from
 * port to port until DNAT gave it another destination than a neighbour (measured on 6.18). It is not followed there.
 *
 * @returns undefined where nothing is hooked in there
 */
export function metLate({ netState, packet: { family, inInterface } }: Walk): PathEnd | undefined {
  return ingressAt(netState, family, inInterface).length === 0
    ? undefined
    : unknownEnd({ why: `what the ingress of ${inInterface} sees behind br_netfilter` });
}

function passDevice(walk: Walk, device: string): PathEnd | undefined {
  const hooked = ingressAt(walk.netState, walk.packet.family, device);
  if (hooked.length === 0) return undefined;
  const { inInterface, inPort } = walk.packet;
  walk.packet = { ...walk.packet, inInterface: device, inPort: '' };
  for (const moment of new Set(hooked.map(({ priority }) => priority))) {
    const at = hooked.filter(({ priority }) => priority === moment);
    const end = takeAll(walk, 'PREROUTING', nativeTurns(walk, 'PREROUTING', at));
    if (end !== undefined) return end;
  }
  walk.packet = { ...walk.packet, inInterface, inPort };
  return undefined;
}
