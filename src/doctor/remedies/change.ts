import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import { strip } from '../../firewall/iptables/ownership/strip.ts';
import { simulate } from '../../firewall/iptables/simulate/simulate.ts';
import { EMPTY_RULESET, type Ruleset, type Variant } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import type { TableInput } from '../../firewall/iptables/text/restore-input.ts';
import type { Family } from '../../net/family.ts';
import type { LinkAddress, NetworkLink, NetworkState, Route, RouteRule } from '../../trace/network-state.ts';
import type { Facts, RestoreOption } from '../facts/facts.ts';
import { withAddress, withLink } from './link-state.ts';
import { editNative, type NativeEdit } from './native-edit.ts';

/**
 * What a remedy's command does that is not tried in memory, and why it may be offered all the same. A remedy is tried, is one of these, or
 * is words.
 */
export const UNTRIED = {
  /** `rulesguard check`, `ss`: */
  shows: 'it changes nothing that decides about packets: it shows more',
  /** `nsenter --net=… ip address add`: */
  inside:
    "it gives a container back what the Engine gave it, in its own network namespace: this host's rules decide as before, and its table takes that side for working",
  /** `docker restart`, `docker network connect`, `systemctl start docker`: */
  docker:
    'the Engine does it and writes the rules: it opens what Docker means for a container on that network, and no more; what that is, the remedy says',
  /** `rulesguard restore --drop-flows`, where no rule is missing: */
  flows:
    'it writes no rule: the kernel forgets flows of published ports, and the rules decide about their next packets',
} as const satisfies Readonly<Record<string, string>>;

export type UntriedKind = keyof typeof UNTRIED;

/** What a command of a remedy changes of all that decides about packets. */
export type RemedyChange =
  /** Edits of one table of iptables. */
  | { readonly of: 'rules'; readonly variant: Variant; readonly family: Family; readonly input: TableInput }
  /** Docker's rules as `rulesguard restore` leaves them, without an option or with one. */
  | { readonly of: 'restore'; readonly option?: RestoreOption }
  /** The rules of one family as `rulesguard strip` leaves them. */
  | { readonly of: 'strip'; readonly variant: Variant; readonly family: Family }
  /** @see NetworkState.sysctls */
  | { readonly of: 'sysctl'; readonly path: string; readonly value: string }
  | { readonly of: 'route'; readonly op: 'add' | 'delete'; readonly route: Route }
  | { readonly of: 'route-rule'; readonly op: 'add' | 'delete'; readonly rule: RouteRule }
  /** `modprobe br_netfilter`: bridged packets of both families are shown to the rules, until somebody sets that otherwise. */
  | { readonly of: 'bridge-filter' }
  /** An interface that is there, or one that is made. */
  | { readonly of: 'link'; readonly name: string; readonly fields: Partial<NetworkLink> }
  | { readonly of: 'address'; readonly dev: string; readonly address: LinkAddress }
  /** @param table - family and name of one of nftables' own tables */
  | { readonly of: 'native'; readonly table: string; readonly edit: NativeEdit }
  /** A table of nftables that is made, as it is listed then. */
  | { readonly of: 'native-table'; readonly table: string; readonly text: string }
  /** A table of nftables that is taken out whole. */
  | { readonly of: 'native-table-gone'; readonly table: string }
  | { readonly of: UntriedKind };

/**
 * The host as a change would leave it.
 *
 * @returns undefined for a change that the kernel would refuse, or of which it is not known what it leaves
 */
export function changed(facts: Facts, change: RemedyChange): Facts | undefined {
  const { netState } = facts;
  switch (change.of) {
    case 'rules':
      return withRules(facts, change);
    case 'restore':
      return restored(facts, change.option);
    case 'strip':
      return stripped(facts, change);
    case 'sysctl':
      return onState(facts, { sysctls: withSysctl(netState.sysctls, change.path, change.value) });
    case 'route': {
      const routes =
        change.op === 'add'
          ? [...netState.routes, change.route]
          : netState.routes.filter((one) => one !== change.route);
      return onState(facts, { routes });
    }
    case 'route-rule': {
      const routeRules =
        change.op === 'add'
          ? [...netState.routeRules, change.rule].sort((a, b) => a.priority - b.priority)
          : netState.routeRules.filter((one) => one !== change.rule);
      return onState(facts, { routeRules });
    }
    case 'bridge-filter':
      return ['iptables', 'ip6tables'].reduce(
        (now, tool) =>
          onState(now, { sysctls: withSysctl(now.netState.sysctls, `bridge/bridge-nf-call-${tool}`, '1') }),
        facts,
      );
    case 'link':
      return onState(facts, withLink(netState, change.name, change.fields));
    case 'address':
      return onState(facts, withAddress(netState, change.dev, change.address));
    case 'native': {
      const { natives } = netState;
      const known = natives?.find(({ table }) => table === change.table);
      const text = known && editNative(known.text, change.edit);
      if (natives === undefined || known === undefined || text === undefined) return undefined;
      return onState(facts, { natives: natives.map((one) => (one === known ? { ...one, text } : one)) });
    }
    case 'native-table': {
      const { natives } = netState;
      // What is added to a table that is there already, nobody knows here.
      if (natives === undefined || natives.some(({ table }) => table === change.table)) return undefined;
      return onState(facts, { natives: [...natives, { table: change.table, text: change.text }] });
    }
    case 'native-table-gone':
      return onState(facts, { natives: netState.natives?.filter(({ table }) => table !== change.table) });
    case 'shows':
    case 'inside':
    case 'docker':
    case 'flows':
      return facts;
  }
}

/** Forwarding of a family is written to each of its interfaces by the kernel. */
function withSysctl(sysctls: ReadonlyMap<string, string>, path: string, value: string): Map<string, string> {
  const [, family] = /^(ipv[46])\/(?:ip_forward|conf\/all\/forwarding)$/.exec(path) ?? [];
  const isSame = (other: string): boolean =>
    other === path ||
    (family !== undefined && other.startsWith(`${family}/`) && /\/(?:ip_)?forward(?:ing)?$/.test(other));
  return new Map(
    [...sysctls, [path, value] as const].map(([key, held]) => [key, isSame(key) ? value : held]),
  );
}

/** As {@link changed}, one after the other. */
export const changedBy = (facts: Facts, changes: readonly RemedyChange[]): Facts | undefined =>
  changes.reduce<Facts | undefined>((now, change) => now && changed(now, change), facts);

/**
 * The host with Docker's rules as a restore would leave them; undefined where it is not known, or would change nothing.
 *
 * @param option - of restore's; absent for none
 */
export function restored(facts: Facts, option?: RestoreOption): Facts | undefined {
  const { afterRestore, afterRestoreWith, variant, netState } = facts;
  const left = option === undefined ? afterRestore : afterRestoreWith?.[option];
  if (left === undefined) return undefined;
  if ('natives' in left) {
    const { natives } = netState;
    if (natives === undefined) return undefined;
    const {
      afterRestore: _,
      afterRestoreWith: __,
      ...rest
    } = onState(facts, { natives: left.natives(natives) });
    return rest;
  }
  const { rules, owned } = left;
  const rulesets = netState.rulesets.map((held) => (held.variant === variant ? { ...held, rules } : held));
  const { afterRestore: _, afterRestoreWith: __, ...rest } = onState(facts, { rulesets });
  return { ...rest, owned };
}

/** As the command does it: a save of one family, without Docker's rules, loaded again. */
function stripped(
  facts: Facts,
  { variant, family }: Extract<RemedyChange, { of: 'strip' }>,
): Facts | undefined {
  const held = facts.netState.rulesets.find((one) => one.variant === variant);
  if (held === undefined) return undefined;
  return withRuleset(facts, { variant, family }, withoutDockers(held.rules[family]));
}

function withoutDockers(ruleset: Ruleset): Ruleset {
  const save = parseSave(printRuleset(ruleset, 'counters'), 'rules');
  const owned = ownHost({ ipv4: save.ruleset, ipv6: EMPTY_RULESET });
  return parseSave(strip(save, owned.families.ipv4), 'rules').ruleset;
}

function withRules(
  facts: Facts,
  { variant, family, input }: Extract<RemedyChange, { of: 'rules' }>,
): Facts | undefined {
  const held = facts.netState.rulesets.find((one) => one.variant === variant);
  if (held === undefined) return undefined;
  const { ruleset, refusal } = simulate(held.rules[family], { tables: [input] });
  if (refusal !== undefined) return undefined;
  return withRuleset(facts, { variant, family }, ruleset);
}

const withRuleset = (
  facts: Facts,
  at: { readonly variant: Variant; readonly family: Family },
  ruleset: Ruleset,
): Facts =>
  onState(facts, {
    rulesets: facts.netState.rulesets.map((held) =>
      held.variant === at.variant ? { ...held, rules: { ...held.rules, [at.family]: ruleset } } : held,
    ),
  });

const onState = (facts: Facts, fields: Partial<NetworkState>): Facts => ({
  ...facts,
  netState: { ...facts.netState, ...fields },
});
