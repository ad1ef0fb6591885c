import type { Argv } from 'yargs';
import { askerOptions } from './options/asker.ts';

const word = (describe: string) => ({ type: 'string', requiresArg: true, describe }) as const;

/** What is typed twice comes as a list, whatever its option's type says. */
const isList = (value: unknown): boolean => Array.isArray(value);

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
    .option('facts', {
      type: 'boolean',
      describe: 'print what is read of this host, for doctor on another (schemas/facts.schema.json)',
    })
    .option('listen', {
      type: 'number',
      requiresArg: true,
      describe:
        'print what comes here of a probe from this port, for doctor on another (schemas/doctor-listen.schema.json)',
    })
    .option(
      'peer',
      word('with --to: the other host: a file of its facts, its bundle, or ssh://[USER@]HOST[:PORT]'),
    )
    .option('here', word('with --peer: a file of facts, or a bundle, in place of this host, which asks'))
    .option('matrix', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'who reaches which published port, by files of facts, or bundles, of a fleet',
    })
    .option('mask', {
      type: 'boolean',
      describe: 'with --bundle, --html, --peer or --matrix: every address replaced by a placeholder',
    })
    .conflicts('facts', ['from', 'to', 'probe', 'verbose', 'json', 'html', 'bundle', 'mask', 'peer'])
    .conflicts('matrix', ['from', 'to', 'probe', 'verbose', 'html', 'bundle', 'facts', 'peer', 'here'])
    .conflicts('peer', ['from', 'bundle'])
    .conflicts('listen', [
      'facts',
      'from',
      'to',
      'probe',
      'verbose',
      'json',
      'html',
      'bundle',
      'mask',
      'peer',
      'matrix',
    ])
    .check(({ mask, bundle, html, peer, here, to, from, matrix, target, probe }) => {
      const twice = Object.entries({ bundle, html, peer, here, to, from }).find(([, value]) => isList(value));
      if (twice !== undefined) throw new Error(`--${twice[0]} was given more than once`);
      if (matrix !== undefined && target !== undefined)
        throw new Error(
          `--matrix asks for every published port, and ${target} is not asked about: rulesguard doctor --matrix FILE FILE…`,
        );
      if (matrix?.length === 1)
        throw new Error(
          '--matrix needs the files of two hosts or more: rulesguard doctor --matrix FILE FILE…',
        );
      if (mask === true && bundle === undefined && html === undefined && (peer ?? matrix) === undefined)
        throw new Error('--mask is for what is given away: add --bundle FILE or --html FILE');
      if (peer !== undefined && to === undefined)
        throw new Error(
          '--peer needs what is asked there: rulesguard doctor CONTAINER --to ADDRESS:PORT --peer HOST',
        );
      if (peer !== undefined && probe === true && (here !== undefined || !/^ssh:\/\//.test(peer)))
        throw new Error(
          '--probe sends a packet from this host while the other one watches, and a file cannot: ask here, with --peer ssh://HOST',
        );
      if (here !== undefined && peer === undefined)
        throw new Error('--here is for two files of facts: add --peer FILE');
      return true;
    })
    .example('sudo rulesguard doctor', 'everything on this host')
    .example('sudo rulesguard doctor web', 'one container: its ways in and out')
    .example('sudo rulesguard doctor web --from app', 'why app does not reach web')
    .example('sudo rulesguard doctor web --to 198.51.100.7:5432', 'why web does not reach an address')
    .example('sudo rulesguard doctor :8080 --html ticket.html', 'one published port, as a page')
    .example('sudo rulesguard doctor --facts > facts.json', 'for doctor on another host')
    .example('sudo rulesguard doctor web --to 198.51.100.20:8080 --peer ssh://host-b', 'through both hosts');
