import { nearest } from '../../nearest.ts';

/** What people type who mean something else, and how that is typed. */
export const MEANT: Readonly<Record<string, string>> = {
  undo: 'restore --undo',
  revert: 'rollback (a change that waits) or restore --undo (a repair)',
  fix: 'restore',
  repair: 'restore',
  recover: 'restore',
  reset: 'restore (the rules) or rollback (a change that waits)',
  save: 'snapshot',
  record: 'snapshot',
  backup: 'snapshot',
  verify: 'check (the rules) or baseline verify (what was recorded)',
  test: 'check --candidate FILE (before it is loaded)',
  compare: 'check --diff or baseline diff',
  diff: 'check --diff or baseline diff',
  list: 'baseline list or hook list',
  show: 'baseline show',
  prune: 'baseline prune',
  install: 'hook install',
  remove: 'hook remove',
  diagnose: 'doctor',
  debug: 'doctor',
  trace: 'doctor --verbose',
  explain: 'doctor',
  probe: 'doctor --probe',
  guard: 'run',
  exec: 'run',
  ok: 'confirm',
  ignore: 'accept FINDING --reason TEXT --until DATE',
  mute: 'accept FINDING --reason TEXT --until DATE',
  silence: 'accept FINDING --reason TEXT --until DATE',
  ack: 'accept FINDING --reason TEXT --until DATE',
  keep: 'confirm',
  cancel: 'rollback',
  version: '--version',
};

/** Options that are verbs. */
const OPTIONS_MEANT: Readonly<Record<string, string>> = {
  'confirm-ok': 'confirm',
  'put-back': 'rollback',
  rollback: 'rollback',
  undo: 'restore --undo',
};

/** Words that ask for help or the version, as yargs takes them: `help check` is `check --help`, `-V` is `--version`. */
export function asYargsTakesIt(argv: readonly string[], verbs: readonly string[]): readonly string[] {
  // Nothing at all: help is printed, and how the host is.
  if (argv.length === 0) return ['status', '--head'];
  const [first = '', ...others] = argv;
  const [topic] = others;
  // Help on a command that there is not is a typo, and is answered as one.
  if (first === 'help') return topic === undefined || verbs.includes(topic) ? [...others, '--help'] : others;
  return argv.length === 1 && (first === '-v' || first === '-V') ? ['--version'] : argv;
}

const option = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

/**
 * A usage error in our words, with what was probably meant.
 *
 * @param message - as yargs or a `check` of ours words it
 * @param argv - what was typed
 * @param verbs - every verb there is
 * @param options - every option there is here
 */
export function inOurWords(
  message: string,
  argv: readonly string[],
  verbs: readonly string[],
  options: readonly string[],
): string {
  const [, listed] = /^Unknown (?:argument|command)s?: (.+)/.exec(message) ?? [];
  if (listed !== undefined) {
    const all = listed.split(', ');
    // Under a command that is none every option is unknown too: the command is what was mistyped.
    const command = argv.some((word) => verbs.includes(word))
      ? undefined
      : all.find((word) => argv.includes(word));
    return unknownText(command ?? all[0] ?? '', argv, verbs, options);
  }
  const [, name = '', given = '', choices = ''] =
    /^Invalid values:\n {2}Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  if (name !== '') {
    const isOption = argv.some((word) => word === option(name) || word.startsWith(`${option(name)}=`));
    return `${isOption ? option(name) : name} cannot be ${given}: allowed are ${choices}`;
  }
  const [, valueless] = /^Not enough arguments following: (\S+)/.exec(message) ?? [];
  if (valueless !== undefined) return `${option(valueless)} needs a value`;
  const [, one, other] = /^Arguments (\S+) and (\S+) are mutually exclusive/.exec(message) ?? [];
  if (one !== undefined && other !== undefined)
    return `${option(one)} and ${option(other)} cannot be used together`;
  if (message.startsWith('Not enough non-option arguments'))
    return `${argv.find((word) => verbs.includes(word)) ?? 'this'} needs an action`;
  return message;
}

function unknownText(
  unknown: string,
  argv: readonly string[],
  verbs: readonly string[],
  options: readonly string[],
): string {
  if (argv.includes(option(unknown)) || argv.some((word) => word.startsWith(`${option(unknown)}=`))) {
    const verb = OPTIONS_MEANT[unknown];
    const near = unknown.length < 3 ? undefined : nearest(unknown, options);
    const meant = verb === undefined ? near && option(near) : `rulesguard ${verb}`;
    return `there is no option ${option(unknown)} here${meant === undefined ? '' : `. Did you mean ${meant}?`}`;
  }
  if (argv.some((word) => verbs.includes(word))) return `nothing more was expected, but there is ${unknown}`;
  const meant = MEANT[unknown] ?? nearest(unknown, verbs);
  return `there is no command ${unknown}${meant === undefined ? '' : `. Did you mean ${meant}?`}`;
}
