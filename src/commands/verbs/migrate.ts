import type { Argv } from 'yargs';

/** Options of `rulesguard migrate`. */
export const migrateOptions = (yargs: Argv) =>
  yargs
    .option('print', {
      type: 'boolean',
      describe: 'only the tables that take the place of DOCKER-USER, for nft -f',
    })
    .option('all', {
      type: 'boolean',
      describe: 'every way that changes, and every rule that is not carried',
    })
    .conflicts('print', 'all')
    .example('sudo rulesguard migrate', 'before "firewall-backend": "nftables"; changes nothing');
