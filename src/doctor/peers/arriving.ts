import { isAny, sameBlock } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import type { Facts } from '../facts/facts.ts';
import { isOwnAddress, membersOf } from '../lookup.ts';
import { directPaths, hostServicePaths, publishedPaths } from '../paths/from-outside.ts';
import type { PathRequest } from '../paths/request.ts';
import type { ResolvedTarget } from '../target/resolved.ts';
import type { WireDoor } from './door.ts';
import { isListed } from '../target/listed.ts';
import type { PeerTarget, WirePacket } from './peer.ts';

/**
 * What becomes of a packet of another host that came in: to whom it should get here, and its answer back out.
 *
 * @returns nothing where it is not known who that is: without the Engine's list, or by a way that is not followed
 */
export function arrivingPaths(
  { address, port, proto, source }: WirePacket,
  { link }: WireDoor,
  { trouble }: ResolvedTarget,
  facts: Facts,
): readonly PathRequest[] {
  if (!isListed(facts)) return [];
  const asker = { sources: [source], at: address };
  const members = membersOf(facts);
  if (!isOwnAddress(facts.netState, address))
    return members
      .filter(({ attached }) =>
        [attached.ipv4, attached.ipv6].some((own) => own !== '' && sameBlock(own, address)),
      )
      .flatMap((member) => directPaths(member, { proto, port }, [link], facts, asker));
  const published = publishedAt({ address, port, proto }, facts);
  const paths = published.flatMap((one) => publishedPaths(one, members, [link], facts, asker));
  // What a container publishes there is no program's of the host.
  if (published.length > 0 || trouble.length > 0) return paths;
  return hostServicePaths({ proto, port }, [link], facts, asker);
}

/** Who publishes a port at an address of the host. */
export const publishedAt = (
  { address, port, proto }: PeerTarget,
  { ports }: Pick<Facts, 'ports'>,
): readonly PublishedPort[] =>
  ports.filter(
    ({ hostPort, proto: own, hostIp }) =>
      hostPort === port &&
      own === proto &&
      (isAny(hostIp) ? familyOf(hostIp) === familyOf(address) : sameBlock(hostIp, address)),
  );

/** Whether an address is a host's own, or a container's of a network with a bridge there. */
export const isAnswered = (address: string, facts: Facts): boolean =>
  isOwnAddress(facts.netState, address) ||
  membersOf(facts).some(({ attached }) =>
    [attached.ipv4, attached.ipv6].some((own) => own !== '' && sameBlock(own, address)),
  );
