import { isAny, isLoopback } from '../../../net/address.ts';
import { familyOf } from '../../../net/family.ts';
import type { PublishedPort } from '../../../docker/inventory/inventory.ts';
import { isOwnAddress, membersOf, uplinksOf, type Member } from '../../lookup.ts';
import { tellingApart, type TellingApart } from '../alike.ts';
import { isNear, wireWith, wiresOf } from '../door.ts';
import type { PeerHost, PeerTarget, WirePacket } from '../peer.ts';

/** What became of a packet at one host, in what all that fare alike have in common. */
export interface HostFate {
  readonly verdict: 'ok' | 'fail' | 'unknown';
  readonly what: string;
}

/** A host, and what was followed there already. */
export interface FleetHost {
  readonly peer: PeerHost;
  readonly apart: TellingApart;
  readonly known: Map<string, HostFate & { readonly wire?: WirePacket | undefined }>;
  /** One container of each network that may ask outside. */
  readonly askers: readonly Member[];
  readonly served: readonly ServedPort[];
}

/** A published port, and the addresses by which others can ask for it, those of the way out first. */
interface ServedPort {
  readonly published: PublishedPort;
  readonly addresses: readonly string[];
}

/** What is asked of a host of a fleet, and who asks there. */
export const fleetHost = (peer: PeerHost): FleetHost => {
  const members = membersOf(peer.facts).filter(({ network }) => !network.internal);
  const firsts = new Map(members.toReversed().map((member) => [member.network.id, member]));
  return {
    peer,
    apart: tellingApart(peer.facts),
    known: new Map(),
    askers: [...firsts.values()],
    served: peer.facts.ports
      .filter(
        ({ hostIp, hostPort: port, proto }) =>
          port !== undefined && proto !== 'sctp' && isForOthers(hostIp, peer),
      )
      .map((published) => ({ published, addresses: addressesFor(published, peer) })),
  };
};

/** Whether a port that is published on an address is for other hosts: not one on loopback, or on the address of a network of Docker's. */
const isForOthers = (hostIp: string, { facts }: PeerHost): boolean =>
  isAny(hostIp) || (!isLoopback(hostIp) && wireWith(hostIp, facts) !== undefined);

/** A published port, as another host asks for it. */
export interface FleetTarget extends PeerTarget {
  readonly published: PublishedPort;
}

/** Whether a container has no address of the family that is asked. */
export const addressless = ({ attached }: Member, { address }: FleetTarget): boolean =>
  (familyOf(address) === 'ipv4' ? attached.ipv4 : attached.ipv6) === '';

/**
 * The published ports of a host, by the address that the other host would ask: one on a wire of both, else that of the way out.
 *
 * @returns `unasked`: those whose host has no address of that family but such as the asking host has too
 */
export function targetsOf(
  { served }: FleetHost,
  { peer: asking }: FleetHost,
): { readonly targets: readonly FleetTarget[]; readonly unasked: readonly PublishedPort[] } {
  const own = (address: string): boolean => isOwnAddress(asking.facts.netState, address);
  return {
    targets: served.flatMap(({ published, addresses }): readonly FleetTarget[] => {
      const { hostPort: port, proto } = published;
      const others = addresses.filter((one) => !own(one));
      const near = others.find((one) => wiresOf(asking.facts).some((link) => isNear(link, one)));
      const address = near ?? others[0];
      return address === undefined || port === undefined || proto === 'sctp'
        ? []
        : [{ address, port, proto, published }];
    }),
    unasked: served.flatMap(({ published, addresses }) =>
      addresses.length > 0 && addresses.every(own) ? [published] : [],
    ),
  };
}

function addressesFor({ hostIp }: PublishedPort, { facts }: PeerHost): readonly string[] {
  if (!isAny(hostIp)) return [hostIp];
  const family = familyOf(hostIp);
  const out = new Set(uplinksOf(facts).map(({ name }) => name));
  const wires = wiresOf(facts);
  return [...wires.filter(({ name }) => out.has(name)), ...wires.filter(({ name }) => !out.has(name))]
    .flatMap(({ addresses }) => addresses)
    .filter((one) => one.family === family && one.scope === 'global')
    .map(({ address }) => address);
}
