import type { Rule } from '../firewall/iptables/text/model.ts';
import type { Form } from './alike/forms.ts';
import type { Is } from './cell.ts';
import type { Decider } from './judge/decider.ts';

/** What decides about a question of a form where another one of the same form met a decider. */
export function translatedDecider<Told extends Decider>(decider: Told, was: Form, now: Form): Told {
  switch (decider.by) {
    case 'rule':
      return { ...decider, rule: ruleIn(decider.rule, was, now) };
    case 'kernel':
      return { ...decider, detail: withAddresses(decider.detail, was.addresses, now.addresses) };
    case 'policy':
    case 'native':
      return decider;
  }
}

/** A text with other addresses, each in place of the one that stands where it does in the list. */
export const withAddresses = (text: string, were: readonly string[], are: readonly string[]): string =>
  text.replaceAll(/[\da-f.:]+/g, (word) => are[were.indexOf(word)] ?? word);

/** The rule that a question of a form meets where another one of the same form met a rule. */
function ruleIn(rule: Rule, was: Form, now: Form): Rule {
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
