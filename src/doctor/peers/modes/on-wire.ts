import { hostPort } from '../../../net/address.ts';
import { familyOf } from '../../../net/family.ts';
import { checksOf } from '../../checks/check.ts';
import { diagnose } from '../../diagnose.ts';
import { addressOf, linkOf, type Member } from '../../lookup.ts';
import type { PeerSender } from '../asker.ts';
import { hostCauses } from '../matters.ts';
import type { Check } from '../../diagnosis.ts';
import type { PeerHost, PeerLeg, PeerTarget, WirePacket } from '../peer.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import { judgeListening, judgePlace } from './inside.ts';
import type { BridgelessMeeting } from './meeting.ts';
import { isSetDown, judgeParent } from './parent.ts';
import { judgeTogether, judgeTwice } from './one-wire.ts';

/**
 * A container on a macvlan or ipvlan network asks another on one: its packets go onto the wire by the interface beneath, past the rules of both
 * hosts. What can be in the way is that interface, the container's own, an address that somebody has twice, and what is between.
 */
export function followOnWire(
  { from, to }: Extract<BridgelessMeeting, { readonly by: 'wire' }>,
  sender: PeerSender,
  { asker, target }: PeersQuestion,
  hosts: BothHosts,
): FoundWay {
  const { asking, asked } = hosts;
  const nothing = { sender, requestsTo: () => [] };
  const diagnoses = {
    asking: diagnose(asking.facts, {
      ...{ about: `${hostPort(target.address, target.port)}/${target.proto}`, from: asker },
      known: nothing,
    }),
    asked: diagnose(asked.facts, { about: to.container.name, from: '' }),
  };
  // Rules, routes and settings of either host decide about no packet here; whether its Engine and its container are well does.
  const besides = (place: 'asking' | 'asked') =>
    hostCauses(place, hosts[place], diagnoses[place], []).filter(
      ({ check }) =>
        check.section === 'container' && check.verdict === 'fail' && check.about === nameAt(place),
    );
  const nameAt = (place: 'asking' | 'asked'): string => (place === 'asking' ? from : to).container.name;
  const twice = judgeTwice(from, to, hosts);
  const before = [
    ...judgeParent(from, asking, 'asking', isSetDown(to, asked)),
    ...judgePlace(from, asking, 'asking'),
    ...besides('asking'),
  ];
  const after = [
    ...judgeParent(to, asked, 'asked', isSetDown(from, asking)),
    ...judgePlace(to, asked, 'asked'),
    ...besides('asked'),
  ];
  const between = [...twice, ...judgeTogether(from, to, hosts)];
  const causes = [...before, ...between, ...after, ...judgeListening(to, target, asked)];
  const isCut = [...before, ...between].some(({ check }) => check.verdict !== 'ok');
  return {
    causes,
    // Where an interface or a subnet is amiss, what is behind was not followed.
    legs: isCut ? [] : legsOf(from, to, target, hosts),
    diagnoses,
    isCut,
    notes: [unseenBeneath(from.network.parent ?? '', to, hosts)],
  };
}

/** Nobody looks at what is between two interfaces on a wire. */
export const unseenBeneath = (dev: string, { network }: Member, { asking, asked }: BothHosts): Check =>
  checksOf('wire').warn(
    'wire-unseen',
    `whether ${dev} of ${asking.about.host} and ${network.parent ?? 'what is beneath'} of ${asked.about.host} are on one wire is not seen`,
    {
      about: network.name,
      meaning:
        'a switch or a hypervisor may keep them apart, or drop frames of hardware addresses that it did not give out: allow promiscuous mode, forged transmits and MAC changes there',
    },
  );

/** Past the rules there is no path to show: what carries a packet is named. */
export const beneath = ({ network }: Member): string =>
  `${network.parent ?? 'what is'} beneath ${network.driver} network ${network.name}`;

/** What comes into a container past the rules of its host, and its answer, which leaves as it came. */
export const arrivalLegs = (
  to: Member,
  { about: { host } }: PeerHost,
  verdict: PeerLeg['verdict'],
): { readonly into: PeerLeg; readonly answer: PeerLeg } => ({
  into: {
    ...{ place: 'asked', part: 'in', verdict },
    what: `comes into ${to.container.name} by ${beneath(to)}: no rule of ${host} sees it`,
  },
  answer: {
    ...{ place: 'asked', part: 'answer', verdict },
    what: `its answer leaves ${host} by ${beneath(to)}: no rule of ${host} sees it`,
  },
});

/** One direction between two interfaces on a wire. */
export function wireBetween(
  part: 'there' | 'back',
  packet: WirePacket,
  from: PeerHost,
  to: { readonly peer: PeerHost; readonly dev: string },
): PeerLeg {
  const end = ({ about: { host }, facts }: PeerHost, dev: string) => ({
    ...{ host, dev },
    mtu: linkOf(facts.netState, dev)?.mtu,
  });
  return {
    ...{ place: 'between', part },
    verdict: packet.nextHop === '' ? 'ok' : 'unknown',
    what:
      packet.nextHop === ''
        ? `over the wire to ${to.dev} of ${to.peer.about.host}: nobody routes in between`
        : `by way of ${packet.nextHop}, which is not seen, to ${to.dev} of ${to.peer.about.host}`,
    wire: {
      packet,
      from: end(from, packet.dev),
      to: end(to.peer, to.dev),
      isDirect: packet.nextHop === '',
    },
  };
}

function legsOf(
  from: Member,
  to: Member,
  target: PeerTarget,
  { asking, asked }: BothHosts,
): readonly PeerLeg[] {
  const family = familyOf(target.address);
  const source = addressOf(from.attached, family);
  const devs = [from, to].map(({ network }) => network.parent ?? '') as [string, string];
  const shared = { port: target.port, proto: target.proto, nextHop: '', isSeen: true } as const;
  const { into, answer } = arrivalLegs(to, asked, 'ok');
  const here = asking.about.host;
  return [
    {
      ...{ place: 'asking', part: 'out', verdict: 'ok' },
      what: `${from.container.name} (${source}) leaves ${here} by ${beneath(from)}: no rule of ${here} sees it`,
    },
    wireBetween('there', { ...shared, address: target.address, source, dev: devs[0] }, asking, {
      peer: asked,
      dev: devs[1],
    }),
    into,
    answer,
    wireBetween('back', { ...shared, address: source, source: target.address, dev: devs[1] }, asked, {
      peer: asking,
      dev: devs[0],
    }),
    {
      ...{ place: 'asking', part: 'home', verdict: 'ok' },
      what: `comes into ${from.container.name} by ${beneath(from)}: no rule of ${here} sees it`,
    },
  ];
}
