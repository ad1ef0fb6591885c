import type { Argv } from 'yargs';
import { FAMILIES } from '../../net/family.ts';
import { BASELINE, SOURCE, TRUST } from './options/reference.ts';

/** Options of `rulesguard restore`. */
export const restoreOptions = (yargs: Argv) =>
  yargs
    .option('baseline', BASELINE)
    .option('source', { ...SOURCE, choices: [...SOURCE.choices, 'declared'] as const })
    .option('scheduled', {
      type: 'boolean',
      describe:
        'for units and timers: nothing at all where automatic writes are switched off (configuration, RULESGUARD_AUTOMATIC=off)',
    })
    .option('trust-baseline', TRUST)
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
    .option('undo', { type: 'boolean', describe: 'undo the last restore' })
    .option('assume-unchanged', {
      type: 'boolean',
      describe: "without an Engine: restore containers' rules too, as if nothing changed since the baseline",
    })
    .option('drop-flows', {
      type: 'boolean',
      describe: 'also lets the rules decide again about every client of a published UDP port (conntrack)',
    })
    .option('by-docker', {
      type: 'boolean',
      describe: 'nftables backend: have Docker write its tables again, by a network made and removed',
    })
    .option('rehearse', {
      type: 'boolean',
      default: true,
      describe: 'try the plan in a network namespace of its own first (--no-rehearse: do not)',
    })
    .conflicts('undo', ['plan', 'plan-out', 'print', 'dry-run', 'baseline', 'policies'])
    .conflicts('plan', ['plan-out', 'print', 'dry-run', 'policies'])
    .conflicts('by-docker', ['undo', 'plan', 'plan-out', 'print', 'dry-run', 'policies', 'assume-unchanged'])
    .check(({ family, print, 'dry-run': dryRun, 'plan-out': planOut }) => {
      if (family === undefined || print === true || dryRun === true || planOut !== undefined) return true;
      throw new Error('--family only narrows what is shown: add --print or --dry-run');
    })
    .example('sudo rulesguard restore --dry-run', 'see it first')
    .example('sudo rulesguard restore', 'do it: containers and foreign rules stay as they are')
    .example('sudo rulesguard restore --undo', 'undo it');
