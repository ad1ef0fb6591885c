import type { Family } from '../../../net/family.ts';

/**
 * Tables, chains and rules as values. All text is bytes, one character a byte (latin1), because a comment may contain
 * anything the kernel accepts (iptables-save writes bytes 0x01–0xff raw: docs/reference/iptables-text.md).
 */

export const VARIANTS = ['nft', 'legacy'] as const;
export type Variant = (typeof VARIANTS)[number];

/** One rule as saved. Two rules are the same rule when their `text` is equal; counters are not part of a rule. */
export interface Rule {
  readonly chain: string;
  /** `-A CHAIN …` in save's own spelling, without counters. */
  readonly text: string;
  /** `packets:bytes`, or '' when the save carried none. 64-bit, therefore never a number. */
  readonly counters: string;
  /** The bytes it was read from, without the final newline. */
  readonly raw: string;
  /** Line of the save where it begins, from 1; 0 for a rule that was not read from text. */
  readonly line: number;
  /**
   * What the save prints of a rule that it cannot print in full (nft wrote it, with a set or a map). Its `text` is then nft's
   * own, which iptables-restore refuses. Absent for all others.
   */
  readonly printed?: string;
  /** Nft's handle of such a rule. */
  readonly handle?: string;
}

export interface Chain {
  readonly name: string;
  /** ACCEPT or DROP for a built-in chain, `-` for a user chain; '' where a built-in chain's is not known. */
  readonly policy: string;
  /** Policy counters `packets:bytes`, '' when absent. */
  readonly counters: string;
  readonly rules: readonly Rule[];
}

export interface Table {
  readonly name: string;
  /** In the order of the save. */
  readonly chains: ReadonlyMap<string, Chain>;
}

export interface Ruleset {
  readonly tables: ReadonlyMap<string, Table>;
}

/** The rules of a host: both families. */
export type HostRules = Readonly<Record<Family, Ruleset>>;

/** A rule, or a whole chain, by name. */
export interface RuleName {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** The rule's text; absent where the whole chain is meant. */
  readonly rule?: string;
}

/** The built-in chains of every table iptables knows, in hook order. Those five are all there are. */
export const BUILTIN_CHAINS: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  security: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export const TABLES: readonly string[] = Object.keys(BUILTIN_CHAINS);

/** Whether `chain` is one of the kernel's own chains of `table`. */
export function isBuiltin(table: string, chain: string): boolean {
  return BUILTIN_CHAINS[table]?.includes(chain) ?? false;
}

const NO_RULES: readonly Rule[] = [];

/** The chain, or undefined when the table or the chain does not exist. */
export function chainOf(ruleset: Ruleset, table: string, chain: string): Chain | undefined {
  return ruleset.tables.get(table)?.chains.get(chain);
}

/** The rules of a chain; none when the chain does not exist. */
export function rulesOf(ruleset: Ruleset, table: string, chain: string): readonly Rule[] {
  return chainOf(ruleset, table, chain)?.rules ?? NO_RULES;
}

/** Whether anything of a host's rules decides about packets: any rule, or a policy other than ACCEPT. Tables may exist empty. */
export function decidesAnything(rules: HostRules): boolean {
  return [rules.ipv4, rules.ipv6].some(({ tables }) =>
    [...tables.values()].some(({ name, chains }) =>
      [...chains.values()].some(
        (chain) => chain.rules.length > 0 || (isBuiltin(name, chain.name) && chain.policy !== 'ACCEPT'),
      ),
    ),
  );
}

/** A rule that was not read from a save: written by a plan or a test. */
export function makeRule(text: string, counters = ''): Rule {
  const end = text.indexOf(' ', 3);
  const chain = end === -1 ? text.slice(3) : text.slice(3, end);
  return { chain, text, counters, raw: counters === '' ? text : `[${counters}] ${text}`, line: 0 };
}

/** What follows `-A CHAIN ` in a rule's text: the words iptables calls the rulespec. */
export function rulespecOf(rule: Pick<Rule, 'chain' | 'text'>): string {
  return rule.text.slice(rule.chain.length + 4);
}

export const EMPTY_RULESET: Ruleset = { tables: new Map() };
