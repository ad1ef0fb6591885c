import { isFirewallTable } from '../../firewall/iptables/ownership/managers.ts';
import { makeRule } from '../../firewall/iptables/text/model.ts';
import { commandLine, sh } from '../../shell.ts';
import { readNatives } from '../../trace/native/tables.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import type { Hook } from '../../trace/path.ts';
import type { Facts } from '../facts/facts.ts';
import { insertTyped, type RulesTable } from './iptables.ts';
import { wordsOf } from './native-stop.ts';
import { proposal, type Proposal, type RemedyStep } from './proposal.ts';

const WHAT = 'let IPv6 neighbours be found; also in the file the rules are loaded from';

/** Where neighbour discovery is dropped. */
interface DiscoveryStop {
  readonly hook: Hook;
  /** Of nftables' own as `FAMILY NAME`. */
  readonly table: string;
  readonly isNative: boolean;
  /** Of iptables. */
  readonly place: RulesTable;
}

/** Lets neighbour discovery pass in front of a hook's other rules, and nothing else: whoever closes a host means no neighbour not to be found. */
export function lettingDiscovery(
  { hook, table, isNative, place }: DiscoveryStop,
  facts: Pick<Facts, 'variant'> & { readonly netState: NetworkState },
): readonly Proposal[] {
  // What a firewall keeps, its next reload writes again.
  if (isNative && isFirewallTable(table)) return [];
  const steps = isNative ? inNative(table, hook, facts.netState) : discoverySteps(hook, place, facts);
  return steps.length === 0 ? [] : [proposal(WHAT, ...steps)];
}

/** Asking for a neighbour, and its answer (RFC 4861). */
const TYPES = [
  ['neighbour-solicitation', '135'],
  ['neighbour-advertisement', '136'],
] as const;

/** In front of a chain of iptables' own. */
export const discoverySteps = (
  hook: Hook,
  place: RulesTable,
  facts: Pick<Facts, 'variant'>,
): readonly RemedyStep[] =>
  TYPES.map(([name, type]) => {
    const where = place.table === 'filter' ? [] : ['-t', place.table];
    const typed = [...where, '-I', hook, '-p', 'ipv6-icmp', '--icmpv6-type', name, '-j', 'ACCEPT'];
    const rule = makeRule(`-A ${hook} -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`);
    return insertTyped(commandLine(typed), rule, place, facts);
  });

const BOTH = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept';

function inNative(table: string, hook: Hook, netState: NetworkState): readonly RemedyStep[] {
  const [family, name] = wordsOf(table);
  const chains =
    readNatives(netState)
      .find((one) => one.table === table)
      ?.read?.chains.values() ?? [];
  return [...chains]
    .filter(({ base }) => base?.type === 'filter' && base.hook === hook.toLowerCase())
    .map((chain) => ({
      command: sh`nft insert rule ${family} ${name} ${chain.name} ${BOTH}`,
      change: { of: 'native', table, edit: { op: 'insert', chain: chain.name, rules: [BOTH] } },
    }));
}
