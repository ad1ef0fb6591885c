import type { Argv } from 'yargs';
import { wholeNumber } from './whole-number.ts';

export const ALL = { type: 'boolean', describe: 'every finding, however many' } as const;
export const SECONDS = {
  coerce: wholeNumber('seconds', 1),
  requiresArg: true,
  describe: 'time limit of a rehearsal (default: as configured, else 30)',
} as const;

/** Options of `rulesguard run`. */
export const runOptions = (yargs: Argv) =>
  yargs
    .usage('$0 run [options] -- COMMAND...')
    .option('mode', {
      choices: ['refuse', 'repair', 'report'] as const,
      describe:
        "refuse: not run if it would hurt Docker's rules; repair: run, and what it broke is mended; report: run and told (default: as configured, else refuse)",
    })
    .option('dry-run', { alias: 'n', type: 'boolean', describe: 'say what it would do, and do not run it' })
    .option('json', {
      type: 'boolean',
      describe: 'with --dry-run: one JSON document (schemas/forecast.schema.json)',
    })
    .option('all', ALL)
    .option('seconds', SECONDS)
    .option('policies', {
      type: 'boolean',
      describe: 'with --mode repair: set the FORWARD policies back too',
    })
    .option('confirm', {
      coerce: wholeNumber('confirm', 0),
      requiresArg: true,
      describe:
        'put everything back unless it is confirmed within so many seconds; 0: no need (default: as configured, else 0)',
    })
    .option('confirm-ok', { type: 'boolean', describe: 'keep the change that waits to be confirmed' })
    .option('put-back', { type: 'string', requiresArg: true, hidden: true })
    .conflicts('confirm-ok', 'put-back')
    .example('sudo rulesguard run -- ufw reload', 'refused if it would hurt Docker')
    .example('sudo rulesguard run --mode repair -- iptables -t nat -F', 'done, and mended at once')
    .example('sudo rulesguard run --confirm 60 -- ufw enable', 'put back unless confirmed in time')
    .example('sudo rulesguard run --confirm-ok', 'confirm it, from any terminal');
