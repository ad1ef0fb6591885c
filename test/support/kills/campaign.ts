import { randomUUID } from 'node:crypto';
import { getPriority, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, filesOf, type CliHost } from '../cli.ts';
import { inForce } from '../generate/neighbourhood.ts';
import type { Dice } from '../busy/dice.ts';
import { PHASES, Watcher, type Phase } from './phase.ts';
import { descendants, freeze, marked, signal, stepBetween } from './process.ts';

const TABLES = ['raw', 'filter', 'nat'].flatMap((table) => [`ipv4 ${table} `, `ipv6 ${table} `]);

/** What a campaign works with: the rules when all is well, after the damage, and how to do that damage. */
export interface Setting {
  readonly host: CliHost;
  readonly whole: readonly string[];
  readonly damaged: readonly string[];
  readonly damage: () => Promise<void>;
}

/** One killed restore. */
export interface Kill {
  readonly phase: Phase;
  /** Whether its tools were killed with it, as by a power cut or the OOM killer's group. */
  readonly group: boolean;
}

const HIGHEST = -20;

const inTable = (lines: readonly string[], table: string): string =>
  lines.filter((line) => line.startsWith(table)).join('\n');

/** The processes still there after some time; what a tool had begun it ends by itself. */
async function remaining(mark: string): Promise<readonly number[]> {
  // A process in the midst of exec shows no environment, so one look that finds none proves nothing.
  let quiet = 0;
  for (let tries = 0; tries < 500 && quiet < 5; tries++) {
    quiet = marked(mark).length === 0 ? quiet + 1 : 0;
    await sleep(20);
  }
  return quiet < 5 ? marked(mark) : [];
}

/** When a restore is killed: some time after its start, or after it has come to a phase. */
export interface Aim {
  readonly phase: Phase | undefined;
  /** Milliseconds. */
  readonly delay: number;
  readonly group: boolean;
}

/**
 * Kills a restore and holds what it leaves against what was promised: every table whole or untouched, no process and no lock
 * left, every file whole, and a next run that finishes the work.
 *
 * @returns undefined when the restore had ended before
 * @throws Error with what was broken
 */
export async function killOnce(setting: Setting, aim: Aim): Promise<Kill | undefined> {
  const { host, whole, damaged, damage } = setting;
  await damage();
  const mark = randomUUID();
  const restoring = host.start(['restore', '--assume-unchanged'], { RULESGUARD_TEST: mark });
  const pid = restoring.pid ?? NaN;
  const watcher = new Watcher(host, pid);
  // Whoever watches a tool for milliseconds must get the processor before it, on a busy machine too.
  const priority = getPriority();
  setPriority(HIGHEST);
  const ended = restoring.then(() => true);
  const isOver = (): boolean => restoring.exitCode !== null || restoring.signalCode !== null;
  if (aim.phase !== undefined) {
    // Between two tables is within the writing of a family.
    const wanted = PHASES.indexOf(
      aim.phase.includes('two tables') ? 'writing the tables of IPv4' : aim.phase,
    );
    while (!isOver() && PHASES.indexOf(watcher.look().phase) < wanted) await new Promise(setImmediate);
  }
  const { writer } = watcher.look();
  if (aim.phase === 'between two tables of a family' && writer !== undefined)
    await stepBetween(writer.pid, async () => torn(await inForce(host), setting));
  const until = performance.now() + aim.delay;
  while (!isOver() && performance.now() < until) {
    watcher.look();
    await new Promise(setImmediate);
  }
  if (!freeze(pid)) {
    signal(pid, 'SIGKILL');
    await ended;
    setPriority(priority);
    return undefined;
  }
  const { phase } = watcher.look();
  const tools = aim.group ? descendants(pid) : [];
  signal(pid, 'SIGKILL');
  for (const tool of tools) signal(tool.pid, 'SIGKILL');
  await ended;
  setPriority(priority);

  const where = `${phase}${aim.group ? ', its tools too' : ''}`;
  const left = await remaining(mark);
  if (left.length > 0) throw new Error(`${where}: processes are left: ${left.join(' ')}`);
  const now = await inForce(host);
  for (const table of TABLES) {
    const is = inTable(now, table);
    if (is !== inTable(damaged, table) && is !== inTable(whole, table))
      throw new Error(`${where}: ${table}is neither whole nor untouched:\n${is}`);
  }
  for (const file of filesOf(host, 'journal').filter((name) => name.endsWith('.json'))) readJson(file);
  const lock = await host.ns.exec('flock', ['--nonblock', `${host.folder}/run/lock`, 'true']);
  if (phase !== PHASES[0] && lock.code !== 0) throw new Error(`${where}: the lock is held`);
  const next = await host.attempt(['restore', '--assume-unchanged', '--wait', '1']);
  if (next.code !== 0) throw new Error(`${where}: the next run: exit ${String(next.code)}\n${next.stderr}`);
  if ((await inForce(host)).join('\n') !== whole.join('\n'))
    throw new Error(`${where}: the next run left damage`);
  return {
    phase: aim.group && torn(now, setting) ? 'between two tables of a family' : phase,
    group: aim.group,
  };
}

/** Whether some tables of a family are written and others not. */
function torn(now: readonly string[], { whole, damaged }: Setting): boolean {
  return ['ipv4', 'ipv6'].some((family) => {
    const hurt = TABLES.filter(
      (table) => table.startsWith(family) && inTable(whole, table) !== inTable(damaged, table),
    );
    const written = hurt.filter((table) => inTable(now, table) === inTable(whole, table));
    return written.length > 0 && written.length < hurt.length;
  });
}

/** How long a restore is at each phase, at most, in milliseconds: an aim is at any moment of it. */
const LASTS: Readonly<Record<Phase, number>> = {
  'starting, before the lock': 200,
  'reading the rules': 30,
  'comparing and planning': 20,
  rehearsing: 60,
  'reading again': 15,
  'journal begun, no table written': 2,
  'writing the tables of IPv4': 3,
  'between two tables of a family': 0.001,
  'between the families': 1,
  'writing the tables of IPv6': 3,
  verifying: 30,
  'journal ended': 10,
};

/** Aims kills: every other one at a random instant of a whole run, the others at a random instant of each phase in turn. */
export function aimAt(round: number, usual: number, dice: Dice): Aim {
  const group = dice.oneIn(2);
  if (round % 2 === 0) return { phase: undefined, delay: dice.below(Math.ceil(usual * 1.05)), group };
  // Five and twelve have no divisor in common: a few rounds are spread over all phases.
  const phase = PHASES[(((round - 1) / 2) * 5) % PHASES.length] ?? PHASES[0];
  // A tool goes from table to table by itself: it is caught between two only if it is killed too.
  return {
    phase,
    delay: LASTS[phase] * (dice.below(1000) / 1000),
    group: group || phase.includes('two tables'),
  };
}
