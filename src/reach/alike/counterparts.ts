import type { Rule } from '../../firewall/iptables/text/model.ts';
import type { Decider } from '../judge/decider.ts';
import type { PathEnd } from '../../trace/path.ts';
import type { ListedRule } from './docker-tables.ts';
import type { PlacedRule } from './rule-index.ts';

/** Rules that two like questions meet: what stands at one place of the first list is of the one what stands there in the second is of the other. */
export type Counterparts = readonly (readonly [were: readonly PlacedRule[], are: readonly PlacedRule[]])[];

/** The rule that the other question meets; undefined for one that is not only the first one's. */
function ruleOf(rule: Rule, counterparts: Counterparts): Rule | undefined {
  for (const [were, are] of counterparts) {
    const at = were.findIndex((one) => one.rule === rule);
    if (at !== -1) return are[at]?.rule;
  }
  return undefined;
}

/** As {@link ruleOf}, of one of nftables' own tables. */
function listedOf(
  { table, chain, text, handle }: ListedRule,
  counterparts: Counterparts,
): ListedRule | undefined {
  for (const [were, are] of counterparts) {
    const at = were.findIndex(
      ({ listed }) =>
        listed?.handle === handle && listed.text === text && listed.chain === chain && listed.table === table,
    );
    if (at !== -1) return are[at]?.listed;
  }
  return undefined;
}

/** As {@link ruleOf}, of a chain of which no rule is told. */
function chainOf(table: string, chain: string, counterparts: Counterparts): string {
  for (const [were, are] of counterparts) {
    const at = were.findIndex(({ listed }) => listed?.chain === chain && listed.table === table);
    if (at !== -1) return are[at]?.listed?.chain ?? chain;
  }
  return chain;
}

/** What ended the one's packet, told of the other's. */
export function endOfOther<End extends PathEnd>(end: End, counterparts: Counterparts): End {
  if ((end.at !== 'stopped' && end.at !== 'unknown') || end.rule === undefined) return end;
  if (end.at === 'stopped' && end.native !== undefined) {
    const { table, chain, rule, native } = end;
    const other = listedOf({ table, chain, text: rule.text, handle: native.handle }, counterparts);
    if (other === undefined) return end;
    const { text } = other;
    return {
      ...end,
      chain: other.chain,
      rule: { ...rule, chain: other.chain, text, raw: text },
      native: { handle: other.handle },
    };
  }
  const rule = ruleOf(end.rule, counterparts);
  return rule === undefined ? end : { ...end, rule };
}

/** What decided about the one, told of the other. */
export function deciderOfOther<Told extends Decider>(decider: Told, counterparts: Counterparts): Told {
  if (decider.by === 'rule') {
    const rule = ruleOf(decider.rule, counterparts);
    return rule === undefined ? decider : { ...decider, rule };
  }
  if (decider.by !== 'native') return decider;
  const { table, chain, rule: text, handle } = decider;
  if (text === '' && handle === '') return { ...decider, chain: chainOf(table, chain, counterparts) };
  const other = listedOf({ table, chain, text, handle }, counterparts);
  return other === undefined
    ? decider
    : { ...decider, chain: other.chain, rule: other.text, handle: other.handle };
}
