import type { Ruleset } from '../../src/iptables/model.ts';
import type { Deed } from './generate-commands.ts';
import type { Kind } from './kernel.ts';
import { tool } from './netns.ts';

/** A word as a shell reads it back. */
export const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** A deed as a line for a shell. */
export function shellLine(deed: Deed, { family, backend }: Kind): string {
  return deed.kind !== 'restore'
    ? [tool(family, backend), ...deed.words].map(quoted).join(' ')
    : `printf %s ${quoted(deed.text)} | ${tool(family, backend, 'restore')}${deed.noflush ? ' -n' : ''}`;
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
