import type { HostRules, Rule, Ruleset } from '../../firewall/iptables/text/model.ts';
import { chainOf, rulesOf } from '../../firewall/iptables/text/model.ts';
import { viewRule } from '../../firewall/iptables/text/view.ts';
import { FAMILIES } from '../../net/family.ts';
import { changedChains, metChains, onlyOfInput } from './touched.ts';

/**
 * What of a change of rules may concern containers, where no table of ways says whether it does: everything but chains that no packet gets
 * to, rules of INPUT that come and let more in, rules of INPUT that go and let less in, and those for one address alone.
 *
 * @returns a line for each rule or policy that differs
 */
export const mayConcernContainers = (before: HostRules, after: HostRules): readonly string[] =>
  FAMILIES.flatMap((family) => inFamily(before[family], after[family]));

function inFamily(before: Ruleset, after: Ruleset): readonly string[] {
  const [was, is] = [onlyOfInput(before), onlyOfInput(after)];
  return changedChains(before, after).flatMap(({ table, chain }) => {
    if (![before, after].some((rules) => metChains(rules, table).has(chain))) return [];
    const isOfInput = table === 'filter' && was.has(chain) && is.has(chain);
    const old = rulesOf(before, table, chain);
    const now = rulesOf(after, table, chain);
    const [added, gone] = [newIn(now, old), newIn(old, now)];
    const isOpening = (rule: Rule): boolean => isOfInput && (OPENS.has(targetOf(rule)) || isForOne(rule));
    const isClosing = (rule: Rule): boolean => isOfInput && (CLOSES.has(targetOf(rule)) || isForOne(rule));
    const policies = [before, after].map((rules) => chainOf(rules, table, chain)?.policy);
    const isSame = policies[0] === policies[1];
    return [
      ...added.filter((rule) => !isOpening(rule)).map(({ text }) => `${table}: ${text}`),
      ...gone.filter((rule) => !isClosing(rule)).map(({ text }) => `${table}: gone: ${text}`),
      ...(isSame || (isOfInput && policies[1] === 'ACCEPT')
        ? []
        : [`${table}: -P ${chain} ${policies[1] ?? 'gone'}`]),
      // The same rules in another order, or one of two copies gone.
      ...(isSame && added.length + gone.length === 0 ? [`${table}: the rules of ${chain}`] : []),
    ];
  });
}

const OPENS: ReadonlySet<string> = new Set(['ACCEPT', 'LOG', 'NFLOG', '']);
const CLOSES: ReadonlySet<string> = new Set(['DROP', 'REJECT', 'LOG', 'NFLOG', '']);

/** One address is let in, or closed out: docker-proxy's own packets have the host's. */
function isForOne(rule: Rule): boolean {
  const { source } = viewRule(rule);
  const isOne = source?.negated === false && /\/(?:32|128)$/.test(source.value);
  const target = targetOf(rule);
  return isOne && !/^(?:127\.|::1)/.test(source.value) && (OPENS.has(target) || CLOSES.has(target));
}

const targetOf = (rule: Rule): string =>
  rule.printed === undefined ? (viewRule(rule).verdict?.target ?? '') : '?';

function newIn(rules: readonly Rule[], others: readonly Rule[]): readonly Rule[] {
  const known = new Set(others.map(({ text }) => text));
  return rules.filter(({ text }) => !known.has(text));
}
