import { addressOf, insideOf, linkOf } from '../../lookup.ts';
import { familyOf } from '../../../net/family.ts';
import { holding } from '../../paths/routes.ts';
import type { PeerSender } from '../asker.ts';
import type { WireDoor } from '../door.ts';
import type { PeerCause, PeerHost, PeerLeg, PeerTarget, WirePacket } from '../peer.ts';
import { judgePlace } from './inside.ts';
import { placeOnWire } from './meeting.ts';
import { beneath } from './on-wire.ts';
import { wayTo } from './one-wire.ts';
import { judgeParent } from './parent.ts';

/** What a container on a macvlan or ipvlan network alone asks of anybody: it leaves past the rules of its host, and its answer comes so. */
export interface PastRules {
  readonly wire: WirePacket;
  /** Where the answer comes in. */
  readonly door: WireDoor;
  readonly causes: readonly PeerCause[];
  readonly legs: { readonly out: PeerLeg; readonly home: PeerLeg };
}

/** How such a container asks; undefined for anybody else. */
export function pastRules(sender: PeerSender, target: PeerTarget, asking: PeerHost): PastRules | undefined {
  const member =
    sender.is === 'host' ? undefined : placeOnWire(sender.names[0], target.address, asking.facts);
  const { parent: dev = '' } = member?.network ?? {};
  const link = linkOf(asking.facts.netState, dev);
  if (member === undefined || link === undefined) return undefined;
  const { container, attached } = member;
  const { host } = asking.about;
  const source = addressOf(attached, familyOf(target.address));
  const inside = insideOf(container);
  const nextHop = (inside && holding(target.address, inside)[0]?.via) ?? '';
  const leg = (part: 'out' | 'home', what: string): PeerLeg => ({
    ...{ place: 'asking', part, verdict: 'ok' },
    what: `${what} by ${beneath(member)}: no rule of ${host} sees it`,
  });
  return {
    wire: { ...target, source, dev, nextHop, isSeen: true },
    door: { link, isDirect: nextHop === '' },
    causes: [
      ...judgeParent(member, asking, 'asking'),
      ...judgePlace(member, asking, 'asking'),
      ...wayTo(target.address, member, asking),
    ],
    legs: {
      out: leg('out', `${container.name} (${source}) leaves ${host}`),
      home: leg('home', `comes into ${container.name}`),
    },
  };
}
