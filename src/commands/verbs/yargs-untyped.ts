import type { Argv } from 'yargs';
import type { OptionGrammar, VerbGrammar } from '../completion/words.ts';

/** What of yargs is used that its types do not show. */
interface Untyped {
  getInternalMethods(): { getUsageInstance(): { cacheHelpMessage: () => void } };
  getGroups(): Readonly<Record<string, readonly string[]>>;
  getOptions(): {
    readonly key: Readonly<Record<string, unknown>>;
    readonly boolean: readonly string[];
    readonly hiddenOptions: readonly string[];
    readonly choices: Readonly<Record<string, readonly string[]>>;
    readonly default: Readonly<Record<string, unknown>>;
    readonly alias: Readonly<Record<string, readonly string[]>>;
  };
}

/** Every option there is where a command line went wrong. */
export const optionsOf = (made: Argv): readonly string[] =>
  Object.keys((made as unknown as Untyped).getOptions().key);

/**
 * What may follow a verb, of the options and positional arguments that were declared.
 *
 * @param command - the verb as it is declared, `baseline <action> [id]`
 */
export function grammarIn(made: Argv, command: string): VerbGrammar {
  const { boolean, hiddenOptions, choices, default: defaults } = (made as unknown as Untyped).getOptions();
  const positionals = [...command.matchAll(/[<[](\w+)/g)].map(([, name = '']) => name);
  const names = optionsOf(made).filter(
    (name) => !positionals.includes(name) && !hiddenOptions.includes(name),
  );
  const options = names.flatMap((name): readonly (readonly [string, OptionGrammar])[] => {
    const grammar = { takesValue: !boolean.includes(name), choices: choices[name] ?? [] };
    const negated = defaults[name] === true ? [[`--no-${name}`, grammar] as const] : [];
    return [[name.length === 1 ? `-${name}` : `--${name}`, grammar], ...negated];
  });
  return {
    options: new Map(options),
    positionals: positionals.map((name) => ({ name, choices: choices[name] ?? [] })),
  };
}

/** Help shows a command's own options first, those of every command last. */
export function ownOptionsFirst(made: Argv, globals: readonly string[]): void {
  const positionals = (made as unknown as Untyped).getGroups()['Positionals:'] ?? [];
  // Help shows an option once, with its other names.
  const others = new Set(Object.values((made as unknown as Untyped).getOptions().alias).flat());
  const own = optionsOf(made).filter(
    (name) => !globals.includes(name) && !positionals.includes(name) && !others.has(name),
  );
  made.group(own, 'Options:').group([...globals], 'Global options:');
}

/**
 * yargs writes the whole help text before it calls any handler, in case the handler wants it: 14 ms of a `check`
 * (yargs 18.2, Node 20). Ours never do; `--help` and usage errors take another path.
 */
export function keepHelpForThoseWhoAsk(made: Argv): void {
  const internals = made as unknown as Untyped;
  internals.getInternalMethods().getUsageInstance().cacheHelpMessage = () => undefined;
}
