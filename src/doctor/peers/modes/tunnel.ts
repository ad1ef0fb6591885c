import { hostPort } from '../../../net/address.ts';
import { packetTo } from '../../../reach/question.ts';
import { exitFor } from '../../../trace/routing/route.ts';
import { isThrough, follow, type Followed } from '../../paths/follow.ts';
import type { PathRequest } from '../../paths/request.ts';
import { doorInto } from '../door.ts';
import { seenOn } from '../leaving.ts';
import type { PeerHost } from '../peer.ts';
import type { Crossing } from '../wire.ts';

/** The port on which nodes of a swarm tell each other where containers are. */
export const GOSSIP_PORT = 7946;

/** What nodes of a swarm send each other by themselves. */
export interface NodePacket {
  /** In the words of `-p`. */
  readonly proto: 'udp' | 'tcp' | 'esp';
  /** 0 for a protocol without ports. */
  readonly port: number;
  /** Whether its answer is looked for too: packets of VXLAN and ESP are each a question of their own. */
  readonly isAnswered: boolean;
}

/** A node of a swarm, and the address by which the others know it. */
export interface Node {
  readonly host: PeerHost;
  readonly address: string;
}

/** One packet from node to node, as far as it gets, and whether its answer gets home. */
export interface NodeWay {
  readonly packet: NodePacket;
  /** The requests by which it is followed, on the host it leaves and on the one it comes to. */
  readonly requests: { readonly out: PathRequest; readonly into: PathRequest | undefined };
  readonly out: Followed;
  readonly crossing: Crossing;
  /** Undefined where nothing says by which interface it comes in. */
  readonly into: Followed | undefined;
  readonly isOpen: boolean;
}

/** `203.0.113.20:4789/udp`, `203.0.113.20 (esp)`. */
const spell = ({ proto, port }: NodePacket, address: string): string =>
  port === 0 ? `${address} (${proto})` : `${hostPort(address, port)}/${proto}`;

/** Follows one packet from node to node: made on one, for the other itself. */
export function followNodes(packet: NodePacket, from: Node, to: Node): NodeWay {
  const { proto, port, isAnswered } = packet;
  const named = spell(packet, to.address);
  const shared = { kind: 'host', subjects: ['this host'], shouldPass: true } as const;
  const out: PathRequest = {
    ...shared,
    name: `host → ${named}`,
    packet: packetTo(proto, ['', to.address, port], {}),
    goal: { to: 'outside', masqueraded: false },
    ...(isAnswered && {
      answer: {
        inInterface: exitFor(from.host.facts.netState, to.address),
        inPort: '',
        goal: { to: 'host' as const },
      },
    }),
  };
  const left = follow(out, from.host.facts);
  const [there] = left;
  if (there === undefined) throw new Error('a path has a beginning');
  const target = { address: to.address, port, proto: proto === 'tcp' ? 'tcp' : 'udp' } as const;
  // Where it is not let out it is followed as it would come in: the second fault is told with the first.
  const wire = seenOn(there, target) ?? {
    ...target,
    ...{
      source: from.address,
      dev: exitFor(from.host.facts.netState, to.address),
      nextHop: '',
      isSeen: false,
    },
  };
  const door = doorInto(wire, to.host.facts);
  const link = door?.link;
  const into: PathRequest | undefined = link && {
    ...shared,
    name: `${from.address} → ${named} of this host`,
    packet: packetTo(proto, [wire.source, to.address, port], { inInterface: link.name }),
    goal: { to: 'host' },
    ...(isAnswered && {
      answer: {
        inInterface: '',
        inPort: '',
        goal: { to: 'outside' as const, masqueraded: false, by: link.name },
      },
    }),
  };
  const came = into === undefined ? [] : follow(into, to.host.facts);
  return {
    ...{ packet, requests: { out, into }, out: there, into: came[0] },
    crossing: { packet: wire, from: from.host, to: to.host, door },
    isOpen: came.length > 0 && [...left, ...came].every(isThrough),
  };
}
