import { hostPort } from '../../../net/address.ts';
import { familyOf } from '../../../net/family.ts';
import { checksOf } from '../../checks/check.ts';
import { diagnose } from '../../diagnose.ts';
import { addressOf, linkInside, linkOf, type Member } from '../../lookup.ts';
import type { PeerSender } from '../asker.ts';
import { hostCauses } from '../matters.ts';
import type { PeerLeg } from '../peer.ts';
import type { BothHosts, FoundWay, PeersQuestion } from '../way.ts';
import { judgeListening, judgePlace } from './inside.ts';
import type { Meeting } from './meeting.ts';
import { judgeParent } from './parent.ts';
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
    ...judgeParent(from, asking, 'asking'),
    ...judgePlace(from, asking, 'asking'),
    ...besides('asking'),
  ];
  const after = [...judgeParent(to, asked, 'asked'), ...judgePlace(to, asked, 'asked'), ...besides('asked')];
  const between = [...twice, ...judgeTogether(from, to, hosts)];
  const causes = [...before, ...between, ...after, ...judgeListening(to, target, asked)];
  const isCut = [...before, ...between].some(({ check }) => check.verdict !== 'ok');
  return {
    causes,
    legs: legsOf(from, to, hosts, isCut),
    diagnoses,
    isCut,
    notes: [
      checksOf('wire').warn(
        'wire-unseen',
        `whether ${from.network.parent ?? ''} of ${asking.about.host} and ${to.network.parent ?? ''} of ${asked.about.host} are on one wire is not seen`,
        {
          about: from.network.name,
          meaning:
            'a switch or a hypervisor may keep them apart, or drop frames of hardware addresses it did not give out: allow promiscuous mode, forged transmits and MAC changes there',
        },
      ),
    ],
  };
}

/** Past the rules there is no path to show: what carries it is named. */
function legsOf(from: Member, to: Member, { asking, asked }: BothHosts, isCut: boolean): readonly PeerLeg[] {
  const family = familyOf(addressOf(to.attached, 'ipv4') || addressOf(to.attached, 'ipv6'));
  const source = addressOf(from.attached, family);
  const end = (member: Member, { about: { host }, facts }: BothHosts['asking']) => ({
    host,
    dev: member.network.parent ?? '',
    mtu: linkInside(member)?.mtu ?? linkOf(facts.netState, member.network.parent ?? '')?.mtu,
  });
  const legs: readonly PeerLeg[] = [
    {
      place: 'asking',
      part: 'out',
      verdict: isCut ? 'unknown' : 'ok',
      what: `${from.container.name} (${source}) leaves ${asking.about.host} by ${from.network.parent ?? 'what'} beneath ${from.network.driver} network ${from.network.name}: no rule of ${asking.about.host} sees it`,
    },
    {
      place: 'asked',
      part: 'in',
      verdict: isCut ? 'unknown' : 'ok',
      what: `comes into ${to.container.name} by ${end(to, asked).dev} beneath ${to.network.driver} network ${to.network.name}: no rule of ${asked.about.host} sees it`,
    },
  ];
  return legs;
}
