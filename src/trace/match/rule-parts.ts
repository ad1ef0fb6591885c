import type { Rule } from '../../firewall/iptables/text/model.ts';
import { beginsOption, FREE_TEXT, type RuleOption } from '../../firewall/iptables/text/view.ts';
import { splitWords } from '../../firewall/iptables/text/words.ts';

/** A match or a target with the options that are its own. */
export interface Extension {
  readonly name: string;
  readonly options: readonly RuleOption[];
}

/** One rule, taken apart so that every option is with the match it belongs to: `--mark` is one of two matches'. */
export interface RuleParts {
  /** The options before the first `-m`. */
  readonly base: readonly RuleOption[];
  readonly matches: readonly Extension[];
  readonly target: (Extension & { readonly by: 'jump' | 'goto' }) | undefined;
}

/**
 * Takes a rule in save's spelling apart. Save writes the base conditions first, then each match with its options, then
 * the target with its own (docs/reference/iptables-text.md#a-rule).
 */
export function partsOf(rule: Pick<Rule, 'text'>): RuleParts {
  const { words } = splitWords(rule.text);
  const base: RuleOption[] = [];
  const matches: Extension[] = [];
  let target: RuleParts['target'];
  let options = base;
  let negated = false;
  let i = 2;
  const next = (): string => words[i++] ?? '';
  while (i < words.length) {
    const word = next();
    if (word === '!') {
      negated = true;
      continue;
    }
    if (word === '-m') {
      options = [];
      matches.push({ name: next(), options });
    } else if (word === '-j' || word === '-g') {
      options = [];
      target = { by: word === '-j' ? 'jump' : 'goto', name: next(), options };
    } else {
      const values = FREE_TEXT.has(word) && i < words.length ? [next()] : [];
      while (i < words.length && !beginsOption(words[i] ?? '')) values.push(next());
      options.push({ name: word, values, negated });
    }
    negated = false;
  }
  return { base, matches, target };
}
