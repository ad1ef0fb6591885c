import type { Argv } from 'yargs';
import { KEPT_BASELINES } from '../../reconcile/stored-baseline.ts';
import { wholeNumber } from './options/whole-number.ts';

/** Options of `rulesguard snapshot`. */
export const snapshotOptions = (yargs: Argv) =>
  yargs
    .option('force', { type: 'boolean', describe: 'record even a state that looks damaged' })
    .option('repair-first', { type: 'boolean', describe: 'repair what is damaged, then record' })
    .option('if-changed', {
      type: 'boolean',
      describe: 'write nothing when the newest baseline says the same',
    })
    .option('scheduled', {
      type: 'boolean',
      describe:
        'for timers: --if-changed, and nothing at all where automatic writes are switched off (configuration, RULESGUARD_AUTOMATIC=off)',
    })
    .option('all', { type: 'boolean', describe: 'when it is refused or forced: every reason, however many' })
    .option('keep', {
      default: KEPT_BASELINES,
      coerce: wholeNumber('keep', 1),
      requiresArg: true,
      describe: 'how many baselines to keep',
    })
    .option('declare', {
      type: 'boolean',
      describe:
        'record no baseline, but declare what is in DOCKER-USER: check, restore and watch hold it from then on',
    })
    .option('table', {
      type: 'string',
      array: true,
      requiresArg: true,
      implies: 'declare',
      describe:
        "--declare: not DOCKER-USER, but a table of nftables of your own, as 'inet close'; may be given again",
    })
    .option('yes', { type: 'boolean', implies: 'declare', describe: '--declare: replace what is declared' })
    .conflicts('force', 'repair-first')
    .conflicts('declare', ['force', 'repair-first', 'if-changed', 'scheduled', 'all'])
    .example('sudo rulesguard snapshot', 'after provisioning, and after every wanted change of networks');
