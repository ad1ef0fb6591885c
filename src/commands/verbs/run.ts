import type { Argv } from 'yargs';
import { wholeNumber } from './options/whole-number.ts';

const ALL = { type: 'boolean', describe: 'every finding, however many' } as const;
export const SECONDS = {
  coerce: wholeNumber('seconds', 1),
  requiresArg: true,
  describe: 'time limit of a rehearsal (default: as configured, else 30)',
} as const;

/** Options of `rulesguard run`. */
export const runOptions = (yargs: Argv) =>
  yargs
    .usage(
      '$0 run [options] -- COMMAND...\n\nguard a firewall change: rehearse it, refuse it or repair what it breaks',
    )
    .option('mode', {
      choices: ['refuse', 'repair', 'report'] as const,
      describe:
        "refuse: not run if it would break Docker's rules; repair: run, and what it broke is repaired; report: run, and said what it broke (default: as configured, else refuse)",
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
        'roll everything back unless `rulesguard confirm` keeps it within so many seconds; 0: no need (default: as configured, else 0)',
    })
    .example('sudo rulesguard run -- ufw reload', 'refused if it would break Docker')
    .example('sudo rulesguard run --mode repair -- iptables -t nat -F', 'done, and repaired at once')
    .example('sudo rulesguard run --confirm 60 -- ufw enable', 'rolled back unless confirmed in time')
    .epilogue(
      'With --confirm: `rulesguard confirm` keeps the change, from any terminal of the same login; `rulesguard rollback` rolls it back at once.',
    );
