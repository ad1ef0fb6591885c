import type { ArgumentsCamelCase, Argv } from 'yargs';
import { FAMILIES } from '../../net/family.ts';
import type { Context, Exit } from '../context.ts';
import { acceptOptions } from './accept.ts';
import { baselineOptions } from './baseline.ts';
import { completionOptions } from './completion.ts';
import { demoOptions } from './demo.ts';
import { doctorOptions } from './doctor.ts';
import { hookOptions } from './hook.ts';
import { migrateOptions } from './migrate.ts';
import { reachOptions } from './reach.ts';
import { BASELINE, SOURCE, TRUST } from './options/reference.ts';
import { restoreOptions } from './restore.ts';
import { runOptions, SECONDS } from './run.ts';
import { snapshotOptions } from './snapshot.ts';
import { stripOptions } from './strip.ts';
import { logOptions, watchOptions } from './watch.ts';

/** Options every command takes. */
export interface GlobalArgs {
  readonly stateDir: string;
  readonly runDir: string;
  readonly wait: number | undefined;
  readonly config: string | undefined;
  readonly color: boolean | undefined;
  readonly logFormat: 'text' | 'json' | 'systemd';
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** A verb as the command line knows it; its body is loaded only when it is called. */
export interface Verb {
  readonly command: string;
  readonly describe: string;
  readonly builder: (yargs: Argv) => unknown;
  readonly run: (args: ArgumentsCamelCase, context: Context) => Promise<Exit>;
}

/** Ties a verb's options to the arguments its body takes: the compiler checks that they fit. */
function verb<Options>(
  command: string,
  describe: string,
  builder: (yargs: Argv) => Argv<Options>,
  load: () => Promise<{
    readonly run: (args: ArgumentsCamelCase<Options>, context: Context) => Promise<Exit>;
  }>,
): Verb {
  return {
    command,
    describe,
    builder,
    run: async (args, context) => (await load()).run(args as ArgumentsCamelCase<Options>, context),
  };
}

/** Every verb of rulesguard, in the order help lists them. */
export const VERBS: readonly Verb[] = [
  verb('snapshot', "record Docker's rules as they are now", snapshotOptions, () => import('../snapshot.ts')),
  verb(
    'check',
    'say which packets do not get where Docker means them to, and why',
    (yargs: Argv) =>
      yargs
        .option('baseline', BASELINE)
        .option('source', SOURCE)
        .option('trust-baseline', TRUST)
        .option('json', { type: 'boolean', describe: 'one JSON document (schemas/report.schema.json)' })
        .option('diff', { type: 'boolean', describe: 'a unified diff, baseline against live' })
        .option('nagios', { type: 'boolean', describe: 'one line and exit code for Nagios or Icinga' })
        .option('rules', { type: 'boolean', describe: 'the rules that are lost, too' })
        .option('all', { type: 'boolean', describe: 'every effect, name and rule, however many' })
        .option('candidate', {
          type: 'string',
          requiresArg: true,
          describe: 'what loading this file would do: iptables-save, nftables, or a script',
        })
        .option('family', { choices: FAMILIES, describe: 'with --candidate: whose iptables-save it is' })
        .option('seconds', SECONDS)
        .conflicts('json', ['diff', 'nagios'])
        .conflicts('diff', 'nagios')
        .conflicts('candidate', ['diff', 'nagios', 'baseline'])
        .example('sudo rulesguard check', 'exit 0: intact, 1: damaged or overridden, 3: cannot tell')
        .example('sudo rulesguard check --json', 'for scripts')
        .example('sudo rulesguard check --candidate /etc/nftables.conf', 'before it is loaded'),
    () => import('../check/check.ts'),
  ),
  verb(
    'status',
    'the host on one screen: rules and packets, watch, hooks, baseline, the last events',
    (yargs: Argv) =>
      yargs
        .option('head', { type: 'boolean', hidden: true, describe: 'the verdict alone' })
        .example('sudo rulesguard status', 'exit as check: 0 intact, 1 damaged or overridden, 3 cannot tell'),
    () => import('../status.ts'),
  ),
  verb(
    'accept <finding> [id]',
    'let a finding of check be until a day, list what was accepted, or take it back',
    acceptOptions,
    () => import('../accept.ts'),
  ),
  verb(
    'restore',
    "bring Docker's rules back, and nobody else's",
    restoreOptions,
    () => import('../restore.ts'),
  ),
  verb(
    'run',
    'guard a firewall change: rehearse it, refuse it or repair what it breaks',
    runOptions,
    () => import('../run/run.ts'),
  ),
  verb(
    'watch',
    'note what breaks and who did it, the moment it happens, and repair it if asked to',
    watchOptions,
    () => import('../watch.ts'),
  ),
  verb(
    'log',
    'what watch noted: what broke, who did it, what became of it',
    logOptions,
    () => import('../log.ts'),
  ),
  verb(
    'confirm [id]',
    'keep a change that waits to be confirmed (run --confirm)',
    (yargs: Argv) =>
      yargs
        .positional('id', {
          type: 'string',
          describe: 'which; needless for the only one that waits, if your own login started it',
        })
        .example('sudo rulesguard confirm', 'from any terminal of the login that started the change'),
    () => import('../confirm.ts'),
  ),
  verb(
    'rollback [id]',
    'roll a change that waits to be confirmed back at once',
    (yargs: Argv) =>
      yargs
        .positional('id', { type: 'string', describe: 'which; needless for the only one that waits' })
        .option('when-due', { type: 'boolean', hidden: true })
        .example('sudo rulesguard rollback', 'everything as it was before the change'),
    () => import('../rollback.ts'),
  ),
  verb(
    'doctor [target]',
    'say why packets do not arrive, and what repairs that',
    doctorOptions,
    () => import('../doctor/doctor.ts'),
  ),
  verb(
    'reach [target]',
    'say who reaches what, against what Docker means to be reached',
    reachOptions,
    () => import('../reach.ts'),
  ),
  verb(
    'baseline <action> [id] [other]',
    'list, show, compare, verify or prune what was recorded',
    baselineOptions,
    () => import('../baseline.ts'),
  ),
  verb(
    'migrate',
    "what moving Docker to its nftables backend takes and changes: your rules in nft's words, packets followed",
    migrateOptions,
    () => import('../migrate.ts'),
  ),
  verb(
    'strip',
    "copy iptables-save or nft list ruleset without Docker's rules, byte for byte otherwise",
    stripOptions,
    () => import('../strip.ts'),
  ),
  verb(
    'hook <action> [name]',
    'what to run around a firewall change, and what puts it around firewall managers',
    hookOptions,
    () => import('../hook/hook.ts'),
  ),
  verb(
    'demo',
    'play the incident and its repair in throw-away namespaces, with real packets',
    demoOptions,
    () => import('../demo.ts'),
  ),
  verb(
    'completion [shell]',
    'print what makes a shell complete these commands',
    completionOptions,
    () => import('../completion/completion.ts'),
  ),
];
