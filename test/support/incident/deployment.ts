import { IMAGE } from '../lab/engine.ts';
import { must } from '../lab/run.ts';
import { addressOf } from './traffic.ts';
import { FAMILIES, isRule, keyOf, toolOf, type Line } from './rules.ts';
import type { Town } from './town.ts';

/** Containers on `front` that a deployment leaves running, and the host port of each. */
export const NEWCOMERS: ReadonlyMap<string, number> = new Map([
  ['one', 8101],
  ['three', 8103],
  ['four', 8104],
]);

/**
 * Starts and removes containers with published ports and a network, one after the other: dockerd adds and deletes rule
 * by rule. For a new network Engines before 28 also take their jumps out of FORWARD and put them back on top.
 */
export async function deploy({ engine: { docker } }: Town): Promise<void> {
  const start = (name: string, port: number) =>
    docker(['run', '-d', '--name', name, '--network', 'front', '-p', `${String(port)}:80`, IMAGE]);
  await start('one', 8101);
  await start('two', 8102);
  await start('three', 8103);
  await docker(['rm', '-f', 'two']);
  await docker(['network', 'create', 'side']);
  await docker(['run', '-d', '--name', 'five', '--network', 'side', '-p', '8105:80', IMAGE]);
  await docker(['rm', '-f', 'five']);
  await docker(['network', 'rm', 'side']);
  await start('four', 8104);
}

export async function withdraw({ engine: { docker } }: Town): Promise<void> {
  await docker(['rm', '-f', ...NEWCOMERS.keys()]);
}

/**
 * The rules Docker has for a container of `front` with one tcp port, told from those it wrote for `web`, which is one.
 * @returns keys as of `keyOf`
 */
export async function rulesOfNewcomer(town: Town, name: string, port: number): Promise<readonly string[]> {
  const web = await addressOf(town.engine, 'web');
  const own = await addressOf(town.engine, name);
  const address = new RegExp(`\\b${web.replaceAll('.', '\\.')}(?=[:/])`, 'g');
  return town.dockers
    .filter((line) => isRule(line) && line.text.search(address) >= 0 && !line.text.includes('-p udp'))
    .map((line) =>
      keyOf(line)
        .replace(address, own)
        .replace('--dport 8080 ', `--dport ${String(port)} `),
    );
}

const isMovedJump = ({ text }: Line): boolean => /^-A FORWARD -j DOCKER-(USER|ISOLATION-STAGE-1)$/.test(text);

/**
 * Deletes each of Docker's rules that stood in the golden state, by value, and no others: newcomers keep theirs. Not the
 * jumps that dockerd may just be moving: it gives up on a network when one it has seen is gone a moment later.
 */
export async function takeAway({ engine, dockers }: Town): Promise<void> {
  for (const family of FAMILIES) {
    const rules = dockers.filter((line) => line.family === family && isRule(line) && !isMovedJump(line));
    const tables = [...new Set(rules.map(({ table }) => table))].map((table) => [
      `*${table}`,
      ...rules.filter((line) => line.table === table).map(({ text }) => text.replace(/^-A/, '-D')),
      'COMMIT\n',
    ]);
    const input = tables.flat().join('\n');
    await must(engine.execInside, toolOf(family, '-restore'), ['--noflush'], { input });
  }
}

/**
 * Repeats `body` for as long as `work` goes on, and waits for both.
 * @returns how often it ran
 */
export async function during(work: Promise<void>, body: () => Promise<void>): Promise<number> {
  const state = { going: true };
  const ended = work.finally(() => {
    state.going = false;
  });
  // Its failure is told at the end, not while a round is under way.
  ended.catch(() => undefined);
  let rounds = 0;
  for (; state.going; rounds++) await body();
  await ended;
  return rounds;
}
