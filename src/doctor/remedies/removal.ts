import { USER_CHAIN } from '../../firewall/iptables/ownership/chain-shapes.ts';
import {
  isFirewallTable,
  isPanic,
  keepsPolicy,
  managerOf,
  managerOfNative,
} from '../../firewall/iptables/ownership/managers.ts';
import { simulate } from '../../firewall/iptables/simulate/simulate.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { Family } from '../../net/family.ts';
import type { Decider } from '../../reach/judge/decider.ts';
import type { LeftTables } from '../../reach/judge/whose.ts';
import { stateWithout } from '../../reach/judge/without.ts';
import { commandLine, sh } from '../../shell.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import type { RemedyChange } from './change.ts';
import { discoverySteps } from './discovery.ts';
import { editNative } from './native-edit.ts';
import { ANSWERS, deleteRule, insertRule, openPolicy } from './iptables.ts';

/** A command against what decides before Docker's rules. */
export interface Removal {
  readonly command: string;
  /** The host as it leaves it, to be tried in memory; of firewalld's own commands the widest that they could do. */
  readonly after: (netState: NetworkState) => NetworkState;
}

/** Whether one of nftables' own tables is firewalld's. */
export const isFirewalld = (table: string): boolean => managerOfNative(table, '') === 'firewalld';

/** Whether a firewall keeps FORWARD's policy: it would come back with its next reload, and the host stands open until then. */
export const isPolicyKept = (
  { variant, family }: { readonly variant: Variant; readonly family: Family },
  { rulesets }: NetworkState,
): boolean =>
  rulesets.some((held) => held.variant === variant && keepsPolicy(held.rules[family].tables.get('filter')));

/** Ends firewalld's panic mode. */
export const PANIC_OFF = 'firewall-cmd --panic-off';

/** Puts a bridge into firewalld's zone that lets all pass. */
export const zoneCommand = (bridge: string): string =>
  sh`firewall-cmd --zone=trusted --change-interface=${bridge}`;

/** What a decider is about. */
interface DecidedAbout {
  /** The bridges of Docker's whose packets it ends: firewalld is told of them. */
  readonly bridges: readonly string[];
  /** Whether the operator means what else it does. */
  readonly isOwn: boolean;
  readonly left: LeftTables | undefined;
}

/**
 * The command against a decider, to be offered once it was tried in memory: it takes it out; of a rule of the operator's that ends answers
 * to what it let through, it lets these pass first.
 *
 * @param used - the variant that plain `iptables` writes to
 * @returns undefined for what no single command takes out, and for what a program would write again
 */
export function removalOf(
  decider: Decider,
  used: Variant,
  { bridges, isOwn, left }: DecidedAbout,
): Removal | undefined {
  const after = (netState: NetworkState): NetworkState => stateWithout(netState, [decider]);
  if (decider.by === 'kernel') return undefined;
  if (decider.discovers) return lettingNeighbours(decider, used);
  if (decider.later !== undefined && isOwn) return lettingAnswers(decider, used);
  switch (decider.by) {
    case 'policy':
      // Offered only where it is nobody's but a leftover: as long as Docker writes with iptables the policy is its own.
      return decider.table === 'filter' && decider.chain === 'FORWARD'
        ? { command: openPolicy(decider.chain, decider, { variant: used }).command, after }
        : undefined;
    case 'rule':
      // Whichever program keeps a chain of its own writes it again.
      return managerOf(decider.rule, undefined) === undefined
        ? { command: deleteRule(decider.rule, decider, { variant: used }).command, after }
        : undefined;
    case 'native': {
      const { table, chain, handle } = decider;
      if (isPanic(table)) return { command: PANIC_OFF, after };
      if (left?.names.includes(table) === true)
        return left.isAlone
          ? { command: commandLine(['nft', 'delete', 'table', ...table.split(' ')]), after }
          : undefined;
      if (isFirewalld(table))
        return bridges.length === 0 ? undefined : { command: bridges.map(zoneCommand).join(' && '), after };
      if (handle === '' || chain === '' || isFirewallTable(table)) return undefined;
      const words = ['nft', 'delete', 'rule', ...table.split(' '), chain, 'handle', handle];
      return { command: commandLine(words), after: (netState) => withoutRule(netState, table, handle) };
    }
  }
}

/** The other rules of a table stay, and may close the same. */
const withoutRule = (netState: NetworkState, table: string, handle: string): NetworkState => ({
  ...netState,
  natives: netState.natives?.map((one) => {
    const text = one.table === table ? editNative(one.text, { op: 'delete', handle }) : undefined;
    return text === undefined ? one : { ...one, text };
  }),
});

/** Lets neighbour discovery pass in front of what drops it, in a table of iptables. */
function lettingNeighbours(decider: Exclude<Decider, { by: 'kernel' }>, used: Variant): Removal | undefined {
  if (decider.by === 'native') return undefined;
  const { hook, table, family, variant } = decider;
  const steps = discoverySteps(hook, { variant, family, table }, { variant: used });
  return {
    command: steps.map(({ command }) => command).join(' && '),
    after: (netState) => steps.reduce((state, { change }) => withChange(state, change), netState),
  };
}

function lettingAnswers(decider: Exclude<Decider, { by: 'kernel' }>, used: Variant): Removal | undefined {
  if (decider.by === 'native') return undefined;
  const { hook, table, chain, family, variant } = decider;
  const isManagers = decider.by === 'rule' && managerOf(decider.rule, undefined) !== undefined;
  const first = table === 'filter' && hook === 'FORWARD' && !isManagers ? USER_CHAIN : chain;
  const { command, change } = insertRule(first, ANSWERS, 'ACCEPT', {
    place: { variant, family, table },
    facts: { variant: used },
  });
  return { command, after: (netState) => withChange(netState, change) };
}

/** A host after a change to one of iptables' tables. */
const withChange = (netState: NetworkState, change: RemedyChange): NetworkState => ({
  ...netState,
  rulesets: netState.rulesets.map((held) =>
    change.of === 'rules' && held.variant === change.variant
      ? {
          ...held,
          rules: {
            ...held.rules,
            [change.family]: simulate(held.rules[change.family], { tables: [change.input] }).ruleset,
          },
        }
      : held,
  ),
});
