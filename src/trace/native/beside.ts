import type { NativeChain } from '../../firewall/nftables/text/model.ts';
import type { NetworkState } from '../network-state.ts';
import type { Packet } from '../packet.ts';
import type { PathEnd } from '../path.ts';
import { atBridge, isBridged } from '../routing/bridge.ts';
import { linkOf } from '../routing/local.ts';
import { isFor, readNatives } from './tables.ts';

/** Why a path is unknown where nftables' own tables could not be read. */
export const NATIVES_UNREAD = 'whether nftables has tables of its own could not be read';

/** A path as it was followed. */
interface FollowedPath {
  readonly packet: Packet;
  readonly last: Packet;
  readonly end: PathEnd;
  /** It comes after an answer: its flow may have been handed over. */
  readonly isLater: boolean;
}

/**
 * What is left of an answer beside what of nftables' own tables cannot be followed. A chain that may drop makes unknown whether a packet
 * passes; one that may change packets makes everything unknown. One of ARP that may drop keeps neighbours by IPv4 from each other. Packets of a flow that was handed over meet no rule that stops them.
 */
export function besideNatives(netState: NetworkState, path: FollowedPath): PathEnd {
  const { end, packet } = path;
  const { family } = packet;
  if (end.at === 'unknown') return end;
  const passes = end.at === 'sent' || end.at === 'local';
  if (netState.natives === undefined) return passes ? { at: 'unknown', why: NATIVES_UNREAD } : end;
  for (const { table, unfollowed, handsOver, read } of readNatives(netState)) {
    if (family === 'ipv4' && read?.family === 'arp' && passes) {
      if (unfollowed.some(({ mayStop }) => mayStop) && needsArp(path, netState))
        return {
          at: 'unknown',
          why: `nftables' own table ${table} may keep neighbours from being found`,
          table,
        };
    }
    if (!isFor(table, family)) continue;
    const deciding = unfollowed.find(
      ({ chain, mayStop, mayChange }) =>
        (mayChange || (mayStop && passes)) && maySee(chain, read?.family ?? '', path, netState),
    );
    if (deciding !== undefined)
      return { at: 'unknown', why: `nftables' own table ${table} decides too`, table };
    if (handsOver && path.isLater && end.at === 'stopped' && read?.isDormant !== true)
      return { at: 'unknown', why: `whether nftables' own table ${table} has handed its flow over`, table };
  }
  return end;
}

/**
 * Whether this host asks for a neighbour by ARP, or is asked, for a packet to get where it does: tables of ARP see both, as they come in
 * and leave (measured on 6.18). What a bridge carries from port to port they do not see.
 */
function needsArp({ packet, last }: FollowedPath, netState: NetworkState): boolean {
  const isCarried =
    packet.destination === last.destination && isBridged(netState, atBridge(netState, packet));
  return (
    !isCarried &&
    [packet.inInterface, last.outInterface].some((name) => {
      const link = linkOf(netState, name);
      return link !== undefined && name !== 'lo' && link.asksNobody !== true;
    })
  );
}

/**
 * Whether a packet may come by a chain: tables of bridges see what bridges carry, in their hook `forward` only from port to port
 * (br_forward.c, __br_forward; by packets on 6.18); those of a device what leaves by it.
 */
function maySee(
  chain: NativeChain | undefined,
  family: string,
  { packet, last }: FollowedPath,
  netState: NetworkState,
): boolean {
  if (chain?.base === undefined) return true;
  const links = [packet.inInterface, last.inInterface, last.outInterface].map((name) =>
    linkOf(netState, name),
  );
  const bridges = links.map((link) => (link?.kind === 'bridge' ? link.name : (link?.master ?? '')));
  const isOnBridge = bridges.some((bridge) => bridge !== '');
  const { hook, devices } = chain.base;
  if (family === 'bridge') return isOnBridge && (hook !== 'forward' || isWithinOne(bridges));
  if (hook !== 'egress' || devices.length === 0 || isOnBridge) return true;
  return devices.some((name) => name.includes('*') || name === last.outInterface || name === 'lo');
}

/** Whether what comes in by the first or second leaves by the same bridge. */
const isWithinOne = ([asked = '', came = '', leaves = '']: readonly string[]): boolean =>
  leaves !== '' && (leaves === asked || leaves === came);
