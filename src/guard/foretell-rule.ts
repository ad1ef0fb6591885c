import {
  BUILTIN_CHAINS,
  isBuiltin,
  makeRule,
  rulespecOf,
  type Rule,
  type Ruleset,
  type Table,
} from '../iptables/model.ts';
import type { RestoreInput } from '../iptables/restore-input.ts';
import { savedSpec, type Place } from '../iptables/spelling.ts';
import { TARGETS } from '../iptables/targets.ts';
import { viewRule } from '../iptables/view.ts';
import { splitWords } from '../iptables/words.ts';
import { simulate } from './simulate.ts';

/** Extensions whose saved words, given back to the tool, are saved alike again: each met by test/kernel/foretell.test.ts. */
const FAITHFUL: ReadonlySet<string> = new Set([
  ...['tcp', 'udp', 'icmp', 'ipv6-icmp', 'icmp6', 'conntrack', 'addrtype', 'multiport', 'comment', 'limit'],
  ...['policy', 'bpf', 'u32'],
  ...['ACCEPT', 'DROP', 'RETURN', 'REJECT', 'LOG', 'DNAT', 'SNAT', 'MASQUERADE', 'MARK'],
]);

/**
 * The rule that typed words become, in save's spelling: certain where the very chain holds a rule of those words, which
 * was therefore accepted there, its jump and all that leads to included; and for the plain shapes of {@link savedSpec}.
 *
 * @param words - the rulespec
 * @param rules - what stands in the chain
 */
export function typedRule(words: readonly string[], place: Place, rules: readonly Rule[]): Rule | undefined {
  const twin = twinOf(words, place.chain, rules);
  return twin === undefined ? plainRule(words, place) : faithful(twin);
}

/** As {@link typedRule}, of a line in a file: `texts` are those of the rules that the chain holds. */
export function writtenRule(rule: Rule, place: Place, texts: ReadonlySet<string>): Rule | undefined {
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

function plainRule(words: readonly string[], place: Place): Rule | undefined {
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
