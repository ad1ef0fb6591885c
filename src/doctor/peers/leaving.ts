import type { NetworkState } from '../../trace/network-state.ts';
import { addressFor, lookupRoute } from '../../trace/routing/route.ts';
import type { Facts } from '../facts/facts.ts';
import { follow, isThrough, type Followed } from '../paths/follow.ts';
import type { PathRequest } from '../paths/request.ts';
import { linkOf } from '../lookup.ts';
import { wiresOf } from './door.ts';
import type { PeerTarget, WirePacket } from './peer.ts';

/** What leaves a host, and how it was followed to there. */
export interface LeavingPacket {
  readonly there: Followed;
  /** Undefined where nothing says by which interface it would leave. */
  readonly wire: WirePacket | undefined;
}

/** Follows a question to the wire. Where its host does not let it out, it is as it would be if it did: what is behind is asked all the same. */
export function leavingBy(request: PathRequest, target: PeerTarget, facts: Facts): LeavingPacket | undefined {
  const { answer: _, ...question } = request;
  const [there] = follow(question, facts);
  if (there === undefined) return undefined;
  return { there, wire: seenOn(there, target) ?? assumed(request, target, facts) };
}

/** A packet on the wire, as its path ended; undefined for one that did not get so far. */
export function seenOn({ outcome, path }: Followed, target: PeerTarget): WirePacket | undefined {
  const { end, last } = path;
  if (end.at !== 'sent' || !isThrough({ outcome }) || last.vague?.includes('source') === true)
    return undefined;
  return {
    ...{ ...target, address: last.destination, source: last.source },
    ...{ dev: end.outInterface, nextHop: end.nextHop, isSeen: true },
  };
}

function assumed({ packet, goal }: PathRequest, target: PeerTarget, facts: Facts): WirePacket | undefined {
  const { netState } = facts;
  const { family, source, destination, protocol, sourcePort, destinationPort } = packet;
  const found = lookupRoute(netState, {
    ...{ family, source: '', destination, mark: 0, inInterface: '' },
    ...{ protocol, sourcePort, destinationPort },
  });
  const wires = wiresOf(facts);
  const route = found.kind === 'unicast' ? found.route : undefined;
  const dev = wires.find(({ name }) => name === route?.dev) ?? wires.find(({ up }) => up);
  if (dev === undefined) return undefined;
  const nextHop = route?.dev === dev.name ? route.via : '';
  const isOwn = source === '' || (goal.to === 'outside' && goal.masqueraded);
  const worn = isOwn ? ownAddress(netState, packet, dev.name, nextHop) : source;
  return worn === undefined
    ? undefined
    : { ...target, address: destination, source: worn, dev: dev.name, nextHop, isSeen: false };
}

/** The address that a packet gets which leaves by an interface. */
function ownAddress(
  netState: NetworkState,
  { family, destination }: PathRequest['packet'],
  dev: string,
  nextHop: string,
): string | undefined {
  const hop = nextHop === '' ? destination : nextHop;
  const chosen = addressFor(netState, { family, destination, dev, nextHop: hop });
  if (chosen !== undefined && chosen !== '') return chosen;
  return linkOf(netState, dev)?.addresses.find((one) => one.family === family && one.scope === 'global')
    ?.address;
}
