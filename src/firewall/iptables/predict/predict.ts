import {
  type HostRules,
  chainOf,
  isBuiltin,
  rulesOf,
  type Variant,
  type Chain,
  type Ruleset,
  type Table,
} from '../text/model.ts';
import type { Family } from '../../../net/family.ts';
import { mayHideMatch } from '../text/alike.ts';
import { readArguments, type Arguments } from '../text/arguments.ts';
import type { Step } from '../text/restore-input.ts';
import { isPlainChainName, type ChainPlace } from '../text/spelling.ts';
import type { LiveRules } from './live-rules.ts';
import { afterSteps, typedRule } from './predict-rule.ts';

/** What a name of iptables itself says; no restore, no save. */
const TOOL = /^(?:\/(?:usr\/)?(?:local\/)?s?bin\/)?(ip6?tables)(?:-(nft|legacy))?$/;

/**
 * The rules that an `iptables` or `ip6tables` command leaves, computed in memory: exactly what the kernel then has, policies
 * and order included; counters are not predicted. A save of nft may leave out a built-in chain that is open and empty; the
 * result has it as it was.
 *
 * @param words - the command as its arguments, the tool first, by name or by the path of a system directory
 * @param usual - the variant that plain `iptables` uses on this host
 * @returns undefined whenever that is not certain: another variant than the live one, a command the tool would refuse, a
 *   rule whose spelling in a save is not known. Never a guess
 */
export function predictCommand(
  words: readonly string[],
  live: LiveRules,
  usual: Variant,
): HostRules | undefined {
  const [, name, variant = usual] = TOOL.exec(words[0] ?? '') ?? [];
  if (name === undefined || variant !== live.variant) return undefined;
  const asked = readArguments(words.slice(1));
  if (asked === undefined) return undefined;
  const family: Family = name === 'iptables' ? 'ipv4' : 'ipv6';
  const ruleset = answer(asked, live.rules[family], family, live.variant);
  return ruleset && { ...live.rules, [family]: ruleset };
}

function answer(asked: Arguments, live: Ruleset, family: Family, variant: Variant): Ruleset | undefined {
  const table = live.tables.get(asked.table);
  if (table === undefined) return ofNoTable(asked, live, variant);
  const { command, operands, rulespec } = asked;
  const [chain = '', operand = ''] = operands;
  const place = { family, table: table.name, chain };
  switch (command) {
    case '-L':
    case '-S':
      return namesWhatIsThere(table, operands) ? live : undefined;
    case '-Z':
      return namesWhatIsThere(table, operands) && !(variant === 'nft' && mayBeMissing(table, chain))
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
      // Unlike restore, the tool refuses policy DROP in nat.
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
function ofNoTable({ command, operands }: Arguments, live: Ruleset, variant: Variant): Ruleset | undefined {
  return variant === 'nft' && operands.length === 0 && (command === '-F' || command === '-X')
    ? live
    : undefined;
}

const after = (live: Ruleset, { table }: ChainPlace, steps: readonly Step[]): Ruleset | undefined =>
  steps.length === 0 ? undefined : afterSteps(live, { tables: [{ table, steps }] });

const NUMBER = /^[1-9]\d{0,6}$/;

/** Whether a listed chain, and the rule in it, exist: legacy refuses a number past the end. */
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

/** `-X` alone takes all user chains or, where one holds a rule or is jumped to, none (both variants). */
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

function deletion(rulespec: readonly string[], place: ChainPlace, live: Ruleset): readonly Step[] {
  const { table, chain } = place;
  const rule = typedRule(rulespec, place, rulesOf(live, table, chain));
  return rule === undefined || mayHideMatch(rule.text) ? [] : [{ op: 'delete', chain, rule }];
}

function addition(
  { command, operands, rulespec }: Arguments,
  place: ChainPlace,
  live: Ruleset,
): readonly Step[] {
  const { table, chain } = place;
  const rule = typedRule(rulespec, place, chainOf(live, table, chain)?.rules ?? []);
  if (rule === undefined) return [];
  if (command === '-A') return [{ op: 'append', chain, rule }];
  const [, number = '1'] = operands;
  return NUMBER.test(number) ? [{ op: 'insert', chain, position: Number(number), rule }] : [];
}
