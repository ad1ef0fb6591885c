import yargs, { type ArgumentsCamelCase, type Argv } from 'yargs';
import { Fault, type FaultCode } from './fault.ts';
import type { Context } from './commands/context.ts';
import { nearest } from './nearest.ts';
import { VERBS, type GlobalArgs } from './commands/verbs.ts';
import { wholeNumber } from './commands/whole-number.ts';
import { pluginLine } from './report/check-formats.ts';
import { paintWith, printable } from './report/text.ts';
import { CONFIG_DEFAULTS, CONFIG_PATH } from './system/config-defaults.ts';
import { defaultLogFormat, Log } from './system/log.ts';
import packageJson from '../package.json' with { type: 'json' };

const EXIT_CODES = `Exit codes: 0 intact, done or nothing to do; 1 damage found, refused or not repaired; 2 wrong usage or
internal error; 3 cannot tell; 4 another program held a lock too long.`;

/**
 * Runs one command line and sets the process's exit code. The one place that turns results and faults into exit codes.
 *
 * @param argv - the words after `rulesguard`
 */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  let log = new Log({ format: defaultLogFormat(), level: 'warn' });
  try {
    const { own, guarded } = splitGuarded(argv);
    await parser(own, guarded, (made) => (log = made)).parseAsync();
  } catch (error) {
    process.exitCode = report(error, argv, log);
  }
  await log.flush();
}

/** A usage error, as yargs words it. */
class UsageError extends Error {}

/**
 * What stands behind the two dashes of `run` is another program's command line. yargs would read numbers in it.
 */
function splitGuarded(argv: readonly string[]): {
  readonly own: readonly string[];
  readonly guarded: readonly string[];
} {
  const dashes = argv.indexOf('--');
  const own = argv.slice(0, dashes);
  return dashes === -1 || !own.includes('run')
    ? { own: argv, guarded: [] }
    : { own, guarded: argv.slice(dashes + 1) };
}

function parser(argv: readonly string[], guarded: readonly string[], useLog: (log: Log) => void): Argv {
  const fresh: Argv = yargs([...argv]);
  // Before a command runs, whatever fails is what was typed: also an option's value that `coerce` refused.
  let called = false;
  fresh
    .scriptName('rulesguard')
    .usage(
      '$0 <command>\n\nGuards the iptables rules that Docker owns: records them, says what a change broke, puts them back.',
    )
    .locale('en')
    .option('state-dir', {
      type: 'string',
      requiresArg: true,
      global: true,
      default: process.env['RULESGUARD_STATE_DIR'] || '/var/lib/rulesguard',
      describe: 'baselines and journal (RULESGUARD_STATE_DIR)',
    })
    .option('run-dir', {
      type: 'string',
      requiresArg: true,
      default: process.env['RULESGUARD_RUN_DIR'] || '/run/rulesguard',
      describe: 'lock (RULESGUARD_RUN_DIR)',
    })
    .option('wait', {
      coerce: wholeNumber('wait', 0),
      requiresArg: true,
      defaultDescription: String(CONFIG_DEFAULTS.wait),
      describe: 'seconds to wait for a lock',
    })
    .option('config', {
      type: 'string',
      requiresArg: true,
      defaultDescription: CONFIG_PATH,
      describe: 'what run and hooks do by default (RULESGUARD_CONFIG)',
    })
    .option('color', {
      type: 'boolean',
      default: undefined,
      defaultDescription: 'on a terminal',
      describe: 'colours (also NO_COLOR)',
    })
    .option('log-format', {
      choices: ['text', 'json', 'systemd'] as const,
      default: defaultLogFormat(),
      describe: 'how to talk on stderr',
    })
    .option('log-level', { choices: ['error', 'warn', 'info', 'debug'] as const, default: 'warn' as const })
    .strict()
    .demandCommand(1, 'Which command? Try: rulesguard check')
    .recommendCommands()
    .completion('completion', 'print a completion script for bash or zsh')
    .version(packageJson.version)
    .alias('h', 'help')
    .epilogue(EXIT_CODES)
    .wrap(Math.min(110, process.stdout.columns || 110))
    .exitProcess(false)
    .fail((message, error) => {
      throw called ? error : new UsageError(withSuggestion(message || error.message, fresh));
    });
  keepHelpForThoseWhoAsk(fresh);
  for (const { command, describe, builder, run } of VERBS) {
    fresh.command(
      command,
      describe,
      (yargs) => void builder(yargs),
      async (args) => {
        const globals = args as ArgumentsCamelCase<GlobalArgs>;
        const log = new Log({ format: globals.logFormat, level: globals.logLevel });
        useLog(log);
        called = true;
        process.exitCode = await run(args, contextOf(globals, guarded, log));
      },
    );
  }
  return fresh;
}

/** What of yargs is used that its types do not show. */
interface Untyped {
  getInternalMethods(): { getUsageInstance(): { cacheHelpMessage: () => void } };
  getOptions(): { readonly key: Readonly<Record<string, unknown>> };
}

/** yargs suggests commands, but not options. */
function withSuggestion(message: string, made: Argv): string {
  const typed = /^Unknown argument: (\S{3,})$/.exec(message)?.[1];
  const options = Object.keys((made as unknown as Untyped).getOptions().key);
  const meant = typed === undefined ? undefined : nearest(typed, options);
  return meant === undefined ? message : `${message}. Did you mean --${meant}?`;
}

/**
 * yargs writes the whole help text before it calls any handler, in case the handler wants it: 14 ms of a `check`
 * (yargs 18.2, Node 20). Ours never do; `--help` and usage errors are told on another path.
 */
function keepHelpForThoseWhoAsk(made: Argv): void {
  const internals = made as unknown as Untyped;
  internals.getInternalMethods().getUsageInstance().cacheHelpMessage = () => undefined;
}

function contextOf(
  { stateDir, runDir, wait, config, color }: GlobalArgs,
  guarded: readonly string[],
  log: Log,
): Context {
  const named = config ?? (process.env['RULESGUARD_CONFIG'] || undefined);
  const noColor = (process.env['NO_COLOR'] ?? '') !== '';
  return {
    stateDir,
    runDir,
    waitSeconds: wait ?? CONFIG_DEFAULTS.wait,
    waitGiven: wait !== undefined,
    configFile: { path: named ?? CONFIG_PATH, explicit: named !== undefined },
    paint: paintWith(color ?? (process.stdout.isTTY && !noColor)),
    guarded,
    log,
    print: (text) => process.stdout.write(text),
    printBytes: (bytes) => process.stdout.write(bytes, 'latin1'),
  };
}

/** Says what went wrong, for a tired person, and returns the exit code. */
function report(error: unknown, argv: readonly string[], log: Log): number {
  const { exit, code, message, details, hint } = tell(error, argv);
  if (argv.includes('--nagios')) {
    // A plugin's exit 2 means CRITICAL: whatever kept it from looking is UNKNOWN.
    process.stdout.write(`${pluginLine(3, message)}\n`);
    return 3;
  }
  const indented = details.map((line) => `  ${line}`);
  log.error(
    [`rulesguard: ${message}`, ...indented, ...(hint === undefined ? [] : [`→ ${hint}`])].join('\n'),
    {
      code,
      hint,
      details,
    },
  );
  return exit;
}

interface Told {
  readonly exit: number;
  readonly code: FaultCode;
  readonly message: string;
  readonly details: readonly string[];
  readonly hint: string | undefined;
}

function tell(error: unknown, argv: readonly string[]): Told {
  if (error instanceof Fault) {
    const { exit, code, message, details, hint } = error;
    // They quote rules, and a rule may hold an escape sequence for the terminal of whoever reads this.
    return { exit, code, message, details: details.map(printable), hint };
  }
  if (error instanceof UsageError) {
    const verb =
      VERBS.find(({ command }) => command.split(' ')[0] === argv[0]) === undefined ? '' : `${argv[0] ?? ''} `;
    return {
      exit: 2,
      code: 'RG_USAGE',
      message: error.message,
      details: [],
      hint:
        verb === 'run ' && !argv.includes('--')
          ? 'Put two dashes before the command: rulesguard run -- COMMAND'
          : `See what there is: rulesguard ${verb}--help`,
    };
  }
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exit: 2,
    code: 'RG_INTERNAL',
    message: 'internal error; nothing is known of the rules',
    details: [shown],
    hint: 'Please report this, with the command you typed.',
  };
}
