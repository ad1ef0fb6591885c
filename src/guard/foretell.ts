import type { HostRules } from '../docker/ownership.ts';
import { readArguments, type Arguments } from '../iptables/arguments.ts';
import {
  chainOf,
  isBuiltin,
  rulesOf,
  type Backend,
  type Chain,
  type Family,
  type Ruleset,
  type Table,
} from '../iptables/model.ts';
import type { Step } from '../iptables/restore-input.ts';
import { isPlainChainName, type Place } from '../iptables/spelling.ts';
import { afterSteps, typedRule } from './foretell-rule.ts';

export { foretellRestore } from './foretell-restore.ts';

/** The rules that a command or a file would meet. */
export interface LiveRules {
  readonly backend: Backend;
  readonly rules: HostRules;
}

/** What a name of iptables itself says; no restore, no save. */
const TOOL = /^(?:\/(?:usr\/)?(?:local\/)?s?bin\/)?(ip6?tables)(?:-(nft|legacy))?$/;

/**
 * The rules that an `iptables` or `ip6tables` command leaves behind, computed in memory: to the letter what the kernel then
 * has, policies and order included; counters are not foretold. A built-in chain that stands open and empty may be left out
 * by a save of nft, and is here as it was.
 *
 * @param words - the command as its arguments, the tool first, by name or by the path of a system directory
 * @param usual - the backend that a bare `iptables` speaks to
 * @returns undefined whenever that is not certain: another backend than the live one, a command the tool would refuse, a
 *   rule whose spelling in a save is not known. Never a guess
 */
export function foretellCommand(
  words: readonly string[],
  live: LiveRules,
  usual: Backend,
): HostRules | undefined {
  const [, name, backend = usual] = TOOL.exec(words[0] ?? '') ?? [];
  if (name === undefined || backend !== live.backend) return undefined;
  const asked = readArguments(words.slice(1));
  if (asked === undefined) return undefined;
  const family: Family = name === 'iptables' ? 'ipv4' : 'ipv6';
  const ruleset = answer(asked, live.rules[family], family, live.backend);
  return ruleset && { ...live.rules, [family]: ruleset };
}

function answer(asked: Arguments, live: Ruleset, family: Family, backend: Backend): Ruleset | undefined {
  const table = live.tables.get(asked.table);
  if (table === undefined) return ofNoTable(asked, live, backend);
  const { command, operands, rulespec } = asked;
  const [chain = '', operand = ''] = operands;
  const place = { family, table: table.name, chain };
  switch (command) {
    case '-L':
    case '-S':
      return namesWhatIsThere(table, operands) ? live : undefined;
    case '-Z':
      return namesWhatIsThere(table, operands) && !(backend === 'nft' && mayBeMissing(table, chain))
        ? live
        : undefined;
    case '-F':
      return flushed(live, table, operands[0]);
    case '-X':
      return operands.length === 0
        ? withoutChains(live, table)
        : after(live, place, [{ op: 'remove', chain }]);
    case '-N':
      return isPlainChainName(chain) ? after(live, place, [{ op: 'create', chain }]) : undefined;
    case '-P': {
      // The tool, unlike restore, refuses to let nat drop.
      const known = operand === 'ACCEPT' || (operand === 'DROP' && table.name !== 'nat');
      return known ? after(live, place, [{ op: 'policy', chain, policy: operand, counters: '' }]) : undefined;
    }
    case '-C':
      return after(live, place, deletion(rulespec, place, live)) && live;
    case '-D':
      return operands.length === 1
        ? after(live, place, deletion(rulespec, place, live))
        : withoutRule(live, table, chain, operand, rulespec);
    case '-A':
    case '-I':
      return after(live, place, addition(asked, place, live));
    default:
      return command satisfies never;
  }
}

/** Nft makes a table when it is needed, so an absent one can be emptied; legacy may have no such table at all. */
function ofNoTable({ command, operands }: Arguments, live: Ruleset, backend: Backend): Ruleset | undefined {
  return backend === 'nft' && operands.length === 0 && (command === '-F' || command === '-X')
    ? live
    : undefined;
}

const after = (live: Ruleset, { table }: Place, steps: readonly Step[]): Ruleset | undefined =>
  steps.length === 0 ? undefined : afterSteps(live, { tables: [{ table, steps }] });

const NUMBER = /^[1-9]\d{0,6}$/;

/** Whether a listed chain, and the rule in it, exist: legacy refuses to count past the end. */
function namesWhatIsThere({ chains }: Table, [name, number]: readonly string[]): boolean {
  if (name === undefined) return true;
  const chain = chains.get(name);
  if (chain === undefined) return false;
  return number === undefined || (NUMBER.test(number) && Number(number) <= chain.rules.length);
}

/** Nft-save prints every built-in chain of a table, made or not, and `-Z` fails on one that is not. */
function mayBeMissing({ name, chains }: Table, chain: string): boolean {
  const { policy, rules } = chains.get(chain) ?? { policy: '-', rules: [] };
  return isBuiltin(name, chain) && policy === 'ACCEPT' && rules.length === 0;
}

function flushed(live: Ruleset, table: Table, name: string | undefined): Ruleset | undefined {
  if (name !== undefined && !table.chains.has(name)) return isBuiltin(table.name, name) ? live : undefined;
  return withChains(live, table, (chain) =>
    name === undefined || chain.name === name ? { ...chain, rules: [] } : chain,
  );
}

function withChains(live: Ruleset, table: Table, change: (chain: Chain) => Chain): Ruleset {
  const chains = new Map([...table.chains].map(([name, chain]) => [name, change(chain)]));
  return { tables: new Map([...live.tables, [table.name, { name: table.name, chains }]]) };
}

/** `-X` alone takes all user chains or, where one holds a rule or is jumped to, none (both backends). */
function withoutChains(live: Ruleset, { name, chains }: Table): Ruleset | undefined {
  const users = [...chains.keys()].filter((chain) => !isBuiltin(name, chain));
  const steps = users.map((chain) => ({ op: 'remove', chain }) as const);
  return afterSteps(live, { tables: [{ table: name, steps }] });
}

function withoutRule(
  live: Ruleset,
  table: Table,
  chain: string,
  number: string,
  rulespec: readonly string[],
): Ruleset | undefined {
  if (rulespec.length > 0 || !namesWhatIsThere(table, [chain, number])) return undefined;
  return withChains(live, table, (one) =>
    one.name === chain ? { ...one, rules: one.rules.toSpliced(Number(number) - 1, 1) } : one,
  );
}

function deletion(rulespec: readonly string[], place: Place, live: Ruleset): readonly Step[] {
  const { table, chain } = place;
  const rule = typedRule(rulespec, place, rulesOf(live, table, chain));
  return rule === undefined ? [] : [{ op: 'delete', chain, rule }];
}

function addition({ command, operands, rulespec }: Arguments, place: Place, live: Ruleset): readonly Step[] {
  const { table, chain } = place;
  const rule = typedRule(rulespec, place, chainOf(live, table, chain)?.rules ?? []);
  if (rule === undefined) return [];
  if (command === '-A') return [{ op: 'append', chain, rule }];
  const [, number = '1'] = operands;
  return NUMBER.test(number) ? [{ op: 'insert', chain, position: Number(number), rule }] : [];
}
