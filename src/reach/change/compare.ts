import type { Rule } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { allAsking } from '../askers.ts';
import { compareTables, type ReachChange } from './cells.ts';
import { namedPorts } from './named-ports.ts';
import { tablesForOthers } from './others.ts';
import { hostAsking, reachTable, type HostAsking } from '../table.ts';
import type { Terrain } from '../terrain.ts';

/**
 * What a change does to who reaches what: the host before against the host after it, asked by the same askers.
 *
 * @param isDockers - whether a rule is Docker's own; what any other rule closes was closed on purpose
 */
export function reachChange(
  before: Terrain,
  after: Terrain,
  isDockers: (rule: Rule) => boolean,
): ReachChange {
  const named = namedPorts(before.netState, after.netState, isDockers);
  const askedPorts = named.slice(0, MOST_PORTS);
  const was: Terrain = { ...before, askedPorts };
  const is: Terrain = { ...after, askedPorts };
  const asking = bothAsking(hostAsking(was), hostAsking(is));
  const change = compareTables(
    { before: reachTable(was, asking), after: reachTable(is, asking) },
    { isDockers, others: () => tablesForOthers(was, is, asking) },
  );
  return { ...change, unasked: named.length - askedPorts.length };
}

/** Ports are asked of every container, by everybody: so many of them a host of hundreds of containers takes in a few seconds. */
const MOST_PORTS = 64;

function bothAsking(a: HostAsking, b: HostAsking): HostAsking {
  const asking: HostAsking = {};
  for (const family of FAMILIES) asking[family] = allAsking([a, b].flatMap((one) => one[family] ?? []));
  return asking;
}
