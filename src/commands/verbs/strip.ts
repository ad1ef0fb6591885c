import type { Argv } from 'yargs';

/** Options of `rulesguard strip`. */
export const stripOptions = (yargs: Argv) =>
  yargs
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe: 'replace this file in one step, instead of stdout',
    })
    .example(
      'iptables-save | rulesguard strip -o /etc/iptables/rules.v4',
      'a saved file to load at boot, before Docker starts',
    )
    .example('nft -s list ruleset | rulesguard strip -o /etc/nftables.conf', "without Docker's own tables");
