import { sameBlock } from '../../net/address.ts';
import { memory } from '../../trace/memory.ts';
import { isInNetworkOf } from '../../trace/routing/local.ts';
import { exitFor } from '../../trace/routing/route.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { Facts } from '../facts/facts.ts';
import { linkOf } from '../lookup.ts';
import type { WirePacket } from './peer.ts';

/** Where a packet of the other host comes in. */
export interface WireDoor {
  readonly link: NetworkLink;
  /** Whether nobody routes it on the way: it is sent to this very interface. */
  readonly isDirect: boolean;
}

/** Interfaces that lead to other hosts: neither loopback, nor a network of Docker's, nor the port of a bridge. */
export const wiresOf = (facts: Facts): readonly NetworkLink[] =>
  wires(facts, '', () => {
    const { netState, networks } = facts;
    const bridges = new Set(networks.map(({ bridge }) => bridge));
    return netState.links.filter(
      ({ name, master }) =>
        name !== 'lo' && name !== 'docker_gwbridge' && master === '' && !bridges.has(name),
    );
  });

/** Of a fleet's host they are asked for with each way. */
const wires = memory<readonly NetworkLink[]>();

const has =
  (address: string) =>
  ({ addresses }: NetworkLink): boolean =>
    addresses.some((own) => sameBlock(own.address, address));

/** The interface to other hosts that has an address. */
export const wireWith = (address: string, facts: Facts): NetworkLink | undefined =>
  wiresOf(facts).find(has(address));

/** Whether an address is in a subnet of an interface. */
export const isNear = ({ addresses }: NetworkLink, address: string): boolean =>
  isInNetworkOf(
    addresses.filter(({ scope }) => scope === 'global'),
    address,
  );

/**
 * By which interface a packet of one host comes into the other. To whom it is sent says so; where somebody routes it in between, it is most
 * likely the interface that has its destination, else the one that leads back to its source.
 *
 * @returns undefined where nothing says so
 */
export function doorInto(
  { nextHop, address, source }: Pick<WirePacket, 'nextHop' | 'address' | 'source'>,
  facts: Facts,
): WireDoor | undefined {
  const direct = wireWith(nextHop === '' ? address : nextHop, facts);
  if (direct !== undefined) return { link: direct, isDirect: true };
  const near = wireWith(address, facts) ?? linkOf(facts.netState, exitFor(facts.netState, source));
  return near !== undefined && wiresOf(facts).includes(near) ? { link: near, isDirect: false } : undefined;
}
