import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dice } from '../support/busy/dice.ts';
import { PROJECT } from '../support/cli.ts';
import { describeEngine } from '../support/incident/eras.ts';
import { difference, FAMILIES, linesOf, savesOf, toolOf, type Line } from '../support/incident/rules.ts';
import { raiseTown, type Town } from '../support/incident/town.ts';
import { descendants, freeze, signal } from '../support/kills/process.ts';
import { must } from '../support/lab/run.ts';
import { until } from '../support/until.ts';
import { startWatch, type Resident } from '../support/watch/resident.ts';

const ERA = '28.5';

/** Kills; `RULESGUARD_KILLS=300` for a campaign, whose figures are in docs/evidence/kills.md. */
const KILLS = Number(process.env['RULESGUARD_KILLS'] ?? 2);
const SEED = 20_261_203;

const DAMAGES = ['iptables -t nat -F', 'iptables -F', 'ip6tables -t nat -F', 'nft flush ruleset'] as const;

/** What was in force when watch had been killed and what it had begun was over. */
type Found = 'nothing repaired' | 'repaired in part' | 'all repaired';

/** After each kill: a campaign takes long, and one that is ended early has its figures too. */
function writeFigures(counts: Readonly<Record<string, Readonly<Record<Found, number>>>>): void {
  const folder = path.join(PROJECT, 'test-results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'kills-watch.json'), `${JSON.stringify(counts, undefined, 1)}\n`);
}

const isThere = (pid: number): boolean => signal(pid, 'SIGCONT');

describeEngine('rulesguard watch, killed at any moment', ERA, () => {
  let town: Town;
  const chance = dice(SEED);

  beforeAll(async () => {
    town = await raiseTown({ era: ERA });
    // No repair sets a policy back, and a flush of everything takes it.
    for (const family of FAMILIES)
      await must(town.engine.execInside, toolOf(family), ['-P', 'FORWARD', 'ACCEPT']);
    await town.host.run(['snapshot']);
  });
  afterAll(async () => {
    await town.leave();
  });

  const start = (): Promise<Resident> => startWatch(town.engine, town.host, ['--mode', 'repair']);

  /** Waits until it has looked once and has at hand what a repair starts. */
  const untilReady = ({ pid }: Resident): Promise<void> =>
    until(() => descendants(pid).some(({ program }) => program.endsWith('-restore')));

  /** Docker's rules that are not there. */
  const lost = async (): Promise<readonly Line[]> =>
    difference(town.dockers, linesOf(await savesOf(town.engine)));

  /** Kills it, its tools too half of the time, as the OOM killer's group would. What is left of them must end by itself. */
  async function kill({ pid }: Resident): Promise<void> {
    freeze(pid);
    const tools = descendants(pid);
    signal(pid, 'SIGKILL');
    if (chance.oneIn(2)) for (const tool of tools) signal(tool.pid, 'SIGKILL');
    await until(() => ![pid, ...tools.map((tool) => tool.pid)].some(isThere));
  }

  /** What holds whenever it has been killed. */
  async function judged(before: number): Promise<Found> {
    const folder = path.join(town.host.stateDir, 'journal');
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.json')))
      JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
    const lock = path.join(path.dirname(town.host.stateDir), 'run', 'lock');
    await must(town.engine.exec, 'flock', ['--nonblock', lock, 'true']);
    const left = (await lost()).length;
    if (left === 0) return 'all repaired';
    return left < before ? 'repaired in part' : 'nothing repaired';
  }

  /** When it finds rules lost, and the milliseconds within which it is killed then. */
  const MOMENTS = { 'while it runs': 400, 'when it has just started': 1_500 } as const;

  test(
    `no process and no lock is left, and the next one makes the rules whole (${String(KILLS)} times)`,
    async () => {
      const none = (): Record<Found, number> => ({
        'nothing repaired': 0,
        'repaired in part': 0,
        'all repaired': 0,
      });
      const counts = { 'while it runs': none(), 'when it has just started': none() };
      const lostBy = new Map<string, number>();
      for (const damage of DAMAGES) {
        await must(town.engine.execInside, 'sh', ['-c', damage]);
        lostBy.set(damage, (await lost()).length);
        await town.host.run(['restore']);
      }
      let watching = await start();
      try {
        for (let kills = 0; kills < KILLS; kills++) {
          const damage = chance.pick(DAMAGES);
          const moment = chance.oneIn(3) ? 'when it has just started' : 'while it runs';
          if (moment === 'when it has just started') await kill(watching);
          else await untilReady(watching);
          await must(town.engine.execInside, 'sh', ['-c', damage]);
          if (moment === 'when it has just started') watching = await start();
          await sleep(chance.below(MOMENTS[moment]));
          await kill(watching);
          counts[moment][await judged(lostBy.get(damage) ?? 0)]++;
          writeFigures(counts);
          watching = await start();
          await until(async () => (await lost()).length === 0);
        }
        expect((await town.host.run(['check'])).stdout).toMatch(/^INTACT/);
        // What was half written when it was killed keeps nobody from reading the rest.
        expect((await town.host.run(['log'])).stdout).toContain('REPAIRED');
      } finally {
        await kill(watching);
      }
    },
    KILLS * 60_000 + 120_000,
  );
});
