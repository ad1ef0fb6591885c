import { TABLES } from './model.ts';

/** One call of iptables: its command, table and family. */
export interface Arguments {
  readonly table: string;
  readonly command: Command;
  /** The words that belong to the command: chain, then number or policy; fewer where the command allows it. */
  readonly operands: readonly string[];
  /** What follows of a command that takes a rule; empty for the others. */
  readonly rulespec: readonly string[];
}

type Command = keyof typeof COMMANDS;

interface CommandFacts {
  /** The fewest and the most operands of the command; an optional one must not begin with - or !. */
  readonly operands: readonly [least: number, most: number];
  /** Whether a rule follows. */
  readonly rule?: true;
  /** Options that iptables allows beside it; every command takes -t, -w and -v. */
  readonly with?: string;
}

/** The commands that are read here. The others (-R, -E, -h …) are left to the real tool. */
const COMMANDS = {
  '-A': { operands: [1, 1], rule: true },
  '-C': { operands: [1, 1], rule: true },
  '-D': { operands: [1, 2], rule: true },
  '-I': { operands: [1, 2], rule: true },
  '-F': { operands: [0, 1] },
  '-L': { operands: [0, 2], with: 'nx0' },
  '-N': { operands: [1, 1] },
  '-P': { operands: [2, 2] },
  '-S': { operands: [0, 2] },
  '-X': { operands: [0, 1] },
  '-Z': { operands: [0, 2] },
} as const satisfies Readonly<Record<string, CommandFacts>>;

/** Every long option of iptables itself, or abbreviations could not be resolved (xshared.c, 1.8.9); '' = not read here. */
const LONG: Readonly<Record<string, string>> = {
  append: 'A',
  check: 'C',
  delete: 'D',
  insert: 'I',
  flush: 'F',
  list: 'L',
  'new-chain': 'N',
  policy: 'P',
  'list-rules': 'S',
  'delete-chain': 'X',
  zero: 'Z',
  table: 't',
  wait: 'w',
  verbose: 'v',
  numeric: 'n',
  exact: 'x',
  'line-numbers': '0',
  ...Object.fromEntries(
    [
      ...['replace', 'rename-chain', 'source', 'destination', 'src', 'dst', 'protocol', 'in-interface'],
      ...['out-interface', 'jump', 'goto', 'match', 'wait-interval', 'fragments', 'version', 'help'],
      ...['modprobe', 'set-counters', 'ipv4', 'ipv6'],
    ].map((name) => [name, '']),
  ),
};

/** Letters of options without a value. */
const FLAGS = 'vnx0';

/**
 * Reads the words after `iptables` as the tool does (measured, 1.8.9, both variants): options anywhere, flags in bundles
 * (`-nvL`), values joined or separate (`-tnat`, `--table=nat`), long names abbreviated while unambiguous, the operands right
 * behind their command.
 *
 * @param words - without the name of the tool
 * @returns undefined for anything the tool would refuse, and for any option not known here: the call is then not understood
 */
export function readArguments(words: readonly string[]): Arguments | undefined {
  if (!words.every((word) => /^[\x20-\x7e]+$/.test(word))) return undefined;
  return new ArgumentReader(words).read();
}

class ArgumentReader {
  private readonly words: readonly string[];
  private at = 0;
  private readonly seen = new Set<string>();
  private table = 'filter';
  private command: Command | undefined;
  private operands: readonly string[] = [];

  constructor(words: readonly string[]) {
    this.words = words;
  }

  read(): Arguments | undefined {
    while (this.at < this.words.length && !this.atRulespec()) if (!this.readOption()) return undefined;
    const { table, command, operands } = this;
    if (command === undefined || !TABLES.includes(table)) return undefined;
    const facts: CommandFacts = COMMANDS[command];
    for (const letter of this.seen) if (!`tw${facts.with ?? ''}`.includes(letter)) return undefined;
    return { table, command, operands, rulespec: this.words.slice(this.at) };
  }

  /** Behind a command that takes a rule, the rule begins at the first option that is none of iptables' own. */
  private atRulespec(): boolean {
    if (this.command === undefined || !('rule' in COMMANDS[this.command])) return false;
    const word = this.words[this.at] ?? '';
    if (word.startsWith('--')) return (letterOf(word) ?? '') === '';
    return !/^-[tvwACDIFLNPSXZ]/.test(word);
  }

  private readOption(): boolean {
    const word = this.words[this.at++] ?? '';
    if (!word.startsWith('-')) return false;
    if (word.startsWith('--')) {
      const equals = word.indexOf('=');
      const joined = equals === -1 ? undefined : word.slice(equals + 1);
      const letter = letterOf(word);
      // A flag with `=value` is an error for the tool; an empty value is too rare to read.
      if (letter === undefined || letter === '' || joined === '') return false;
      if (FLAGS.includes(letter)) return joined === undefined && this.flag(letter);
      return this.valued(letter, joined);
    }
    return this.readBundle(word.slice(1));
  }

  private readBundle(letters: string): boolean {
    if (letters === '') return false;
    for (let i = 0; i < letters.length; i++) {
      const letter = letters.charAt(i);
      // `-0` is the tool's internal letter for --line-numbers; typed, it is an error.
      if (letter === '0') return false;
      if (!FLAGS.includes(letter)) return this.valued(letter, letters.slice(i + 1) || undefined);
      if (!this.flag(letter)) return false;
    }
    return true;
  }

  private flag(letter: string): boolean {
    return letter === 'v' || this.once(letter);
  }

  private once(letter: string): boolean {
    if (this.seen.has(letter)) return false;
    this.seen.add(letter);
    return true;
  }

  private valued(letter: string, joined: string | undefined): boolean {
    if (letter === 't') {
      this.table = joined ?? this.words[this.at++] ?? '';
      return this.once(letter);
    }
    if (letter === 'w') {
      const seconds = joined ?? this.operand();
      return (seconds === undefined || /^\d{1,5}$/.test(seconds)) && this.once(letter);
    }
    const command = `-${letter}`;
    if (!isCommand(command) || this.command !== undefined) return false;
    this.command = command;
    const [least, most] = COMMANDS[command].operands;
    const operands = joined === undefined ? [] : [joined];
    while (operands.length < most) {
      const operand = this.operand();
      if (operand === undefined) break;
      operands.push(operand);
    }
    this.operands = operands;
    return operands.length >= least;
  }

  /** The next word, unless it begins an option: for optional values. */
  private operand(): string | undefined {
    const word = this.words[this.at];
    if (word === undefined || /^[-!]/.test(word)) return undefined;
    this.at++;
    return word;
  }
}

const isCommand = (command: string): command is Command => Object.hasOwn(COMMANDS, command);

/** The short letter of a long option, exact or abbreviated; '' for one not read here, undefined for an ambiguous one. */
function letterOf(word: string): string | undefined {
  const name = /^--([^=]*)/.exec(word)?.[1] ?? '';
  if (name === '') return undefined;
  if (Object.hasOwn(LONG, name)) return LONG[name];
  const names = Object.keys(LONG).filter((long) => long.startsWith(name));
  return names.length === 1 ? LONG[names[0] ?? ''] : undefined;
}
