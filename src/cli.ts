import { existsSync } from 'node:fs';
import path from 'node:path';
import yargs, { type ArgumentsCamelCase, type Argv } from 'yargs';
import { Fault, type FaultCode } from './fault.ts';
import type { Context } from './commands/context.ts';
import { lostOutputFault } from './commands/lost-output.ts';
import { COMPLETE } from './commands/completion/scripts.ts';
import { globalOptions, GLOBALS } from './commands/verbs/globals.ts';
import { asYargsTakesIt, inOurWords } from './commands/verbs/typed.ts';
import { keepHelpForThoseWhoAsk, optionsOf, ownOptionsFirst } from './commands/verbs/yargs-untyped.ts';
import { VERBS, type GlobalArgs } from './commands/verbs/verbs.ts';
import { pluginLine } from './report/plugin-line.ts';
import { harmless, printable } from './printable.ts';
import { commandsText } from './report/commands-text.ts';
import { paintWith } from './report/text.ts';
import { CONFIG_DEFAULTS, CONFIG_PATH } from './host/config/defaults.ts';
import { beSender, SEND } from './host/doctor/send.ts';
import { onCommand } from './host/command/command-log.ts';
import { commandText } from './host/log/command-text.ts';
import { defaultLogFormat, Log } from './host/log/log.ts';
import { guardStreams, lostOutput, put, STDOUT } from './host/log/output.ts';
import { systemFault } from './host/files/system-fault.ts';
import packageJson from '../package.json' with { type: 'json' };

const EXIT_CODES = `Exit codes: 0 intact, done or nothing to do; 1 damage found, refused or not repaired; 2 wrong usage or
internal error; 3 cannot tell; 4 another program held a lock too long.`;

/**
 * Runs one command line and sets the process's exit code. The one place that turns results and faults into exit codes.
 *
 * @param argv - the words after `rulesguard`
 */
export async function main(argv: readonly string[]): Promise<void> {
  guardStreams();
  let log = new Log({ format: defaultLogFormat(), level: 'warn' });
  try {
    if (argv[0] === COMPLETE) {
      const { complete } = await import('./commands/verbs/complete.ts');
      for (const word of await complete(argv.slice(1))) put(STDOUT, `${word}\n`);
      // An Engine that hangs would hold up the shell.
      process.exit(0);
    } else if (argv[0] === SEND) beSender();
    else {
      if (argv.length === 0) put(STDOUT, commandsText(VERBS));
      await parser(asYargsTakesIt(argv, VERB_NAMES), (made) => (log = made)).parseAsync();
    }
  } catch (error) {
    process.exitCode = report(error, argv, log);
  }
  reportLostOutput(argv, log);
  await log.flush();
}

/** Half a rules file, or a verdict that nobody can read, must not pass for a whole one. */
function reportLostOutput(argv: readonly string[], log: Log): void {
  const lost = lostOutput();
  if (lost === undefined) return;
  const { fault, isDone } = lostOutputFault(lost, argv);
  const exit = report(fault, argv, log);
  if (!isDone && (process.exitCode === undefined || process.exitCode === 0)) process.exitCode = exit;
}

/** A command line that was typed wrong. */
class UsageError extends Error {}

const VERB_NAMES = VERBS.map(({ command }) => command.split(' ')[0] ?? '');

function parser(argv: readonly string[], useLog: (log: Log) => void): Argv {
  const fresh: Argv = yargs([...argv]);
  // Before a command runs, whatever fails is what was typed: also an option's value that `coerce` refused.
  let called = false;
  globalOptions(fresh)
    .scriptName('rulesguard')
    .usage(
      '$0 <command>\n\nGuards the firewall rules that Docker owns: records them, says what a change broke, repairs it.',
    )
    .locale('en')
    // What follows two dashes is another program's command line: as it was typed, numbers too.
    .parserConfiguration({ 'populate--': true, 'parse-positional-numbers': false })
    .strict()
    .demandCommand(1, 'Which command? Try: rulesguard check')
    .version(packageJson.version)
    .alias('h', 'help')
    .epilogue(EXIT_CODES)
    .wrap(Math.min(110, process.stdout.columns || 110))
    .exitProcess(false)
    .fail((message, error) => {
      if (called) throw error;
      throw new UsageError(
        inOurWords(message || error.message, ownWords(argv), VERB_NAMES, optionsOf(fresh)),
      );
    });
  keepHelpForThoseWhoAsk(fresh);
  for (const { command, describe, builder, run } of VERBS) {
    fresh.command(
      command,
      describe,
      (yargs) => {
        builder(yargs);
        ownOptionsFirst(yargs, GLOBALS);
      },
      async (args) => {
        const globals = args as ArgumentsCamelCase<GlobalArgs>;
        const log = new Log({ format: globals.logFormat, level: globals.logLevel });
        useLog(log);
        if (globals.logLevel === 'debug')
          onCommand((ended) => {
            log.debug(commandText(ended), { ...ended });
          });
        const verb = command.split(' ')[0] ?? '';
        if (verb !== 'run' && args['--'] !== undefined)
          throw new UsageError(`${verb} takes nothing behind two dashes`);
        called = true;
        const context = contextOf(globals, log);
        const unsettled = await unsettledBefore(verb, args, context);
        process.exitCode = await run(args, { ...context, unsettled });
      },
    );
  }
  return fresh;
}

function contextOf({ stateDir, runDir, wait, config, color }: GlobalArgs, log: Log): Context {
  const named = config ?? (process.env['RULESGUARD_CONFIG'] || undefined);
  const noColor = (process.env['NO_COLOR'] ?? '') !== '';
  const painted = color ?? (process.stdout.isTTY && !noColor);
  return {
    stateDir,
    runDir,
    waitSeconds: wait ?? CONFIG_DEFAULTS.wait,
    waitGiven: wait !== undefined,
    configFile: { path: named ?? CONFIG_PATH, explicit: named !== undefined },
    paint: paintWith(painted),
    unsettled: undefined,
    log,
    print: (text) => {
      put(STDOUT, harmless(text, painted));
    },
    printBytes: (bytes) => {
      put(STDOUT, bytes, 'latin1');
    },
  };
}

/** Hardly any host has a change that waits to be confirmed; the others need load nothing to know. */
async function unsettledBefore(
  verb: string,
  args: ArgumentsCamelCase,
  context: Context,
): Promise<Context['unsettled']> {
  if (!existsSync(path.join(context.stateDir, 'pending'))) return undefined;
  return (await import('./commands/shared/unsettled.ts')).settleBefore(verb, args, context);
}

/** The words that are ours: what follows two dashes is another program's. */
const ownWords = (argv: readonly string[]): readonly string[] =>
  argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;

/** What kept the rules from being read: nothing is known of them then. */
const RULES_UNREAD: ReadonlySet<FaultCode> = new Set([
  'RG_MODULES',
  'RG_MISSING_TOOL',
  'RG_INCOMPATIBLE',
  'RG_COMMAND',
]);

/** Says what went wrong, for a tired person, and returns the exit code. */
function report(error: unknown, argv: readonly string[], log: Log): number {
  const { exit, code, message, details, summary = details, hint } = described(error, argv);
  if (ownWords(argv).includes('--nagios')) {
    // A plugin's exit 2 means CRITICAL: whatever kept it from looking is UNKNOWN.
    put(STDOUT, `${harmless(pluginLine(3, message))}\n`);
    return 3;
  }
  const indented = summary.map((line) => `  ${line}`);
  log.error(
    [
      `${RULES_UNREAD.has(code) ? 'CANNOT TELL  ' : 'rulesguard: '}${message}`,
      ...indented,
      ...(hint === undefined ? [] : [`→ ${hint}`]),
    ].join('\n'),
    {
      code,
      hint,
      details,
    },
  );
  return exit;
}

interface Described {
  readonly exit: number;
  readonly code: FaultCode;
  readonly message: string;
  readonly details: readonly string[];
  /** What is printed of them for people; all where undefined. */
  readonly summary?: readonly string[];
  readonly hint: string | undefined;
}

function described(thrown: unknown, argv: readonly string[]): Described {
  const error = systemFault(thrown) ?? thrown;
  if (error instanceof Fault) {
    const { exit, code, message, details, summary, hint } = error;
    return { exit, code, message, details, summary, hint };
  }
  if (error instanceof UsageError) {
    const verb = VERB_NAMES.includes(argv[0] ?? '') ? `${argv[0] ?? ''} ` : '';
    const isWordless = verb === 'run ' && !argv.includes('--') && !/Did you mean/.test(error.message);
    return {
      exit: 2,
      code: 'RG_USAGE',
      message: printable(error.message),
      details: [],
      hint: isWordless
        ? 'Put two dashes before the command: rulesguard run -- COMMAND'
        : `See what there is: rulesguard ${verb}--help`,
    };
  }
  const shown = String(error instanceof Error && ownWords(argv).includes('debug') ? error.stack : error);
  return {
    exit: 2,
    code: 'RG_INTERNAL',
    message: 'internal error; nothing is known of the rules',
    details: [shown],
    hint: 'Please report this, with the command you typed and what it says with --log-level debug.',
  };
}
