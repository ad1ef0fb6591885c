import type { PeerSender } from '../asker.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import { meetingOf } from './meeting.ts';
import { followOnWire } from './on-wire.ts';
import { followOntoWire } from './onto-wire.ts';
import { notOnOverlay } from './overlay-apart.ts';
import { followOverlay } from './overlay.ts';

/** A way between networks without a bridge: overlay, macvlan and ipvlan; undefined where it leads by bridges and routes, or is not followed. */
export function followModes(
  sender: PeerSender,
  question: PeersQuestion,
  hosts: BothHosts,
): FoundWay | undefined {
  const meeting = meetingOf(sender, question.target, hosts);
  switch (meeting?.by) {
    case 'overlay':
      return followOverlay(meeting, sender, question, hosts);
    case 'nothing':
      return notOnOverlay(meeting, sender, question, hosts);
    case 'wire':
      return followOnWire(meeting, sender, question, hosts);
    case 'arrival':
      return followOntoWire(meeting, sender, question, hosts);
    case undefined:
      return undefined;
  }
}
