import type { Argv } from 'yargs';
import { askerOptions } from './options/asker.ts';

/** Options of `rulesguard reach`. */
export const reachOptions = (yargs: Argv) =>
  askerOptions(
    yargs.positional('target', {
      type: 'string',
      describe: 'a container, service, network, address, URL or HOST:PORT; the whole host by default',
    }),
    'reach',
  )
    .option('all', { type: 'boolean', describe: 'every way, also those that are as Docker means them' })
    .option('json', { type: 'boolean', describe: 'one JSON document (schemas/reach.schema.json)' })
    .option('csv', { type: 'boolean', describe: 'every way as a line of CSV' })
    .conflicts('csv', ['json', 'all'])
    .example('sudo rulesguard reach', 'what is unreachable, and what is reachable that should not be')
    .example('sudo rulesguard reach web --all', 'who reaches one container, and whom it reaches')
    .example('sudo rulesguard reach web --from app', 'what of one container another one reaches')
    .example('sudo rulesguard reach --csv > reach.csv', 'for a spreadsheet');
