import type { Argv } from 'yargs';

const ACTIONS = `  install NAME  have a firewall manager run rulesguard before and after each of its changes
  remove NAME   take that out again
  status        whether hooks are in place and can run, and what became of their last run
  list          the firewall managers there are hooks for
  recipe NAME   what to paste for Ansible or Puppet
  pre           what hooks run before a change: record Docker's rules
  post          what hooks run after it: repair what it broke, or report it`;

/** Options of `rulesguard hook`. */
export const hookOptions = (yargs: Argv) =>
  yargs
    .usage(`$0 hook <action> [name]\n\n${ACTIONS}`)
    .positional('action', {
      choices: ['install', 'remove', 'status', 'list', 'recipe', 'pre', 'post'] as const,
      demandOption: true,
      describe: 'see above',
    })
    .positional('name', {
      type: 'string',
      describe: 'install, remove, status: a target of `hook list`; recipe: ansible or puppet',
    })
    .option('target', {
      default: 'by-hand',
      coerce: targetName,
      requiresArg: true,
      describe: 'pre, post: whose hook it is, for `hook status`',
    })
    .option('mode', {
      choices: ['repair', 'report', 'off'] as const,
      describe: 'post: repair what is damaged, or say so (default: as configured, else repair)',
    })
    .option('policies', { type: 'boolean', describe: 'post: set the FORWARD policies back too' })
    .option('strict', {
      type: 'boolean',
      describe: 'pre, post: exit 1, 3 or 4 as any command; without it they exit 0 whatever happens',
    })
    .option('dry-run', { alias: 'n', type: 'boolean', describe: 'install, remove: show it only' })
    .option('force', { type: 'boolean', describe: 'install: even when the manager is not there' })
    .option('root', {
      type: 'string',
      default: '/',
      requiresArg: true,
      describe: 'install, remove, status: the folder of an image instead of this host',
    })
    .option('veto-flush-all', { type: 'boolean', describe: 'install ufw: refuse `ufw-init flush-all`' })
    .option('json', { type: 'boolean', describe: 'status: as JSON (schemas/hook-status.schema.json)' })
    .example('sudo rulesguard hook install ufw', "repair Docker's rules after each change of ufw")
    .example(
      'sudo rulesguard hook status',
      'whether hooks are in place and can run, and what became of their last run',
    );

/** It becomes a file's name. */
function targetName(value: unknown): string {
  const name = String(value);
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
    throw new Error(`--target takes small letters, digits and dashes, not ${name}`);
  return name;
}
