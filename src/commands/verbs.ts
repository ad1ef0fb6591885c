import type { ArgumentsCamelCase, Argv } from 'yargs';
import { FAMILIES } from '../iptables/model.ts';
import type { Context, Exit } from './context.ts';
import { doctorOptions } from './verbs-doctor.ts';
import { hookOptions } from './verbs-hook.ts';
import { ALL, runOptions, SECONDS } from './verbs-run.ts';
import { wholeNumber } from './whole-number.ts';

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

const BASELINE = {
  type: 'string',
  requiresArg: true,
  describe: 'id of `baseline list`, or a path; the newest by default',
} as const;
const SOURCE = {
  choices: ['baseline', 'engine', 'both'] as const,
  default: 'both' as const,
  describe: 'what should be there: what was recorded, what the Engine calls for, or all of it',
} as const;
/** How many baselines are kept. */
export const KEPT = 20;

/** Every verb of rulesguard, in the order help lists them. */
export const VERBS: readonly Verb[] = [
  verb(
    'snapshot',
    "record Docker's rules as they are now",
    (yargs: Argv) =>
      yargs
        .option('force', { type: 'boolean', describe: 'record even a state that looks damaged' })
        .option('repair-first', { type: 'boolean', describe: 'mend what is damaged, then record' })
        .option('if-changed', {
          type: 'boolean',
          describe: 'write nothing when the newest baseline says the same: for timers and hooks',
        })
        .option('keep', {
          default: KEPT,
          coerce: wholeNumber('keep', 1),
          requiresArg: true,
          describe: 'how many baselines to keep',
        })
        .conflicts('force', 'repair-first')
        .example('sudo rulesguard snapshot', 'after provisioning, and after every wanted change of networks'),
    () => import('./snapshot.ts'),
  ),
  verb(
    'check',
    "say which of Docker's rules are lost, and what that means",
    (yargs: Argv) =>
      yargs
        .option('baseline', BASELINE)
        .option('source', SOURCE)
        .option('json', { type: 'boolean', describe: 'one JSON document (schemas/report.schema.json)' })
        .option('diff', { type: 'boolean', describe: 'a unified diff, baseline against live' })
        .option('nagios', { type: 'boolean', describe: 'one line and exit code for Nagios or Icinga' })
        .option('all', ALL)
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
        .example('sudo rulesguard check', 'exit 0: intact, 1: damaged, 3: cannot tell')
        .example('sudo rulesguard check --json', 'for scripts')
        .example('sudo rulesguard check --candidate /etc/nftables.conf', 'before it is loaded'),
    () => import('./check.ts'),
  ),
  verb(
    'restore',
    "bring Docker's rules back, and nobody else's",
    (yargs: Argv) =>
      yargs
        .option('baseline', BASELINE)
        .option('source', SOURCE)
        .option('dry-run', {
          alias: 'n',
          type: 'boolean',
          describe: 'show the plan in words, as a diff and as restore input',
        })
        .option('print', { type: 'boolean', describe: 'print the restore input and do nothing' })
        .option('family', { choices: FAMILIES, describe: 'with --print or --dry-run: one family only' })
        .option('policies', { type: 'boolean', describe: 'set the FORWARD policies back too' })
        .option('plan-out', {
          type: 'string',
          requiresArg: true,
          describe: 'write the plan to a file for review',
        })
        .option('plan', {
          type: 'string',
          requiresArg: true,
          describe: 'apply exactly a reviewed plan, if the rules are still the same',
        })
        .option('undo', { type: 'boolean', describe: 'take the last restore back' })
        .option('unvouched', {
          type: 'boolean',
          describe: "without an Engine: bring back containers' rules too, as they were recorded",
        })
        .option('rehearse', {
          type: 'boolean',
          default: true,
          describe: 'try the plan in a scratch namespace first (--no-rehearse: do not)',
        })
        .conflicts('undo', ['plan', 'plan-out', 'print', 'dry-run', 'baseline', 'policies'])
        .conflicts('plan', ['plan-out', 'print', 'dry-run', 'policies'])
        .check(({ family, print, 'dry-run': dryRun, 'plan-out': planOut }) => {
          if (family === undefined || print === true || dryRun === true || planOut !== undefined) return true;
          throw new Error('--family only narrows what is shown: add --print or --dry-run');
        })
        .example('sudo rulesguard restore --dry-run', 'see it first')
        .example('sudo rulesguard restore', 'do it: containers and foreign rules stay as they are')
        .example('sudo rulesguard restore --undo', 'take it back'),
    () => import('./restore.ts'),
  ),
  verb(
    'run',
    'guard a firewall change: rehearse it, refuse it or mend what it breaks',
    runOptions,
    () => import('./run.ts'),
  ),
  verb(
    'doctor [target]',
    'say why packets do not arrive, and what mends it',
    doctorOptions,
    () => import('./doctor.ts'),
  ),
  verb(
    'baseline <action> [id]',
    'list, show, verify or prune what was recorded',
    (yargs: Argv) =>
      yargs
        .positional('action', { choices: ['list', 'show', 'verify', 'prune'] as const, demandOption: true })
        .positional('id', { type: 'string', describe: 'for show: an id of list; the newest by default' })
        .option('keep', {
          default: KEPT,
          coerce: wholeNumber('keep', 1),
          requiresArg: true,
          describe: 'for prune: how many to keep',
        })
        .example('sudo rulesguard baseline list', 'what there is')
        .example('sudo rulesguard baseline verify', 'every file sound, none taken out or slipped in'),
    () => import('./baseline.ts'),
  ),
  verb(
    'strip',
    "copy iptables-save without Docker's rules, byte for byte otherwise",
    (yargs: Argv) =>
      yargs
        .option('output', {
          alias: 'o',
          type: 'string',
          requiresArg: true,
          describe: 'replace this file in one step, instead of stdout',
        })
        .example(
          'iptables-save | rulesguard strip -o /etc/iptables/rules.v4',
          'a saved file to load at boot, before Docker starts',
        ),
    () => import('./strip.ts'),
  ),
  verb(
    'hook <action> [name]',
    'what to run around a firewall change, and what puts it around firewall managers',
    hookOptions,
    () => import('./hook.ts'),
  ),
  verb(
    'demo',
    'play the incident and its repair in throw-away namespaces, with real packets',
    (yargs: Argv) =>
      yargs
        .option('actor', { type: 'boolean', hidden: true, default: false })
        .example('sudo rulesguard demo', "lose Docker's NAT rules, see what breaks, and get them back"),
    () => import('./demo.ts'),
  ),
];
