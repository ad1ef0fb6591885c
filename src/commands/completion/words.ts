/** What completion has to know of an option. */
export interface OptionGrammar {
  readonly takesValue: boolean;
  /** The values there are; none for free text. */
  readonly choices: readonly string[];
}

/** What may follow a verb. */
export interface VerbGrammar {
  /** By how it is typed, `--baseline` or `-n`. */
  readonly options: ReadonlyMap<string, OptionGrammar>;
  /** Names of its positional arguments, in order, and the values each may have. */
  readonly positionals: readonly { readonly name: string; readonly choices: readonly string[] }[];
}

/** Words that only the host knows. */
export interface HostWords {
  readonly baselines: () => Promise<readonly string[]>;
  /** Names of containers, services and networks; none where no Engine answers. */
  readonly targets: () => Promise<readonly string[]>;
  /** Interfaces of this host by which somebody outside may ask. */
  readonly interfaces: () => Promise<readonly string[]>;
  /** Ids of changes that wait to be confirmed, and with `rollback` of those that could not be rolled back. */
  readonly pending: (verb: 'confirm' | 'rollback') => Promise<readonly string[]>;
  readonly hookTargets: readonly string[];
  /** Ids of findings of check that are open; none where it cannot be told. */
  readonly findings: () => Promise<readonly string[]>;
  /** Ids of accepted findings. */
  readonly accepted: () => Promise<readonly string[]>;
  readonly recipes: readonly string[];
}

/**
 * Completes a command line.
 *
 * @param typed - the words behind `rulesguard`, the last of which is being typed
 * @param verbs - every verb there is
 * @param grammarOf - what may follow a verb, or no verb yet
 * @returns words that may stand in the place of the last one; none where a file's name or anything else may
 */
export async function completions(
  typed: readonly string[],
  verbs: readonly string[],
  grammarOf: (verb: string | undefined) => VerbGrammar,
  host: HostWords,
): Promise<readonly string[]> {
  const { before, current, lead } = splitAtEquals(typed);
  // What stands behind two dashes is another program's command line.
  if (before.includes('--')) return [];
  const verb = before.find((word) => verbs.includes(word));
  const { options, positionals } = grammarOf(verb);
  const beginning = (words: readonly string[]): readonly string[] =>
    words.filter((word) => word.startsWith(current)).map((word) => `${lead}${word}`);
  const asking = options.get(before.at(-1) ?? '');
  if (asking?.takesValue === true)
    return beginning(await valuesOf(before.at(-1) ?? '', verb, asking.choices, host));
  if (current.startsWith('-'))
    return beginning([...options.keys()].filter((name) => name.startsWith('--') && !before.includes(name)));
  if (verb === undefined) return beginning(verbs);
  const given = positionalsIn(before.slice(before.indexOf(verb) + 1), options);
  const { name = '', choices = [] } = positionals[given.length] ?? {};
  return beginning(await argumentsOf(verb, name, given, choices, host));
}

/** `--source=ba` is `--source ba`; bash hands it over as three words, zsh as one. */
function splitAtEquals(typed: readonly string[]): {
  readonly before: readonly string[];
  readonly current: string;
  /** What comes before the completed word in the same word. */
  readonly lead: string;
} {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  const [, option = '', value = ''] = /^(--[\w-]+)=(.*)$/.exec(current) ?? [];
  if (option !== '') return { before: [...before, option], current: value, lead: `${option}=` };
  if (current === '=') return { before, current: '', lead: '' };
  return { before: before.at(-1) === '=' ? before.slice(0, -1) : before, current, lead: '' };
}

/** The arguments among words: without options and their values. */
function positionalsIn(
  words: readonly string[],
  options: ReadonlyMap<string, OptionGrammar>,
): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) found.push(word);
    else if (options.get(word)?.takesValue === true) at += words[at + 1] === '=' ? 2 : 1;
  }
  return found;
}

async function valuesOf(
  option: string,
  verb: string | undefined,
  choices: readonly string[],
  host: HostWords,
): Promise<readonly string[]> {
  if (option === '--baseline') return host.baselines();
  const takesAskers = verb === 'doctor' || verb === 'reach';
  if (option === '--from' && takesAskers)
    return ['host', 'outside', ...(await host.interfaces()), ...(await host.targets())];
  if (option === '--to' && takesAskers) return host.targets();
  return choices;
}

async function argumentsOf(
  verb: string,
  name: string,
  given: readonly string[],
  choices: readonly string[],
  host: HostWords,
): Promise<readonly string[]> {
  const [action = ''] = given;
  if ((verb === 'doctor' || verb === 'reach') && name === 'target') return host.targets();
  if ((verb === 'confirm' || verb === 'rollback') && name === 'id') return host.pending(verb);
  if (verb === 'accept' && name === 'finding') return ['list', 'remove', ...(await host.findings())];
  if (verb === 'accept' && name === 'id') return action === 'remove' ? host.accepted() : [];
  if (verb === 'hook' && name === 'name') {
    if (action === 'recipe') return host.recipes;
    return ['install', 'remove', 'status'].includes(action) ? host.hookTargets : [];
  }
  if (verb === 'baseline' && (name === 'id' || name === 'other')) {
    if (action === 'diff') return [...(await host.baselines()), 'latest'];
    return action === 'show' && name === 'id' ? [...(await host.baselines()), 'latest'] : [];
  }
  return choices;
}
