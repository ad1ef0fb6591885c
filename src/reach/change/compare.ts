import type { Rule } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { allAsking } from '../askers.ts';
import { compareTables, type ReachChange } from './cells.ts';
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
  const asking = bothAsking(hostAsking(before), hostAsking(after));
  return compareTables(
    { before: reachTable(before, asking), after: reachTable(after, asking) },
    { isDockers, others: () => tablesForOthers(before, after, asking) },
  );
}

function bothAsking(a: HostAsking, b: HostAsking): HostAsking {
  const asking: HostAsking = {};
  for (const family of FAMILIES) asking[family] = allAsking([a, b].flatMap((one) => one[family] ?? []));
  return asking;
}
