import { simulate } from '../../firewall/iptables/simulate/simulate.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import type { TableInput } from '../../firewall/iptables/text/restore-input.ts';
import type { Family } from '../../net/family.ts';
import type { NetworkLink, NetworkState, Route, RouteRule } from '../../trace/network-state.ts';
import type { Facts } from '../facts/facts.ts';
import { editNative, type NativeEdit } from './native-edit.ts';

/** What a command of a remedy changes of all that decides about packets. */
export type RemedyChange =
  /** Edits of one table of iptables. */
  | { readonly of: 'rules'; readonly variant: Variant; readonly family: Family; readonly input: TableInput }
  /** Docker's rules as `rulesguard restore` leaves them. */
  | { readonly of: 'restore' }
  /** @see NetworkState.sysctls */
  | { readonly of: 'sysctl'; readonly path: string; readonly value: string }
  | { readonly of: 'route'; readonly op: 'add' | 'delete'; readonly route: Route }
  | { readonly of: 'route-rule'; readonly op: 'add' | 'delete'; readonly rule: RouteRule }
  | { readonly of: 'link'; readonly name: string; readonly fields: Partial<NetworkLink> }
  /** @param table - family and name of one of nftables' own tables */
  | { readonly of: 'native'; readonly table: string; readonly edit: NativeEdit };

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
      return restored(facts);
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
    case 'link':
      return onState(facts, {
        links: netState.links.map((one) => (one.name === change.name ? { ...one, ...change.fields } : one)),
      });
    case 'native': {
      const { natives } = netState;
      const known = natives?.find(({ table }) => table === change.table);
      const text = known && editNative(known.text, change.edit);
      if (natives === undefined || known === undefined || text === undefined) return undefined;
      return onState(facts, { natives: natives.map((one) => (one === known ? { ...one, text } : one)) });
    }
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

/** The host with Docker's rules as a restore would leave them; undefined where it is not known, or would change nothing. */
export function restored(facts: Facts): Facts | undefined {
  const { afterRestore, variant, netState } = facts;
  if (afterRestore === undefined) return undefined;
  const { rules, owned } = afterRestore;
  const rulesets = netState.rulesets.map((held) => (held.variant === variant ? { ...held, rules } : held));
  const { afterRestore: _, ...rest } = onState(facts, { rulesets });
  return { ...rest, owned };
}

function withRules(
  facts: Facts,
  { variant, family, input }: Extract<RemedyChange, { of: 'rules' }>,
): Facts | undefined {
  const held = facts.netState.rulesets.find((one) => one.variant === variant);
  if (held === undefined) return undefined;
  const { ruleset, refusal } = simulate(held.rules[family], { tables: [input] });
  if (refusal !== undefined) return undefined;
  const rules = { ...held.rules, [family]: ruleset };
  return onState(facts, {
    rulesets: facts.netState.rulesets.map((one) => (one === held ? { variant, rules } : one)),
  });
}

const onState = (facts: Facts, fields: Partial<NetworkState>): Facts => ({
  ...facts,
  netState: { ...facts.netState, ...fields },
});
