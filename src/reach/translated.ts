import type { Rule } from '../firewall/iptables/text/model.ts';
import type { Form } from './alike/forms.ts';
import type { Is } from './cell.ts';

/** The rule that a question of a form meets where another one of the same form met a rule. */
export function ruleIn(rule: Rule, was: Form, now: Form): Rule {
  const at = was.rules().findIndex((one) => one.rule === rule);
  return now.rules()[at]?.rule ?? rule;
}

/**
 * What became of one question, told of another of the same form.
 *
 * @returns undefined where it is told with names that only following the other's own packets gives
 */
export function translatedIs(is: Is, was: Form, now: Form): Is | undefined {
  switch (is.is) {
    case 'reached': {
      const at = was.addresses.indexOf(is.as);
      return { is: 'reached', as: now.addresses[at] ?? is.as };
    }
    case 'proxied':
      return is;
    case 'stopped': {
      const { end, outcome } = is;
      if (end.at === 'local' && outcome.is !== 'elsewhere' && outcome.is !== 'detour') return is;
      if (end.at !== 'stopped' || outcome.is !== 'stopped') return undefined;
      return end.rule === undefined ? is : { ...is, end: { ...end, rule: ruleIn(end.rule, was, now) } };
    }
    case 'unknown':
      return undefined;
  }
}
