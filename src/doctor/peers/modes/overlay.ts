import { blockOf, hostPort } from '../../../net/address.ts';
import { checksOf } from '../../checks/check.ts';
import { diagnose } from '../../diagnose.ts';
import type { Check } from '../../diagnosis.ts';
import { inBlock } from '../../../trace/routing/addresses.ts';
import type { Member } from '../../lookup.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerSender } from '../asker.ts';
import { legsOf } from '../legs.ts';
import { hostCauses } from '../matters.ts';
import type { PeerCause, PeerHost, PeerLeg, PeerPlace } from '../peer.ts';
import { isForCarrier, judgeWireDown } from '../wire-down.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import { judgeEncryption, withoutOverlayRules } from './encryption.ts';
import { judgeListening, judgePlace } from './inside.ts';
import type { BridgelessMeeting } from './meeting.ts';
import { judgeOverlayMtu, noteOverlayMtu } from './overlay-mtu.ts';
import { dataPortOf, judgeNode, judgeSockets } from './overlay-node.ts';
import { followNodes, GOSSIP_PORT, type Node, type NodePacket, type NodeWay } from './tunnel.ts';

const { unknown, warn } = checksOf('wire');

/** One kind of packet, both ways between two nodes. */
interface NodeWays {
  readonly there: NodeWay;
  readonly back: NodeWay;
}

/**
 * A container asks another on the same overlay network: its packets travel between the hosts in packets of VXLAN, each of which is made on
 * one host for the other itself. Whether those get through is followed by the rules of both; what the swarm told each host of the other's
 * containers, no facts show.
 */
export function followOverlay(
  { from, to }: Extract<BridgelessMeeting, { readonly by: 'overlay' }>,
  sender: PeerSender,
  { asker, target }: PeersQuestion,
  hosts: BothHosts,
): FoundWay {
  const { network } = from;
  const bare = {
    asking: { ...hosts.asking, facts: withoutOverlayRules(hosts.asking.facts) },
    asked: { ...hosts.asked, facts: withoutOverlayRules(hosts.asked.facts) },
  };
  const nodes = { asking: judgeNode(hosts.asking), asked: judgeNode(hosts.asked) };
  const isNode = nodes.asking.length === 0 && nodes.asked.length === 0;
  const data = dataPortOf([hosts.asking, hosts.asked]);
  const a: Node = { host: bare.asking, address: nodeAddress(hosts.asking) };
  const b: Node = { host: bare.asked, address: nodeAddress(hosts.asked) };
  const both = (packet: NodePacket): NodeWays => ({
    there: followNodes(packet, a, b),
    back: followNodes(packet, b, a),
  });
  const tunnel = isNode ? both({ proto: 'udp', port: data.port, isAnswered: false }) : undefined;
  const sealed = isNode && network.encrypted ? [both({ proto: 'esp', port: 0, isAnswered: false })] : [];
  const gossip = isNode
    ? (['tcp', 'udp'] as const).map((proto) => both({ proto, port: GOSSIP_PORT, isAnswered: true }))
    : [];
  // Nodes tell each other whichever of them opens the conversation.
  const mute = gossip.filter(({ there, back }) => !there.isOpen && !back.isOpen);
  const judged = [...(tunnel === undefined ? [] : [tunnel]), ...sealed, ...mute];
  const requests = {
    asking: judged.flatMap(({ there, back }) => [there.requests.out, ...given(back.requests.into)]),
    asked: judged.flatMap(({ there, back }) => [...given(there.requests.into), back.requests.out]),
  };
  const about = to?.container.name ?? `${hostPort(b.address || target.address, data.port)}/udp`;
  const diagnoses = {
    asking: diagnose(bare.asking.facts, {
      about: `${hostPort(target.address, target.port)}/${target.proto}`,
      from: asker,
      known: { sender, requestsTo: () => requests.asking },
    }),
    asked: diagnose(bare.asked.facts, {
      ...{ about, from: a.address },
      known: {
        sender: { is: 'outside', interface: requests.asked[0]?.packet.inInterface ?? '', address: a.address },
        requestsTo: () => requests.asked,
      },
    }),
  };
  const followedOn = (place: 'asking' | 'asked') =>
    judged.flatMap(({ there, back }) =>
      place === 'asking' ? [there.out, ...given(back.into)] : [...given(there.into), back.out],
    );
  const onHost = (place: 'asking' | 'asked', member: Member | undefined): readonly PeerCause[] => {
    const told = [...nodes[place], ...(isNode ? judgeSockets(hosts[place], data) : [])].map(
      causeOn(place, hosts[place]),
    );
    const inside = member === undefined ? [] : judgePlace(member, hosts[place], place);
    // Where its part in the swarm is not known no packet is followed, and nothing found of others matters.
    return [
      ...told,
      ...inside,
      ...(isNode ? hostCauses(place, bare[place], diagnoses[place], followedOn(place)) : []),
    ];
  };
  const down = tunnel === undefined ? [] : judgeWireDown(tunnel.there.crossing);
  // What an interface that is down leads to is no cause of its own.
  const isForDown =
    tunnel !== undefined && down.length > 0 && isForCarrier(tunnel.there.out, tunnel.there.crossing);
  const ends = {
    crossings: tunnel === undefined ? [] : [tunnel.there.crossing, tunnel.back.crossing],
    from,
    to,
  };
  const tooLarge = judgeOverlayMtu(ends);
  const causes = isForDown
    ? down
    : [
        ...onHost('asking', from),
        ...down,
        ...tooLarge,
        ...(down.length > 0 ? [] : onHost('asked', to)),
        ...(to === undefined ? [nobodyKnown(from, target, hosts)] : judgeListening(to, target, hosts.asked)),
        ...(network.encrypted && isNode ? judgeEncryption(network.name, hosts) : []),
      ];
  const way = tunnel && {
    out: tunnel.there.out,
    there: tunnel.there.crossing,
    into: [...given(tunnel.there.into), tunnel.back.out],
    back: tunnel.back.crossing,
    home: tunnel.back.into,
  };
  return {
    causes,
    legs: way === undefined ? [] : legsOf(way, bare.asking, bare.asked).map(named(from, to, target)),
    diagnoses,
    isCut: tunnel === undefined,
    notes: [
      ...gossip
        .filter((ways) => !mute.includes(ways) && !(ways.there.isOpen && ways.back.isOpen))
        .map(oneWay(hosts)),
      ...(tooLarge.length > 0 ? [] : noteOverlayMtu(ends)),
      ...(isNode ? [unseenIn(network.name)] : []),
    ],
  };
}

const given = <Value>(value: Value | undefined): readonly Value[] => (value === undefined ? [] : [value]);

const nodeAddress = ({ facts }: PeerHost): string => facts.intended?.inventory.swarm?.nodeAddress ?? '';

const causeOn =
  (place: PeerPlace, { about: { host } }: PeerHost) =>
  (check: Check): PeerCause => ({ place, host, check });

/** The parts of the way as those of what is asked: what is followed carries it. */
const named =
  (
    { network, attached, container }: Member,
    to: Member | undefined,
    { address, port, proto }: PeersQuestion['target'],
  ) =>
  (leg: PeerLeg): PeerLeg => {
    const vni =
      network.vnis[network.subnets.findIndex((subnet) => inBlock(attached.ipv4, blockOf(subnet)) === true)] ??
      network.vnis[0];
    const tunnel = `VXLAN${vni === undefined ? '' : ` ${String(vni)}`} of overlay ${network.name}`;
    switch (leg.part) {
      case 'out':
        return {
          ...leg,
          what: `${container.name} → ${hostPort(address, port)}/${proto} in ${tunnel}: ${leg.what}`,
        };
      case 'in':
        return {
          ...leg,
          what: `${leg.what}${to === undefined || leg.verdict !== 'ok' ? '' : `, which passes it on to ${to.container.name}`}`,
        };
      case 'home':
        return {
          ...leg,
          what: `${leg.what}${leg.verdict === 'ok' ? `, which passes it on to ${container.name}` : ''}`,
        };
      default:
        return leg;
    }
  };

/** An address of the network that no container of the other host has. */
function nobodyKnown(
  { network }: Member,
  { address }: PeersQuestion['target'],
  { asked }: BothHosts,
): PeerCause {
  const { host } = asked.about;
  return {
    ...{ place: 'asked', host },
    check: unknown('path-unknown', `no container of ${host} has ${address} on overlay ${network.name}`, {
      about: address,
      meaning: "it is a service's own address, which its tasks share, or a container's on another node",
      remedies: [
        advise(
          'ask for the address of one container: docker inspect there shows it under Networks, and docker service ps the nodes of its tasks',
        ),
      ],
    }),
  };
}

const oneWay =
  ({ asking, asked }: BothHosts) =>
  ({ there, back }: NodeWays): Check => {
    const [from, to] = there.isOpen ? [asked, asking] : [asking, asked];
    const { proto, port } = (there.isOpen ? back : there).packet;
    return warn(
      'overlay-gossip',
      `${from.about.host} cannot open ${String(port)}/${proto} to ${to.about.host}; the other way it is open`,
      {
        about: `${String(port)}/${proto}`,
        meaning: 'they still tell each other where containers are, for as long as the other one asks',
        remedies: [advise('let 7946/tcp and 7946/udp through both ways')],
      },
    );
  };

const unseenIn = (network: string): Check =>
  warn(
    'overlay-unseen',
    `what the swarm told each host of the other's containers on ${network} is not seen`,
    {
      about: network,
      meaning: `which host has an address, and whether both think each other alive, only dockerd knows: docker network inspect -v ${network} on either`,
    },
  );
