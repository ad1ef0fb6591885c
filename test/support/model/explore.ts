import { inspect } from 'node:util';
import { digestOfLive, digestOfReply } from '../../../src/app/observe/digests.ts';
import type { Repaired } from '../../../src/app/restore/repair.ts';
import { digestOf } from '../../../src/digest.ts';
import type { Dice } from '../busy/dice.ts';
import { never, play, type Node, type Scenario } from './play.ts';
import { keyOfWorld, type World } from './world.ts';

/** What was explored. */
export interface Explored {
  /** Distinct states of the host, its dockerd, the second writer and the restore together. */
  readonly states: number;
  /** How often somebody made a step. */
  readonly steps: number;
  /** In how many distinct states the restore was killed, each followed by a next one. */
  readonly kills: number;
  /** How many distinct ends there were, and the most rounds one took. */
  readonly ends: number;
  readonly rounds: number;
  readonly faults: readonly string[];
}

/** What is wrong at an end; [] for nothing. */
export type Judge = (end: {
  readonly world: World;
  readonly result: Repaired;
  readonly scenario: Scenario;
}) => readonly string[];

/**
 * Tries every order in which the steps of a restore, of dockerd and of a second writer can come. The restore is the shipped one: its first look,
 * its rounds and its end; its host is handed in.
 *
 * @param kills - how many restores may be killed, at any instant, each followed by another
 * @param limit - how many states to look at
 */
export async function explore(
  scenario: Scenario,
  judge: Judge,
  { kills = 0, limit = Infinity }: { readonly kills?: number; readonly limit?: number } = {},
): Promise<Explored> {
  const seen = new Set<string>();
  const nodes = new Set<string>();
  const counts = { steps: 0, kills: 0, ends: 0, rounds: 0 };
  const faults = new Set<string>();
  const todo: Node[] = [];
  const add = (node: Node): boolean => {
    const key = digestOf(keyOfNode(node));
    if (nodes.has(key)) return false;
    nodes.add(key);
    todo.push(node);
    return true;
  };
  add({ world: scenario.world, kills: 0, rounds: 0, begun: undefined });
  for (let node = todo.pop(); node !== undefined && seen.size < limit; node = todo.pop()) {
    if (node.result !== undefined) {
      counts.ends++;
      counts.rounds = Math.max(counts.rounds, node.rounds);
      for (const fault of judge({ world: node.world, result: node.result, scenario })) faults.add(fault);
      continue;
    }
    const key = keyOfNode(node);
    const killed = node.kills;
    const untried: (readonly number[])[] = [[]];
    for (let choices = untried.pop(); choices !== undefined; choices = untried.pop()) {
      const begun = choices;
      const begins = choices.length;
      const played = await play(
        scenario,
        node,
        (at) => begun[at] ?? 0,
        (choice) => {
          counts.steps++;
          const { told, world, options, at } = choice;
          if (at < begins) return true;
          const state = digestOf(`${key}\n${told.join('\n')}\n${keyOfWorld(world)}`);
          if (seen.has(state)) return false;
          seen.add(state);
          if (killed < kills && add({ world, kills: killed + 1, rounds: 0, begun: undefined }))
            counts.kills++;
          for (let other = 1; other < options; other++) untried.push([...choice.choices, other]);
          return true;
        },
      );
      if (played !== undefined) add(played);
    }
  }
  return { states: seen.size, ...counts, faults: [...faults] };
}

/**
 * Plays one restore in some order, and kills it now and then at some instant, followed by another.
 *
 * @param kills - how many may be killed
 * @returns what is wrong at its end, and how many steps it took
 */
export async function wander(
  scenario: Scenario,
  judge: Judge,
  dice: Dice,
  kills: number,
): Promise<{ readonly faults: readonly string[]; readonly steps: number; readonly kills: number }> {
  let node: Node = { world: scenario.world, kills: 0, rounds: 0, begun: undefined };
  let steps = 0;
  while (node.result === undefined) {
    let killed: World | undefined;
    // Most parts of a restore take ten to twenty steps.
    const dies = node.kills < kills && dice.oneIn(3) ? dice.below(20) : Infinity;
    const next: Node | undefined = await play(
      scenario,
      node,
      (_, options) => dice.below(options),
      ({ world, at }) => {
        steps++;
        if (at >= dies) killed = world;
        return at < dies;
      },
    );
    node = next ?? { world: killed ?? never(), kills: node.kills + 1, rounds: 0, begun: undefined };
  }
  return { faults: judge({ world: node.world, result: node.result, scenario }), steps, kills: node.kills };
}

function keyOfNode({ world, kills, begun, result }: Node): string {
  const at = begun?.repair.from;
  const memory =
    at === undefined
      ? ''
      : inspect(
          [
            at.attempts,
            [...at.memory.proof.rehearsed].sort(),
            at.done.map(({ plan }) => plan.families.ipv4),
            begun?.repair.unfinished.map(({ id }) => id),
          ],
          { depth: 12, maxArrayLength: null, maxStringLength: null },
        );
  const look = at === undefined ? '' : `${digestOfLive(at.seen.live)} ${digestOfReply(at.seen.engine)}`;
  return `${keyOfWorld(world)}\n${String(kills)} ${String(result === undefined)}\n${look}\n${memory}`;
}
