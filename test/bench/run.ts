// `npm run bench`: speed and memory of the built program, in a network namespace of its own. `--short` shows that it runs
// to its end; `--against FOLDER|COMMIT [RULES...]` compares with another state of the project. With words, only the
// sections they name: text, plan, check, restore, guard, reach, memory; and these, which are run only when named: nftables-100,
// nftables-1000, nftables-10000, nftables-100000, startup, which makes the one-file program first, and engine, restart, doctor, watch and watch-*, which bring up real Engines (CONTRIBUTING.md, "The lab of Engines"). docs/evidence/performance.md says what the figures mean.

import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { doctorTable, gatherHere } from './engine-doctor.ts';
import { measureHere, type Rounds } from './engine-measure.ts';
import { againstTable } from './against.ts';
import { BENCH_ERAS, engineTables } from './engine-ports.ts';
import { reachTable } from './reach/reach.ts';
import { restartTable } from './engine-restart.ts';
import { ENVIRONMENTS, type Environment } from './program.ts';
import { HOST_NETWORK, IS_SHORT } from './self.ts';
import { guardTable } from './guard.ts';
import { machine } from './tables.ts';
import { NFT_SIZES, nftTable } from './nftables/whole.ts';
import { planTable, textTable } from './text.ts';
import { outside } from './outside.ts';
import { floorHere, type Wanted } from './watch/floor.ts';
import { WATCH_CASES, watchTable } from './watch/whole-again.ts';
import { startUpTable } from './startup/startup.ts';
import { checkTable, memoryTable, restoreTable } from './whole.ts';

const environments = (Object.keys(ENVIRONMENTS) as Environment[]).slice(0, IS_SHORT ? 1 : undefined);

type Sections = Readonly<Record<string, readonly (readonly [string, () => string | Promise<string>])[]>>;

const sections: Sections = {
  text: [['Parse and print', textTable]],
  plan: [['Planning', planTable]],
  check: environments.map((environment) => [`check, ${environment}`, () => checkTable(environment)] as const),
  restore: environments.map(
    (environment) => [`restore after iptables -F, ${environment}`, () => restoreTable(environment)] as const,
  ),
  guard: [['Around a firewall change', guardTable]],
  reach: [['With and without following packets', reachTable]],
  memory: [['Peak memory of check', memoryTable]],
};

/** Each size is a section: the largest takes minutes. */
const nftSections: Sections = Object.fromEntries(
  NFT_SIZES.map(([rules, rounds]) => [
    `nftables-${String(rules)}`,
    [[`check and restore beside Docker's nftables backend`, () => nftTable(rules, rounds)] as const],
  ]),
);

const engineSections: Sections = {
  startup: [['Start-up: npm package and one file', startUpTable]],
  engine: BENCH_ERAS.map((era) => [`check and restore with Engine ${era}`, () => engineTables(era)] as const),
  restart: BENCH_ERAS.map(
    (era) => [`restore beside a restart of dockerd ${era}`, () => restartTable(era)] as const,
  ),
  doctor: BENCH_ERAS.map((era) => [`doctor with Engine ${era}`, () => doctorTable(era)] as const),
};

/** Minutes each, and a quiet machine. */
const watchSections: Sections = Object.fromEntries(
  Object.entries(WATCH_CASES).map(([name, one]) => [
    name,
    [[`watch: from a flush to whole again, ${one.title}`, () => watchTable(one)] as const],
  ]),
);

/** The roles in which the bench starts itself again, in a namespace of the lab. */
const roles: Readonly<Record<string, (input: string) => unknown>> = {
  measure: (rounds) => {
    console.log(JSON.stringify(measureHere(JSON.parse(rounds) as Rounds)));
  },
  gather: async (rounds) => {
    console.log(JSON.stringify(await gatherHere(Number(rounds))));
  },
  outside,
  floor: (wanted) => floorHere(JSON.parse(wanted) as Wanted),
};

async function bench(): Promise<void> {
  const asked = process.argv.slice(2).filter((word) => word !== '--short');
  const [role = '', input = ''] = asked;
  if (roles[role] !== undefined) {
    await roles[role](input);
    return;
  }
  if (role === '--against') {
    console.log(`${machine()}\n\n${againstTable(input, asked.slice(2).map(Number))}`);
    return;
  }
  const all: Sections = { ...sections, ...nftSections, ...engineSections, ...watchSections };
  const unknown = asked.filter((name) => all[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no section ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}`);
  console.log(`${machine()}\n`);
  for (const name of asked.length > 0 ? asked : Object.keys(sections))
    for (const [title, table] of all[name] ?? []) console.log(`### ${title}\n\n${await table()}\n`);
}

const network = readlinkSync('/proc/self/ns/net');
if (process.env[HOST_NETWORK] === undefined) {
  const { status } = spawnSync(
    'unshare',
    ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: 'inherit',
      // The lock of the legacy tools, should one of them run, must not be the host's.
      env: { ...process.env, [HOST_NETWORK]: network, XTABLES_LOCKFILE: '/proc/self/ns/net' },
    },
  );
  process.exitCode = status ?? 1;
} else if (process.env[HOST_NETWORK] === network)
  throw new Error("refusing to run on this machine's own rules");
else await bench();
