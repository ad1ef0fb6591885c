import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { Rule } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';

/** Whether a rule is one of Docker's, as they were before the change. */
export function dockersRules({ families }: OwnedHost): (rule: Rule) => boolean {
  const texts = new Set(
    FAMILIES.flatMap((family) => [...families[family].values()])
      .flatMap((chains) => [...chains.values()])
      .flatMap(({ rules }) => rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule.text] : []))),
  );
  return ({ text }) => texts.has(text);
}
