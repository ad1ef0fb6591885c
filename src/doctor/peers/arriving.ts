import { isAny, sameBlock } from '../../net/address.ts';
import type { Facts } from '../facts/facts.ts';
import { isOwnAddress, membersOf } from '../lookup.ts';
import { directPaths, hostServicePaths, publishedPaths } from '../paths/from-outside.ts';
import type { PathRequest } from '../paths/request.ts';
import type { ResolvedTarget } from '../target/resolved.ts';
import type { WireDoor } from './door.ts';
import type { WirePacket } from './peer.ts';

/** What becomes of a packet of another host that came in: to whom it should get here, and its answer back out. */
export function arrivingPaths(
  { address, port, proto, source }: WirePacket,
  { link }: WireDoor,
  { trouble }: ResolvedTarget,
  facts: Facts,
): readonly PathRequest[] {
  const asker = { sources: [source], at: address };
  const members = membersOf(facts);
  if (!isOwnAddress(facts.netState, address))
    return members
      .filter(({ attached }) =>
        [attached.ipv4, attached.ipv6].some((own) => own !== '' && sameBlock(own, address)),
      )
      .flatMap((member) => directPaths(member, { proto, port }, [link], facts, asker));
  const published = facts.ports
    .filter((one) => one.hostPort === port && one.proto === proto)
    .filter(({ hostIp }) => isAny(hostIp) || sameBlock(hostIp, address))
    .flatMap((one) => publishedPaths(one, members, [link], facts, asker));
  if (published.length > 0 || trouble.length > 0) return published;
  return hostServicePaths({ proto, port }, [link], facts, asker);
}

/** Whether an address is a host's own, or a container's of a network with a bridge there. */
export const isAnswered = (address: string, facts: Facts): boolean =>
  isOwnAddress(facts.netState, address) ||
  membersOf(facts).some(({ attached }) =>
    [attached.ipv4, attached.ipv6].some((own) => own !== '' && sameBlock(own, address)),
  );
