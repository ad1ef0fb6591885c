import type { Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import type { TypedCommand } from './commands.ts';
import type { Kind } from '../kernel.ts';
import { tool } from '../netns.ts';

/** A word as a shell reads it back. */
export const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** A typed command as a line for a shell. */
export function shellLine(command: TypedCommand, { family, variant }: Kind): string {
  return command.kind !== 'restore'
    ? [tool(family, variant), ...command.words].map(quoted).join(' ')
    : `printf %s ${quoted(command.text)} | ${tool(family, variant, 'restore')}${command.noflush ? ' -n' : ''}`;
}

/** Policies, chains and rules in order; an open and empty built-in chain is nothing, as is a table of such. */
export function facts(ruleset: Ruleset): readonly string[] {
  return [...ruleset.tables.values()]
    .flatMap(({ name, chains }) =>
      [...chains.values()]
        .filter(({ policy, rules }) => policy !== 'ACCEPT' || rules.length > 0)
        .map((chain) =>
          [`${name} ${chain.name} ${chain.policy}`, ...chain.rules.map(({ text }) => text)].join('\n'),
        )
        .map((text) => [name, text] as const),
    )
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text);
}
