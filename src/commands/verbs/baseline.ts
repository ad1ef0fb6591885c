import type { Argv } from 'yargs';
import { KEPT_BASELINES } from '../../reconcile/stored-baseline.ts';
import { wholeNumber } from './options/whole-number.ts';

/** Options of `rulesguard baseline`. */
export const baselineOptions = (yargs: Argv) =>
  yargs
    .positional('action', {
      choices: ['list', 'show', 'diff', 'verify', 'prune'] as const,
      demandOption: true,
    })
    .positional('id', { type: 'string', describe: 'show, diff: an id of list, a path, or latest' })
    .positional('other', {
      type: 'string',
      describe: 'diff: the one to compare with; the newest by default',
    })
    .option('json', {
      type: 'boolean',
      describe: 'diff: one JSON document (schemas/baseline-diff.schema.json)',
    })
    .option('keep', {
      default: KEPT_BASELINES,
      coerce: wholeNumber('keep', 1),
      requiresArg: true,
      describe: 'for prune: how many to keep',
    })
    .example('sudo rulesguard baseline list', 'what there is')
    .example('sudo rulesguard baseline diff 1 latest', 'what changed since; exit 0: nothing, 1: something')
    .example('sudo rulesguard baseline verify', 'every file sound, none missing or inserted');
