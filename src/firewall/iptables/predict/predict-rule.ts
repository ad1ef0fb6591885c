import {
  BUILTIN_CHAINS,
  isBuiltin,
  makeRule,
  rulespecOf,
  type Rule,
  type Ruleset,
  type Table,
} from '../text/model.ts';
import type { RestoreInput } from '../text/restore-input.ts';
import { savedSpec, type ChainPlace } from '../text/spelling.ts';
import { TARGETS } from '../text/targets.ts';
import { viewRule } from '../text/view.ts';
import { splitWords } from '../text/words.ts';
import { simulate } from '../simulate/simulate.ts';

/** Extensions whose saved text, loaded again, is saved the same: test/kernel/predict.test.ts tries each. */
const FAITHFUL: ReadonlySet<string> = new Set([
  ...['tcp', 'udp', 'icmp', 'ipv6-icmp', 'icmp6', 'conntrack', 'addrtype', 'multiport', 'comment', 'limit'],
  ...['policy', 'bpf', 'u32'],
  ...['ACCEPT', 'DROP', 'RETURN', 'REJECT', 'LOG', 'DNAT', 'SNAT', 'MASQUERADE', 'MARK'],
]);

/**
 * The rule that typed words become, in save's spelling. Certain where the same chain already has a rule of those words (it was
 * accepted there, with its jump and everything the jump leads to), and for the plain shapes of {@link savedSpec}.
 *
 * @param words - the rulespec
 * @param rules - what is in the chain
 */
export function typedRule(
  words: readonly string[],
  place: ChainPlace,
  rules: readonly Rule[],
): Rule | undefined {
  const twin = twinOf(words, place.chain, rules);
  return twin === undefined ? plainRule(words, place) : faithful(twin);
}

/** As {@link typedRule}, of a line in a file: `texts` are those of the rules that the chain holds. */
export function writtenRule(rule: Rule, place: ChainPlace, texts: ReadonlySet<string>): Rule | undefined {
  if (texts.has(rule.text)) return faithful(rule);
  const { words, open } = splitWords(rulespecOf(rule));
  return open ? undefined : plainRule(words, place);
}

function twinOf(words: readonly string[], chain: string, rules: readonly Rule[]): Rule | undefined {
  const bare = words.some((word) => word.includes(' ')) ? undefined : `-A ${chain} ${words.join(' ')}`;
  return rules.find((rule) => rule.text === bare || (rule.text.includes('"') && hasWords(rule, words)));
}

function hasWords(rule: Rule, words: readonly string[]): boolean {
  const { words: own, open } = splitWords(rulespecOf(rule));
  return !open && own.length === words.length && own.every((word, i) => word === words[i]);
}

function plainRule(words: readonly string[], place: ChainPlace): Rule | undefined {
  const spec = savedSpec(words, place);
  return spec === undefined ? undefined : makeRule(`-A ${place.chain} ${spec}`);
}

function faithful(rule: Rule): Rule | undefined {
  const { matches, verdict } = viewRule(rule);
  const known = (name: string): boolean => FAITHFUL.has(name);
  const leads = verdict === undefined || !TARGETS.has(verdict.target) || known(verdict.target);
  return leads && matches.every(known) && !rule.text.includes('\n') ? makeRule(rule.text) : undefined;
}

/** What the steps leave of a family's rules; undefined when the kernel refuses one. */
export function afterSteps(before: Ruleset, { tables }: RestoreInput): Ruleset | undefined {
  const { ruleset, refusal } = simulate(before, { tables });
  if (refusal !== undefined) return undefined;
  const touched = new Set(tables.map(({ table }) => table));
  return {
    tables: new Map(
      [...ruleset.tables].map(([name, table]) => [name, touched.has(name) ? inSaveOrder(table) : table]),
    ),
  };
}

/** A table as a save shows it: the kernel's chains in the order of their hooks, then the others by byte. */
function inSaveOrder({ name, chains }: Table): Table {
  const builtins = (BUILTIN_CHAINS[name] ?? []).flatMap((chain) => chains.get(chain) ?? []);
  const users = [...chains.values()]
    .filter((chain) => !isBuiltin(name, chain.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name, chains: new Map([...builtins, ...users].map((chain) => [chain.name, chain])) };
}
