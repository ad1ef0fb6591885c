import { blockOf, sameBlock } from '../../../net/address.ts';
import { familyOf } from '../../../net/family.ts';
import { isOnParent } from '../../../docker/options.ts';
import { inBlock } from '../../../trace/routing/addresses.ts';
import type { Facts } from '../../facts/facts.ts';
import { addressOf, insideOf, linkInside, membersOf, type Member } from '../../lookup.ts';
import { holding } from '../../paths/routes.ts';
import { placesAside } from '../aside.ts';
import type { PeerSender } from '../asker.ts';
import type { PeerHost, PeerTarget } from '../peer.ts';

/** How two ends meet that are on a network without a bridge. */
export type BridgelessMeeting =
  /** On one overlay network. Without a container at the other end it is known only that the address is in that network. */
  | { readonly by: 'overlay'; readonly from: Member; readonly to: Member | undefined }
  /** On macvlan or ipvlan networks: by the wire itself, past the rules of both hosts. */
  | { readonly by: 'wire'; readonly from: Member; readonly to: Member }
  /** The address is a macvlan or ipvlan container's, and who asks is behind the rules of his own host: they alone see the packet. */
  | { readonly by: 'arrival'; readonly to: Member }
  /** Not at all: the address is in an overlay network that whoever asks is not on. */
  | { readonly by: 'nothing'; readonly from: Member | undefined; readonly to: Member };

/** Every place of a running container on a network without a bridge. */
const membersAside = (facts: Facts): readonly Member[] =>
  facts.containers.flatMap((container) =>
    placesAside(container, facts).map((place) => ({ container, ...place })),
  );

/** Whether a place is on an overlay network. */
const isOverlay = ({ network }: Member): boolean => network.driver === 'overlay';

/** Whether packets of a place go onto the wire past its host's rules: macvlan, and ipvlan that does not route. */
const isOnWire = ({ network: { driver, ipvlanLayer3 } }: Member): boolean =>
  isOnParent(driver) && !ipvlanLayer3;

const has =
  (address: string) =>
  ({ attached: { ipv4, ipv6 } }: Member): boolean =>
    [ipv4, ipv6].some((own) => own !== '' && sameBlock(own, address));

const holds = ({ network: { subnets } }: Member, address: string): boolean =>
  subnets.some((subnet) => inBlock(address, blockOf(subnet)) === true);

/** Whether a container's own routes lead to an address by a place of it; where they were not read, whether its network holds the address. */
function leads(member: Member, address: string): boolean {
  const inside = insideOf(member.container);
  const [route] = inside === undefined ? [] : holding(address, inside);
  return route === undefined ? holds(member, address) : route.dev === linkInside(member)?.name;
}

/** How somebody on one host and an address on the other meet without a bridge between; undefined where they do not meet so. */
export function meetingOf(
  sender: PeerSender,
  { address }: PeerTarget,
  { asking, asked }: { readonly asking: PeerHost; readonly asked: PeerHost },
): BridgelessMeeting | undefined {
  const family = familyOf(address);
  const name = sender.is === 'host' ? undefined : sender.names[0];
  const own = membersAside(asking.facts).filter(
    ({ container, attached }) => container.name === name && addressOf(attached, family) !== '',
  );
  const to = membersAside(asked.facts).find(has(address));
  if (to === undefined) {
    const from = own.find((one) => isOverlay(one) && holds(one, address));
    return from && { by: 'overlay', from, to: undefined };
  }
  if (isOverlay(to)) {
    const from = own.find(({ network }) => network.id === to.network.id);
    return from === undefined
      ? { by: 'nothing', from: own.find(isOverlay), to }
      : { by: 'overlay', from, to };
  }
  if (!isOnWire(to)) return undefined;
  const isBridged =
    sender.is === 'host' || membersOf(asking.facts).some(({ container }) => container.name === name);
  const onWire = own.filter(isOnWire);
  const from = onWire.find((one) => leads(one, address)) ?? (isBridged ? undefined : onWire[0]);
  if (from !== undefined) return { by: 'wire', from, to };
  return isBridged ? { by: 'arrival', to } : undefined;
}

/** The macvlan or ipvlan place by which a container asks an address; undefined for one that is on no such network. */
export function placeOnWire(name: string, address: string, facts: Facts): Member | undefined {
  const family = familyOf(address);
  const own = membersAside(facts).filter(
    (one) => one.container.name === name && isOnWire(one) && addressOf(one.attached, family) !== '',
  );
  return own.find((one) => leads(one, address)) ?? own[0];
}
