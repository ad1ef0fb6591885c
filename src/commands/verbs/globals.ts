import type { Argv } from 'yargs';
import { CONFIG_DEFAULTS, CONFIG_PATH } from '../../host/config/defaults.ts';
import { defaultLogFormat } from '../../host/log/log.ts';
import { wholeNumber } from './options/whole-number.ts';

/** Where baselines and the journal lie, unless an option says otherwise. */
export const DEFAULT_STATE_DIR = process.env['RULESGUARD_STATE_DIR'] || '/var/lib/rulesguard';

/** Where the lock lies, unless an option says otherwise. */
export const DEFAULT_RUN_DIR = process.env['RULESGUARD_RUN_DIR'] || '/run/rulesguard';

export const GLOBALS = [
  'state-dir',
  'run-dir',
  'wait',
  'config',
  'color',
  'log-format',
  'log-level',
  'help',
  'version',
];

/** Adds the options every command takes; help shows them after a command's own. */
export const globalOptions = (yargs: Argv): Argv =>
  yargs
    .option('state-dir', {
      type: 'string',
      requiresArg: true,
      default: DEFAULT_STATE_DIR,
      describe: 'baselines and journal (RULESGUARD_STATE_DIR)',
    })
    .option('run-dir', {
      type: 'string',
      requiresArg: true,
      default: DEFAULT_RUN_DIR,
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
      describe: 'log format on stderr',
    })
    .option('log-level', {
      choices: ['error', 'warn', 'info', 'debug'] as const,
      default: 'warn' as const,
      describe: 'debug: every command that is run, its exit code and time',
    });
