import { blockOf, overlap, type AddressBlock } from '../../net/address.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import { FAMILIES } from '../../net/family.ts';
import { spellRule } from '../paths/routing-rule-words.ts';
import { generalRoute } from '../../trace/routing/route.ts';
import type { Facts } from '../facts/facts.ts';

/** What tells addresses apart on one host: those that nothing there tells apart fare alike. */
export interface TellingApart {
  /** Equal for two addresses elsewhere of which neither rules nor routes make a difference. */
  readonly addressKey: (address: string) => string;
}

const ADDRESS =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?:\/\d{1,3})?(?![\w.])/g;
/** Where addresses are told apart by more than blocks, or by what is not written out: each counts for itself. */
const BY_MORE =
  /--(?:src|dst)-range|-m (?:u32|bpf|string)|[0-9a-f]-(?:(?:\d{1,3}\.){3}|[0-9a-f]*:)|addr [<>]|@nh|@th|@ll|&/;

/** Finds what a host's rules, sets and routes name. */
export function tellingApart({ netState }: Pick<Facts, 'netState'>): TellingApart {
  const rules = [
    ...netState.rulesets.flatMap((one) => FAMILIES.map((family) => printRuleset(one.rules[family]))),
    ...[...(netState.sets?.values() ?? [])].flatMap(({ members }) => members),
    ...(netState.natives ?? []).map(({ text }) => text),
    ...netState.routeRules.map(spellRule),
  ].join('\n');
  const isOdd = BY_MORE.test(rules);
  const named = [...new Set(rules.match(ADDRESS))].flatMap((text) => blockOf(text) ?? []);
  const keys = new Map<string, string>();
  return {
    addressKey(address) {
      if (isOdd) return address;
      const key = keys.get(address) ?? `${within(address, named)} ${routeKey(address, netState)}`;
      keys.set(address, key);
      return key;
    },
  };
}

function within(address: string, named: readonly AddressBlock[]): string {
  const one = blockOf(address);
  return one === undefined
    ? address
    : named.flatMap((block, at) => (overlap(block, one) ? [String(at)] : [])).join(',');
}

function routeKey(address: string, netState: Facts['netState']): string {
  const found = generalRoute(netState, address);
  if (found.kind === 'unknown') return address;
  return found.kind === 'unicast' ? `${found.route.to} ${found.route.via} ${found.route.dev}` : found.kind;
}
