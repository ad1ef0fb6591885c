import { hostPort } from '../../../net/address.ts';
import { checksOf } from '../../checks/check.ts';
import { diagnose } from '../../diagnose.ts';
import { addressOf, type Member } from '../../lookup.ts';
import type { PeerSender } from '../asker.ts';
import { hostCauses } from '../matters.ts';
import type { Check } from '../../diagnosis.ts';
import type { PeerHost, PeerLeg } from '../peer.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import { judgeListening, judgePlace } from './inside.ts';
import type { Meeting } from './meeting.ts';
import { isSetDown, judgeParent } from './parent.ts';
import { judgeTogether, judgeTwice } from './one-wire.ts';

/**
 * A container on a macvlan or ipvlan network asks another on one: its packets go onto the wire by the interface beneath, past the rules of both
 * hosts. What can be in the way is that interface, the container's own, an address that somebody has twice, and what is between.
 */
export function followOnWire(
  { from, to }: Extract<Meeting, { readonly by: 'wire' }>,
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
    legs: legsOf(from, to, hosts, isCut),
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

/** Past the rules there is no path to show: what carries it is named. */
export const arrivalLeg = (
  { container, network }: Member,
  { about: { host } }: PeerHost,
  verdict: PeerLeg['verdict'],
): PeerLeg => ({
  ...{ place: 'asked', part: 'in', verdict },
  what: `comes into ${container.name} by ${network.parent ?? 'what is'} beneath ${network.driver} network ${network.name}: no rule of ${host} sees it`,
});

function legsOf(from: Member, to: Member, { asking, asked }: BothHosts, isCut: boolean): readonly PeerLeg[] {
  const family = to.attached.ipv4 !== '' && from.attached.ipv4 !== '' ? 'ipv4' : 'ipv6';
  const verdict = isCut ? 'unknown' : 'ok';
  const { container, network } = from;
  return [
    {
      ...{ place: 'asking', part: 'out', verdict },
      what: `${container.name} (${addressOf(from.attached, family)}) leaves ${asking.about.host} by ${network.parent ?? 'what is'} beneath ${network.driver} network ${network.name}: no rule of ${asking.about.host} sees it`,
    },
    arrivalLeg(to, asked, verdict),
  ];
}
