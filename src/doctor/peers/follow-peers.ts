import { hostPort } from '../../net/address.ts';
import { checksOf } from '../checks/check.ts';
import { diagnose } from '../diagnose.ts';
import type { Diagnosis } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import { isOwnAddress } from '../lookup.ts';
import { outwardPaths } from '../paths/asked.ts';
import { follow, type Followed } from '../paths/follow.ts';
import type { PathRequest } from '../paths/request.ts';
import { advise } from '../remedies/proposal.ts';
import { findTarget } from '../target/target.ts';
import { arrivingPaths } from './arriving.ts';
import { sendersOn, type PeerSender } from './asker.ts';
import { causesOn } from './causes.ts';
import { doorInto, wiresOf, type WireDoor } from './door.ts';
import { judgePeerFacts } from './freshness.ts';
import { leavingBy, seenOn } from './leaving.ts';
import { legsOf } from './legs.ts';
import type { PeerHost, PeersDiagnosis, PeerTarget, WirePacket } from './peer.ts';
import { followModes } from './modes/modes.ts';
import { pastRules, type PastRules } from './modes/past-rules.ts';
import { unaskedBy } from './unfollowed.ts';
import { here } from './whose-address.ts';
import type { BothHosts, FoundWay, PeersQuestion, PeerWay } from './way.ts';
import type { Crossing } from './wire.ts';

/** So many containers of a service or network are followed, each by itself. */
const MOST = 3;
const RANK = { ok: 0, unknown: 1, fail: 2 } as const;

/**
 * Follows a packet from somebody on one host over the wire into another host and its container, and the answer all the way home. Pure: the same
 * facts, the same diagnosis. What is between both hosts is not seen: packets between addresses of the hosts themselves are taken to be carried.
 * Of the containers of a service or network the one that fares worst is told.
 *
 * @throws Fault RG_USAGE for an asker that is nothing there, or more than one thing
 */
export function followPeers(question: PeersQuestion, asking: PeerHost, asked: PeerHost): PeersDiagnosis {
  const senders = sendersOn(question.asker, asking.facts);
  const followed = senders.slice(0, MOST).map((sender) => followSender(sender, question, { asking, asked }));
  const worst = followed.reduce((one, other) => (RANK[other.verdict] > RANK[one.verdict] ? other : one));
  return senders.length === followed.length
    ? worst
    : inPart(worst, `${String(followed.length)} of ${String(senders.length)}`, asking);
}

/** Of those who were not followed nothing is known. */
function inPart(worst: PeersDiagnosis, share: string, { about: { host } }: PeerHost): PeersDiagnosis {
  const { asker, verdict, causes, between } = worst;
  const remedies = [advise('ask for one container by its name')];
  const told = checksOf('path');
  const [code, title] = ['path-unknown', `${share} containers of ${asker} were followed`] as const;
  if (verdict === 'fail')
    return { ...worst, between: [...between, told.warn(code, title, { about: asker, remedies })] };
  const check = told.unknown(code, title, { about: asker, remedies });
  return { ...worst, verdict: 'unknown', causes: [...causes, { place: 'asking', host, check }] };
}

function followSender(sender: PeerSender, question: PeersQuestion, hosts: BothHosts): PeersDiagnosis {
  const { asker, target } = question;
  const { asking, asked } = hosts;
  const isHere = isOwnAddress(asking.facts.netState, target.address);
  const { causes, legs, diagnoses, isCut, notes } =
    (isHere ? undefined : followModes(sender, question, hosts)) ?? followRouted(sender, question, hosts);
  const failed = causes.filter(({ check }) => check.verdict === 'fail');
  const isDark = causes.length > 0 || isCut || legs.some(({ verdict }) => verdict !== 'ok');
  return {
    ...{ asker, target, legs },
    verdict: failed.length > 0 ? 'fail' : isDark ? 'unknown' : 'ok',
    causes: failed.length > 0 ? failed : causes,
    asking: { about: asking.about, diagnosis: diagnoses.asking },
    asked: { about: asked.about, diagnosis: diagnoses.asked },
    between: [
      ...causes.filter(({ place }) => place === 'between').map(({ check }) => check),
      ...notes,
      ...judgePeerFacts([asking, asked], (peer) =>
        peer === asked ? spellTarget(target) : asker === 'host' ? '' : asker,
      ),
    ],
  };
}

const spellTarget = ({ address, port, proto }: PeerTarget): string => `${hostPort(address, port)}/${proto}`;

/** The way by bridges and routes. */
function followRouted(sender: PeerSender, { asker, target }: PeersQuestion, hosts: BothHosts): FoundWay {
  const { asking, asked } = hosts;
  const about = spellTarget(target);
  const isHere = isOwnAddress(asking.facts.netState, target.address);
  const [request] = isHere ? [] : outwardPaths(sender, { kind: 'address', ...target }, asking.facts);
  const past = isHere || request !== undefined ? undefined : pastRules(sender, target, asking);
  const { way, home } = wayOf(request, past, target, hosts);
  const { there } = way;
  const diagnoses = {
    asking: diagnose(asking.facts, { about, from: asker, known: { sender, requestsTo: () => home } }),
    asked: diagnosedThere(about, there, asked.facts),
  };
  const unasked = isHere || (request ?? past) !== undefined ? undefined : unaskedBy(sender, asking);
  const causes = isHere
    ? [here(target, asking, asked)]
    : unasked !== undefined
      ? [{ place: 'asking' as const, host: asking.about.host, check: unasked }]
      : causesOn(way, { target, past, diagnoses, ...hosts });
  const legs = legsOf(way, asking, asked);
  return {
    causes,
    legs:
      past === undefined
        ? legs
        : [past.legs.out, ...legs, ...(way.back === undefined ? [] : [past.legs.home])],
    diagnoses,
    isCut: there === undefined,
    notes: [],
  };
}

/** The way, and the question as its own host follows it once it is known where the answer comes in. */
function wayOf(
  request: PathRequest | undefined,
  past: PastRules | undefined,
  target: PeerTarget,
  { asking, asked }: BothHosts,
): { readonly way: PeerWay; readonly home: readonly PathRequest[] } {
  const leaving = request && leavingBy(request, target, asking.facts);
  const wire = leaving?.wire ?? past?.wire;
  const there = wire && crossing(wire, asking, asked);
  const into = there === undefined ? [] : followedInto(there, spellTarget(target), asked.facts);
  const wireBack = into[1] && seenOn(into[1], target);
  const back =
    wireBack &&
    (past === undefined
      ? crossing(wireBack, asked, asking)
      : { packet: wireBack, from: asked, to: asking, door: past.door });
  const door = back && isOnWire(back) ? back.door : undefined;
  const home = request === undefined ? [] : [door === undefined ? request : answeredBy(request, door)];
  const [, answer] = home.flatMap((one) => follow(one, asking.facts));
  return { way: { out: leaving?.there, there, into, back, home: answer }, home };
}

const crossing = (packet: WirePacket, from: PeerHost, to: PeerHost): Crossing => ({
  ...{ packet, from, to },
  door: doorInto(packet, to.facts),
});

const isOnWire = ({ packet, from }: Crossing): boolean =>
  wiresOf(from.facts).some(({ name }) => name === packet.dev);

const answeredBy = (request: PathRequest, { link }: WireDoor): PathRequest =>
  request.answer === undefined
    ? request
    : { ...request, answer: { ...request.answer, inInterface: link.name } };

function followedInto({ packet, door }: Crossing, about: string, facts: Facts): readonly Followed[] {
  if (door === undefined) return [];
  const [request] = arrivingPaths(packet, door, findTarget(about, facts), facts);
  return request === undefined ? [] : follow(request, facts);
}

function diagnosedThere(about: string, there: Crossing | undefined, facts: Facts): Diagnosis {
  const source = there?.packet.source ?? '';
  const door = there?.door;
  return diagnose(facts, {
    ...{ about, from: source },
    known: {
      sender: { is: 'outside', interface: door?.link.name ?? '', address: source },
      requestsTo: (resolved) =>
        there === undefined || door === undefined ? [] : arrivingPaths(there.packet, door, resolved, facts),
    },
  });
}
