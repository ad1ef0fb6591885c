import type { Argv } from 'yargs';

/** Options of `rulesguard accept`. */
export const acceptOptions = (yargs: Argv) =>
  yargs
    .positional('finding', {
      type: 'string',
      demandOption: true,
      describe: 'the id check shows beside a finding; or list, or remove',
    })
    .positional('id', { type: 'string', describe: 'remove: which, an id of accept list' })
    .option('reason', {
      type: 'string',
      requiresArg: true,
      describe: 'why it may stay, for who reads it later',
    })
    .option('until', {
      type: 'string',
      requiresArg: true,
      describe: 'the last day it holds, YYYY-MM-DD, in UTC',
    })
    .example(
      'sudo rulesguard accept 3f9a1c --reason "ticket 4711" --until 2027-01-31',
      'check exits 0 again, and says so; it comes back when the day has passed or the finding changes',
    )
    .example('sudo rulesguard accept list', 'what was accepted, by whom, until when, and why')
    .example('sudo rulesguard accept remove 3f9a1c', 'check reports it again');
