import type { Rule } from './model.ts';
import { splitWords } from './words.ts';

/** A value that a rule compares with, and whether a `!` precedes it. */
export interface RuleCondition {
  readonly value: string;
  readonly negated: boolean;
}

/** One rule as its fields. A field is absent when the rule does not ask for it. */
export interface RuleView {
  readonly chain: string;
  readonly verdict: { readonly by: 'jump' | 'goto'; readonly target: string } | undefined;
  readonly inInterface: RuleCondition | undefined;
  readonly outInterface: RuleCondition | undefined;
  readonly source: RuleCondition | undefined;
  readonly destination: RuleCondition | undefined;
  readonly protocol: RuleCondition | undefined;
  readonly sourcePort: RuleCondition | undefined;
  readonly destinationPort: RuleCondition | undefined;
  /** Names of the match extensions (`-m`), in order. */
  readonly matches: readonly string[];
  /** Every other option with its values, in order: match options first, then the target's. */
  readonly options: readonly RuleOption[];
}

export interface RuleOption {
  readonly name: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

const CONDITIONS = {
  '-i': 'inInterface',
  '-o': 'outInterface',
  '-s': 'source',
  '-d': 'destination',
  '-p': 'protocol',
  '--sport': 'sourcePort',
  '--dport': 'destinationPort',
} as const satisfies Readonly<Record<string, keyof RuleView>>;

/**
 * Options whose one value is free text, which save writes without quotes where it can: in `--comment -j` the comment is `-j`,
 * not a jump. The value of any other option never looks like an option.
 */
export const FREE_TEXT: ReadonlySet<string> = new Set([
  ...[
    '--comment',
    '--log-prefix',
    '--nflog-prefix',
    '--ulog-prefix',
    '--string',
    '--hex-string',
    '--helper',
    '--path',
  ],
  ...['--name', '--hashlimit-name', '--nfacct-name', '--label', '--led-trigger-id', '--u32', '--bytecode'],
]);

/** Whether a word ends the values before it: the name of an option, or `!`. A negative number is a value. */
export const beginsOption = (word: string): boolean => word === '!' || /^-(?!\d)/.test(word);

type ConditionField = (typeof CONDITIONS)[keyof typeof CONDITIONS];

const isConditionOption = (word: string): word is keyof typeof CONDITIONS => Object.hasOwn(CONDITIONS, word);

/**
 * The fields of one rule in save's spelling. Unknown options are kept as they are, so that nothing of a rule is lost.
 */
export function viewRule(rule: Pick<Rule, 'text'>): RuleView {
  const { words } = splitWords(rule.text);
  const conditions: Partial<Record<ConditionField, RuleCondition>> = {};
  const matches: string[] = [];
  const options: RuleOption[] = [];
  let verdict: RuleView['verdict'];
  let negated = false;
  let i = 2;
  const next = (): string => words[i++] ?? '';
  while (i < words.length) {
    const word = next();
    if (word === '!') {
      negated = true;
      continue;
    }
    if (isConditionOption(word)) conditions[CONDITIONS[word]] = { value: next(), negated };
    else if (word === '-m') matches.push(next());
    else if (word === '-j' || word === '-g')
      verdict = { by: word === '-j' ? 'jump' : 'goto', target: next() };
    else {
      const values = FREE_TEXT.has(word) && i < words.length ? [next()] : [];
      while (i < words.length && !beginsOption(words[i] ?? '')) values.push(next());
      options.push({ name: word, values, negated });
    }
    negated = false;
  }
  return {
    chain: words[1] ?? '',
    verdict,
    inInterface: conditions.inInterface,
    outInterface: conditions.outInterface,
    source: conditions.source,
    destination: conditions.destination,
    protocol: conditions.protocol,
    sourcePort: conditions.sourcePort,
    destinationPort: conditions.destinationPort,
    matches,
    options,
  };
}

const MINUS = 45;

/**
 * The target of a rule (`-j X` or `-g X`) without building a view, which would be too slow for a large ruleset. Undefined for a
 * rule without one.
 */
export function targetOf(text: string): string | undefined {
  // A quoted value may contain what looks like a target, and so may an unquoted one that another option follows.
  if (text.includes('"')) return viewRule({ text }).verdict?.target;
  let at = text.lastIndexOf(' -j ');
  if (at === -1) at = text.lastIndexOf(' -g ');
  if (at === -1) return undefined;
  if (text.charCodeAt(at + 4) === MINUS) return viewRule({ text }).verdict?.target;
  const end = text.indexOf(' ', at + 4);
  return end === -1 ? text.slice(at + 4) : text.slice(at + 4, end);
}
