import type { NativeRule } from '../../firewall/nftables/text/model.ts';
import { readNatives } from '../../trace/native/tables.ts';
import type { Facts } from '../facts/facts.ts';
import type { NativeStop } from './native-stop.ts';

const NAMES_SENDER = /^ip6? saddr$/;
const NAMES_ASKED = /^ct original (?:proto-dst|ip6? daddr)$/;

/**
 * Whether whoever wrote a rule that stops packets meant to close something to some, and not to others: the rule itself asks who sends,
 * or what was asked of this host; or rules before it let senders in by their addresses. Without it everybody would get in.
 */
export function isForSome(
  { table, chain, rule, native }: NativeStop,
  { netState }: Pick<Facts, 'netState'>,
): boolean {
  if (rule === undefined) return false;
  const held = readNatives(netState).find((one) => one.table === table)?.read;
  const rules = held?.chains.get(chain)?.rules ?? [];
  const at = rules.findIndex(({ text, handle }) =>
    native.handle === '' ? text === rule.text : handle === native.handle,
  );
  const ending = rules[at];
  return (
    ending !== undefined &&
    (asks(ending, NAMES_SENDER) ||
      asks(ending, NAMES_ASKED) ||
      rules.slice(0, at).some((one) => letsPass(one) && asks(one, NAMES_SENDER)))
  );
}

const asks = ({ conditions }: NativeRule, field: RegExp): boolean =>
  conditions.some(({ fields }) => fields.some((one) => field.test(one)));

const letsPass = ({ verdict }: NativeRule): boolean =>
  verdict !== undefined && 'is' in verdict && /^(?:accept|return)$/.test(verdict.is);
