import type { Argv } from 'yargs';
import { askerOptions } from './options/asker.ts';

const word = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** Options of `rulesguard doctor`. */
export const doctorOptions = (yargs: Argv) =>
  askerOptions(
    yargs.positional('target', {
      type: 'string',
      describe: 'a container, service, network, address, URL or HOST:PORT; the whole host by default',
    }),
    'doctor',
  )
    .option('probe', {
      type: 'boolean',
      describe: 'send real packets along the paths, and watch where they stop',
    })
    .option('verbose', {
      type: 'boolean',
      describe: 'every check, the tree of bridges, and every path rule by rule',
    })
    .option('json', { type: 'boolean', describe: 'one JSON document (schemas/doctor.schema.json)' })
    .option('html', word('write a page that draws it all, to attach to a ticket'))
    .option('bundle', word('write all evidence as one .tar.gz, for support'))
    .option('mask', {
      type: 'boolean',
      describe: 'with --bundle or --html: every address replaced by a placeholder',
    })
    .check(({ mask, bundle, html }) => {
      if (mask === true && bundle === undefined && html === undefined)
        throw new Error('--mask is for what is given away: add --bundle FILE or --html FILE');
      return true;
    })
    .example('sudo rulesguard doctor', 'everything on this host')
    .example('sudo rulesguard doctor web', 'one container: its ways in and out')
    .example('sudo rulesguard doctor web --from app', 'why app does not reach web')
    .example('sudo rulesguard doctor web --to 198.51.100.7:5432', 'why web does not reach an address')
    .example('sudo rulesguard doctor :8080 --html ticket.html', 'one published port, as a page');
