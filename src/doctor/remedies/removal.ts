import { isFirewallTable } from '../../firewall/iptables/ownership/managers.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import { deleteRule, openPolicy } from './iptables.ts';
import type { Decider } from '../../reach/judge/decider.ts';
import { commandLine } from '../../shell.ts';

/**
 * The command that takes a decider out, to be offered once it was tried in memory.
 *
 * @param used - the variant that plain `iptables` writes to
 * @returns undefined for what no single command takes out, and for what a firewall would write again
 */
export function removalOf(decider: Decider, used: Variant): string | undefined {
  if (decider.by === 'rule') return deleteRule(decider.rule, decider, { variant: used }).command;
  if (
    decider.by === 'native' &&
    decider.handle !== '' &&
    decider.chain !== '' &&
    !isFirewallTable(decider.table)
  )
    return commandLine([
      'nft',
      'delete',
      'rule',
      ...decider.table.split(' '),
      decider.chain,
      'handle',
      decider.handle,
    ]);
  // Offered only where it is nobody's but a leftover: as long as Docker writes with iptables the policy is its own.
  if (decider.by === 'policy' && decider.table === 'filter' && decider.chain === 'FORWARD')
    return openPolicy(decider.chain, decider, { variant: used }).command;
  return undefined;
}
