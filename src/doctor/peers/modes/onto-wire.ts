import { hostPort } from '../../../net/address.ts';
import { checksOf } from '../../checks/check.ts';
import { diagnose } from '../../diagnose.ts';
import { outwardPaths } from '../../paths/asked.ts';
import { follow, type Followed } from '../../paths/follow.ts';
import type { PathRequest } from '../../paths/request.ts';
import { advise } from '../../remedies/proposal.ts';
import type { PeerSender } from '../asker.ts';
import { leavingBy } from '../leaving.ts';
import { legsOf } from '../legs.ts';
import { hostCauses } from '../matters.ts';
import type { PeerCause, PeerHost, PeerLeg, WirePacket } from '../peer.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import { judgeListening, judgePlace } from './inside.ts';
import type { BridgelessMeeting } from './meeting.ts';
import { judgeHeld, wayTo } from './one-wire.ts';
import { arrivalLegs, unseenBeneath, wireBetween } from './on-wire.ts';
import { judgeParent } from './parent.ts';

/**
 * A host, or a container on a bridge, asks a macvlan or ipvlan container of another host: the rules of its own host see the packet go and its
 * answer come; those of the other host see neither.
 */
export function followOntoWire(
  { to }: Extract<BridgelessMeeting, { readonly by: 'arrival' }>,
  sender: PeerSender,
  { asker, target }: PeersQuestion,
  { asking, asked }: BothHosts,
): FoundWay | undefined {
  const [request] = outwardPaths(sender, { kind: 'address', ...target }, asking.facts);
  const leaving = request && leavingBy(request, target, asking.facts);
  if (request === undefined || leaving?.wire === undefined) return undefined;
  const { wire, there } = leaving;
  const home = answeredOn(request, wire);
  const [, answer] = follow(home, asking.facts);
  const about = `${hostPort(target.address, target.port)}/${target.proto}`;
  const diagnoses = {
    asking: diagnose(asking.facts, { about, from: asker, known: { sender, requestsTo: () => [home] } }),
    asked: diagnose(asked.facts, { about: to.container.name, from: '' }),
  };
  const passed = [there, ...(answer === undefined ? [] : [answer])];
  const causes = [
    ...hostCauses('asking', asking, diagnoses.asking, passed),
    ...judgeHeld(target.address, asked, asking),
    ...(wire.nextHop === '' ? [] : [byRouter(wire, asking)]),
    ...judgeParent(to, asked, 'asked'),
    ...judgePlace(to, asked, 'asked'),
    ...wayTo(wire.source, to, asked),
    ...judgeListening(to, target, asked),
  ];
  const [out, homeLeg] = legsOf(
    { out: there, there: undefined, into: [], back: undefined, home: undefined },
    asking,
    asked,
  ).concat(answer === undefined ? [] : homeOf(answer, asking));
  const { into, answer: left } = arrivalLegs(to, asked, causes.length === 0 ? 'ok' : 'unknown');
  const dev = to.network.parent ?? '';
  const back = { ...wire, address: wire.source, source: wire.address, dev, nextHop: '' };
  return {
    causes,
    legs: [
      ...(out === undefined ? [] : [out]),
      wireBetween('there', wire, asking, { peer: asked, dev }),
      into,
      left,
      wireBetween('back', back, asked, { peer: asking, dev: wire.dev }),
      ...(homeLeg === undefined ? [] : [homeLeg]),
    ],
    diagnoses,
    isCut: false,
    notes: [unseenBeneath(wire.dev, to, { asking, asked })],
  };
}

const answeredOn = (request: PathRequest, { dev }: WirePacket): PathRequest =>
  request.answer === undefined ? request : { ...request, answer: { ...request.answer, inInterface: dev } };

const homeOf = ({ outcome, path, request }: Followed, { about: { host } }: PeerHost): PeerLeg => ({
  ...{ place: 'asking', part: 'home', path },
  verdict: outcome.is === 'reached' ? 'ok' : outcome.is === 'unknown' ? 'unknown' : 'fail',
  what: `comes into ${host} by ${path.packet.inInterface}, ${outcome.is === 'reached' ? 'reaches' : 'does not reach'} ${request.subjects[0] ?? ''}`,
});

const byRouter = ({ nextHop, address, dev }: WirePacket, { about: { host } }: PeerHost): PeerCause => ({
  ...{ place: 'between', host },
  check: checksOf('wire').unknown(
    'wire-route-there',
    `cannot tell whether ${nextHop} passes packets on to ${address}`,
    {
      about: dev,
      meaning: `${host} sends them to ${nextHop}, whose routes are not seen`,
      remedies: [advise(`look there for a route to ${address}`)],
    },
  ),
});
