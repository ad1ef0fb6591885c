import { printRuleset } from '../../../src/firewall/iptables/text/print.ts';
import type { Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import type { Mutation } from './mutate.ts';

/** Rules without counters, header and comments: two saves that give the same hold the same rules. */
export function bare(save: string): string {
  return save
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/^\[\d+:\d+\] /, '').replace(/^(:.*) \[\d+:\d+\]$/, '$1'))
    .join('\n');
}

/** As `bare`, of rules that are not in the kernel. */
export const bareOf = (ruleset: Ruleset): string => bare(printRuleset(ruleset));

/** A save with its counters, without the time it was made. */
export const withoutHeader = (save: string): string => save.replaceAll(/^#.*\n/gm, '');

/** As `bareOf`, the user chains by name: so the kernel lists them, whenever they were made. */
export const ordered = (ruleset: Ruleset): string => {
  const tables = [...ruleset.tables.values()].map((table) => ({
    ...table,
    chains: new Map(
      [...table.chains].sort(
        ([a, x], [b, y]) =>
          Number(x.policy === '-') - Number(y.policy === '-') || (x.policy === '-' && a < b ? -1 : 0),
      ),
    ),
  }));
  return printRuleset({ tables: new Map(tables.map((table) => [table.name, table])) });
};

/**
 * The save as it was. Only a RETURN that is gone from DOCKER-USER goes to the end: what the user has behind it works
 * meanwhile, and a repair cuts nothing off.
 */
export function expectedAfter({ what, chain, rule }: Mutation, save: string): string {
  const lines = bare(save).split('\n');
  if (what !== 'delete' || chain !== 'DOCKER-USER' || rule === undefined) return lines.join('\n');
  const others = lines.filter((line) => line !== rule.text);
  return others
    .toSpliced(others.findLastIndex((line) => line.startsWith(`-A ${chain} `)) + 1, 0, rule.text)
    .join('\n');
}

/** The lines in which two saves differ. */
export function differences(was: string, is: string): string {
  const [before, now] = [withoutHeader(was).split('\n'), withoutHeader(is).split('\n')];
  const lines = [
    ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
  return `\n${(lines.length === 0 ? ['same lines, another order'] : lines).join('\n')}`;
}
