import type { ReachForecast } from '../../app/guard-change/change.ts';
import { chainOf, isBuiltin, type HostRules } from '../../firewall/iptables/text/model.ts';
import type { Impact } from '../../reconcile/impact.ts';
import type { NextStep } from '../../report/forecast-json.ts';
import { commandLine } from '../../shell.ts';

/** A change, and the rules before it. */
export interface ChangeMade {
  readonly words: readonly string[];
  readonly before: HostRules;
}

/** What is judged of a change that would break something. */
export interface JudgedChange {
  readonly impact: Impact;
  /** Undefined where Docker's rules alone were judged. */
  readonly reach: ReachForecast | undefined;
}

/**
 * How to make a change that would break something all the same: the ways that bring back what this very change cuts or opens, and what of it
 * none of them does.
 */
export function nextSteps(
  { impact, reach }: JudgedChange,
  { words, before }: ChangeMade,
): readonly NextStep[] {
  const command = commandLine(words);
  const repair = (option: string): NextStep => ({
    does: 'repair',
    says: 'To run it and repair what it breaks',
    command: `rulesguard run --mode repair${option} -- ${command}`,
  });
  const confirm = (says: string): NextStep => ({
    does: 'try',
    says,
    command: `rulesguard run --mode report --confirm 60 -- ${command}`,
  });
  const backBy = reach?.wayBack ?? byRules(impact);
  switch (backBy) {
    case 'repair':
      return [repair('')];
    case 'policies':
      return [repair(' --policies')];
    case 'rollback': {
      const inverse = inverseOf(words, before);
      const tables = reach?.tablesMade ?? [];
      const back = inverse === undefined ? tables.map(deletesTable) : [inverse];
      return [
        { says: "--mode repair cannot take this back: it is no rule of Docker's that decides." },
        ...back.map(undoes),
        confirm('To try it, rolled back unless you confirm'),
      ];
    }
    case 'undo':
    case 'none': {
      const undo = reach?.undo ?? [];
      const run = `rulesguard run --mode report -- ${command}`;
      return [
        { says: 'Neither --mode repair nor --confirm takes all of this back: it is more than rules.' },
        ...undo.map((line) => (backBy === 'undo' ? undoes(line) : undoesPart(line))),
        ...(backBy === 'undo' ? [] : [{ says: 'No command is known here that takes the rest back.' }]),
        { does: 'run', says: 'To run it all the same', command: run },
      ];
    }
  }
}

const deletesTable = (table: string): string => commandLine(['nft', 'delete', 'table', ...table.split(' ')]);

const undoes = (command: string): NextStep => ({ does: 'undo', says: 'What takes it back', command });

const undoesPart = (command: string): NextStep => ({
  does: 'undo-part',
  says: 'What takes a part of it back',
  command,
});

/** Without a table of ways: what is lost is repaired, a policy where that is asked for, and what stands in front of Docker's rules is not. */
function byRules({ findings, shadows }: Impact): ReachForecast['wayBack'] {
  if (shadows.some(({ total }) => total)) return 'rollback';
  return findings.some(({ kind }) => kind === 'policy') ? 'policies' : 'repair';
}

/** A step as it is printed. */
export const stepText = ({ says, command }: NextStep): string =>
  command === undefined ? says : `${says}: ${command}`;

/** The command that undoes one plain command of iptables; undefined for any other. */
function inverseOf(words: readonly string[], before: HostRules): string | undefined {
  const [program = '', ...args] = words;
  const [, v6] = /(?:^|\/)ip(6)?tables(?:-nft|-legacy)?$/.exec(program) ?? [undefined, 'none'];
  if (v6 === 'none') return undefined;
  const at = args.findIndex((word) => /^(?:-[IAP]|--(?:insert|append|policy))$/.test(word));
  const chain = args[at + 1];
  if (at < 0 || chain === undefined) return undefined;
  const [head, rest] = [args.slice(0, at), args.slice(at + 2)];
  if (/^(?:-P|--policy)$/.test(args[at] ?? '')) {
    const table = tableOf(args);
    // A table that nobody used yet is not there, and lets everything through.
    const unused = isBuiltin(table, chain) ? 'ACCEPT' : undefined;
    const policy = chainOf(before[v6 === '6' ? 'ipv6' : 'ipv4'], table, chain)?.policy ?? unused;
    return policy === undefined ? undefined : commandLine([program, ...head, '-P', chain, policy]);
  }
  const rule = /^\d+$/.test(rest[0] ?? '') ? rest.slice(1) : rest;
  return commandLine([program, ...head, '-D', chain, ...rule]);
}

function tableOf(args: readonly string[]): string {
  const at = args.findIndex((word) => word === '-t' || word === '--table');
  return at < 0 ? 'filter' : (args[at + 1] ?? 'filter');
}
