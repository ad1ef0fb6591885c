import type { ReachForecast } from '../../app/guard-change/change.ts';
import { chainOf, type HostRules } from '../../firewall/iptables/text/model.ts';
import { commandLine } from '../../shell.ts';

/** A change, and the rules before it. */
export interface ChangeMade {
  readonly words: readonly string[];
  readonly before: HostRules;
}

/**
 * How to make a change that would break something all the same: the way that brings back what this very change cuts or opens.
 *
 * @param reach - undefined where Docker's rules alone were judged
 */
export function nextLines(
  reach: ReachForecast | undefined,
  { words, before }: ChangeMade,
): readonly string[] {
  const command = commandLine(words);
  const repair = (option: string): string =>
    `To run it and repair what it breaks: rulesguard run --mode repair${option} -- ${command}`;
  switch (reach?.wayBack ?? 'repair') {
    case 'repair':
      return [repair('')];
    case 'policies':
      return [repair(' --policies')];
    case 'rollback': {
      const inverse = inverseOf(words, before);
      return [
        "--mode repair cannot take this back: it is no rule of Docker's that decides.",
        ...(inverse === undefined ? [] : [`What takes it back: ${inverse}`]),
        `To try it, rolled back unless you confirm: rulesguard run --mode report --confirm 60 -- ${command}`,
      ];
    }
    case 'none':
      return [
        'Neither --mode repair nor --confirm takes this back: it is more than rules.',
        ...(reach?.undo ?? []).slice(0, FEW).map((line) => `What takes it back: ${line}`),
        `To run it all the same: rulesguard run --mode report -- ${command}`,
      ];
  }
}

const FEW = 3;

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
    const policy = chainOf(before[v6 === '6' ? 'ipv6' : 'ipv4'], table, chain)?.policy;
    return policy === undefined ? undefined : commandLine([program, ...head, '-P', chain, policy]);
  }
  const rule = /^\d+$/.test(rest[0] ?? '') ? rest.slice(1) : rest;
  return commandLine([program, ...head, '-D', chain, ...rule]);
}

function tableOf(args: readonly string[]): string {
  const at = args.findIndex((word) => word === '-t' || word === '--table');
  return at < 0 ? 'filter' : (args[at + 1] ?? 'filter');
}
