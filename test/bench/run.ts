// `npm run bench`: speed and memory of the built program, in a network namespace of its own. With words, only the
// sections they name: text, plan, check, restore, memory. docs/PERFORMANCE.md says what the figures mean.

import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { ENVIRONMENTS, type Environment } from './program.ts';
import { machine } from './tell.ts';
import { planTable, textTable } from './text.ts';
import { checkTable, memoryTable, restoreTable } from './whole.ts';

const HOST = 'RULESGUARD_BENCH_HOST_NETWORK';
const environments = Object.keys(ENVIRONMENTS) as Environment[];

const sections: Readonly<Record<string, readonly (readonly [string, () => string | Promise<string>])[]>> = {
  text: [['Parse and print', textTable]],
  plan: [['Planning', planTable]],
  check: environments.map((environment) => [`check, ${environment}`, () => checkTable(environment)] as const),
  restore: environments.map(
    (environment) => [`restore after iptables -F, ${environment}`, () => restoreTable(environment)] as const,
  ),
  memory: [['Peak memory of check', memoryTable]],
};

async function bench(): Promise<void> {
  const asked = process.argv.slice(2);
  console.log(`${machine()}\n`);
  for (const [name, tables] of Object.entries(sections)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    for (const [title, table] of tables) console.log(`### ${title}\n\n${await table()}\n`);
  }
}

const network = readlinkSync('/proc/self/ns/net');
if (process.env[HOST] === undefined) {
  const { status } = spawnSync(
    'unshare',
    ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: 'inherit',
      // The legacy tools' lock, should one of them run: not the host's.
      env: { ...process.env, [HOST]: network, XTABLES_LOCKFILE: '/proc/self/ns/net' },
    },
  );
  process.exitCode = status ?? 1;
} else if (process.env[HOST] === network) throw new Error("refusing to run on this machine's own rules");
else await bench();
