import type { Argv } from 'yargs';

const file = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** Options of `rulesguard doctor`. */
export const doctorOptions = (yargs: Argv) =>
  yargs
    .positional('target', {
      type: 'string',
      describe: 'a container, a network, or HOST:PORT; the whole host by default',
    })
    .option('from', file('whose way to the target: a container, `host` or `outside`'))
    .option('probe', {
      type: 'boolean',
      describe: 'send real packets along the paths, and watch where they stop',
    })
    .option('verbose', {
      type: 'boolean',
      describe: 'every check, the tree of bridges, and every path rule by rule',
    })
    .option('json', { type: 'boolean', describe: 'one JSON document (schemas/doctor.schema.json)' })
    .option('html', file('write a page that draws it all, to attach to a ticket'))
    .option('bundle', file('write all evidence as one .tar.gz, for support'))
    .option('mask', {
      type: 'boolean',
      describe: 'with --bundle or --html: every address replaced by a placeholder',
    })
    .check(({ from, target, mask, bundle, html }) => {
      if (from !== undefined && target === undefined)
        throw new Error('--from needs a target: rulesguard doctor CONTAINER --from CONTAINER');
      if (mask === true && bundle === undefined && html === undefined)
        throw new Error('--mask is for what is given away: add --bundle FILE or --html FILE');
      return true;
    })
    .example('sudo rulesguard doctor', 'everything on this host')
    .example('sudo rulesguard doctor web', 'one container: its ways in and out')
    .example('sudo rulesguard doctor web --from app', 'why app does not reach web')
    .example('sudo rulesguard doctor :8080 --html ticket.html', 'one published port, as a page');
