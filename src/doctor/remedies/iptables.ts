import { iptablesOf } from '../../firewall/iptables/text/tools.ts';
import { makeRule, type Rule, type Variant } from '../../firewall/iptables/text/model.ts';
import type { Step as Edit } from '../../firewall/iptables/text/restore-input.ts';
import { splitWords } from '../../firewall/iptables/text/words.ts';
import type { Family } from '../../net/family.ts';
import { commandLine } from '../../shell.ts';
import type { Facts, RestoreOption } from '../facts/facts.ts';
import type { RemedyStep } from './proposal.ts';
import type { RemedyChange } from './change.ts';

/** A table of one variant and family. */
export interface RulesTable {
  readonly variant: Variant;
  readonly family: Family;
  readonly table: string;
}

/** `iptables`, `ip6tables-legacy`: the plain name where that is the variant Docker uses. */
const toolOf = ({ family, variant }: RulesTable, facts: Pick<Facts, 'variant'>): string =>
  `${iptablesOf(family)}${variant === facts.variant ? '' : `-${variant}`}`;

const edit = ({ variant, family, table }: RulesTable, step: Edit): RemedyChange => ({
  of: 'rules',
  variant,
  family,
  input: { table, steps: [step] },
});

/**
 * Deletes a rule. Its comment may hold anything, and whoever pastes the command is root: save's own quoting is not the shell's.
 */
export function deleteRule(rule: Rule, place: RulesTable, facts: Pick<Facts, 'variant'>): RemedyStep {
  return {
    command: `${toolOf(place, facts)} ${deletion(rule, place.table)}`,
    change: edit(place, { op: 'delete', chain: rule.chain, rule }),
  };
}

/** The arguments that delete a rule, behind the tool's name. */
export const deletion = (rule: Rule, table: string): string => {
  const [, chain = '', ...spec] = splitWords(rule.text).words;
  return commandLine(['-w', '-t', table, '-D', chain, ...spec]);
};

/** Sets a policy to ACCEPT. */
export const openPolicy = (chain: string, place: RulesTable, facts: Pick<Facts, 'variant'>): RemedyStep => ({
  command: `${toolOf(place, facts)} -w -t ${place.table} -P ${chain} ACCEPT`,
  change: edit(place, { op: 'policy', chain, policy: 'ACCEPT', counters: '' }),
});

/** What a rule asks for. Absent: anything. */
export interface RuleFields {
  readonly source?: string;
  /** Who sends, in words: in the place of `source`, and as matches of their own. */
  readonly senders?: { readonly source: readonly string[]; readonly matches: readonly string[] };
  readonly destination?: string;
  readonly in?: string;
  readonly out?: string;
  readonly protocol?: string;
  readonly port?: number;
  /** Options of `-m conntrack`. */
  readonly connection?: readonly string[];
}

/** Answers of connections that were let through, and what belongs to them. */
export const ANSWERS: RuleFields = { connection: ['--ctstate', 'RELATED,ESTABLISHED'] };

/** Puts a rule in front of a chain's others. @param target - what it does, or the chain it leads to */
export function insertRule(
  chain: string,
  fields: RuleFields,
  target: string,
  { place, facts }: { readonly place: RulesTable; readonly facts: Pick<Facts, 'variant'> },
): RemedyStep {
  const { family, table } = place;
  const where = table === 'filter' ? [] : ['-t', table];
  const typed = [...where, '-I', chain, ...wordsOf(fields, (address) => address, []), '-j', target];
  const whole = (address: string): string =>
    address.includes('/') ? address : `${address}/${family === 'ipv4' ? '32' : '128'}`;
  const match = fields.port === undefined ? [] : ['-m', fields.protocol ?? ''];
  const saved = ['-A', chain, ...wordsOf(fields, whole, match), '-j', target];
  const rule = makeRule(saved.join(' '));
  return insertTyped(commandLine(typed), rule, place, facts);
}

/** Puts a rule in front of a chain's others. @param typed - the words behind the tool's name and `-w` */
export const insertTyped = (
  typed: string,
  rule: Rule,
  place: RulesTable,
  facts: Pick<Facts, 'variant'>,
): RemedyStep => insertBy(`${toolOf(place, facts)} -w ${typed}`, rule, place);

/** The words of a rule in the order in which a save prints them. */
function wordsOf(
  { source, senders, destination, in: by, out, protocol, port, connection }: RuleFields,
  spell: (address: string) => string,
  match: readonly string[],
): readonly string[] {
  return [
    ...(senders?.source ?? []),
    ...(source === undefined ? [] : ['-s', spell(source)]),
    ...(destination === undefined ? [] : ['-d', spell(destination)]),
    ...(by === undefined ? [] : ['-i', by]),
    ...(out === undefined ? [] : ['-o', out]),
    ...(protocol === undefined ? [] : ['-p', protocol]),
    ...match,
    ...(port === undefined ? [] : ['--dport', String(port)]),
    ...(senders?.matches ?? []),
    ...(connection === undefined ? [] : ['-m', 'conntrack', ...connection]),
  ];
}

/** Appends a rule to a chain. @param rule - as a save prints it, without shell's quotes in it */
export const appendRule = (rule: string, place: RulesTable, facts: Pick<Facts, 'variant'>): RemedyStep =>
  appendBy(`${toolOf(place, facts)} -w -t ${place.table} ${rule}`, rule, place);

/** Appends a rule by a command of a firewall manager's. */
export const appendBy = (command: string, rule: string, place: RulesTable): RemedyStep => ({
  command,
  change: edit(place, { op: 'append', chain: makeRule(rule).chain, rule: makeRule(rule) }),
});

/** Puts a rule in front of a chain's others by a command of a firewall manager's. */
export const insertBy = (command: string, rule: Rule, place: RulesTable): RemedyStep => ({
  command,
  change: edit(place, { op: 'insert', chain: rule.chain, position: 1, rule }),
});

/** `rulesguard restore`. */
export const RESTORE: RemedyStep = { command: 'rulesguard restore', change: { of: 'restore' } };

/** The same with an option. */
export const restoreWith = (option: RestoreOption): RemedyStep => ({
  command: `rulesguard restore ${option}`,
  change: { of: 'restore', option },
});
