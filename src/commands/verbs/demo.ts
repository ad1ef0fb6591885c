import type { Argv } from 'yargs';
import { DEMO_FIREWALLS } from '../../demo/firewalls.ts';

/** Options of `rulesguard demo`. */
export const demoOptions = (yargs: Argv) =>
  yargs
    .option('actor', { type: 'boolean', hidden: true, default: false })
    .option('firewall', {
      choices: DEMO_FIREWALLS,
      default: 'iptables' as const,
      requiresArg: true,
      describe: "Docker's firewall backend to play it with",
    })
    .example('sudo rulesguard demo', "lose Docker's NAT rules, see what breaks, and get them back");
