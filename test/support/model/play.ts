import { observe } from '../../../src/app/observe/observe.ts';
import { iptablesBackend, writtenBy } from '../../../src/app/restore/iptables-backend.ts';
import { beginRepair, endRepair, type BegunRepair, type Repaired } from '../../../src/app/restore/repair.ts';
import { round } from '../../../src/app/restore/rounds.ts';
import { loadPlan } from '../../../src/firewall/iptables/plan/plan-json.ts';
import type { Observation } from '../../../src/reconcile/observation.ts';
import type { Reference } from '../../../src/reconcile/reference.ts';
import type { Script } from './dockerd.ts';
import { modelHost, type Pending } from './host.ts';
import type { Act, World } from './world.ts';

/** A host, and what dockerd and a second writer are going to do while a restore works. */
export interface Scenario {
  readonly name: string;
  readonly world: World;
  readonly script: Script;
  readonly writer: readonly Act[];
  readonly containers: readonly string[];
  readonly reference: Reference;
}

/** How far a restore is: before its first look, between two rounds, or at its end. */
export interface Node {
  readonly world: World;
  /** How many restores were killed before this one. */
  readonly kills: number;
  readonly rounds: number;
  readonly begun: { readonly first: Observation; readonly repair: BegunRepair } | undefined;
  readonly result?: Repaired;
}

/** What need not be tried in every order, as nobody else sees it. */
const BY_ITSELF: ReadonlySet<string> = new Set(['journal', 'begin', 'end', 'rehearse']);

/** Before one step. */
export interface Choice {
  /** What the restore was told in this part of it. */
  readonly told: readonly string[];
  readonly world: World;
  readonly options: number;
  readonly choices: readonly number[];
  readonly at: number;
}

/**
 * Plays one part of a restore: its first look, one round, or its end.
 *
 * @param choose - who makes each step
 * @param mayGoOn - asked before each step; undefined is returned once it says no
 */
export async function play(
  { script, writer, containers, reference }: Scenario,
  node: Node,
  choose: (at: number, options: number) => number,
  mayGoOn: (choice: Choice) => boolean,
): Promise<Node | undefined> {
  let world = node.world;
  const told: string[] = [];
  const pending: { readonly one: Pending; readonly resolve: () => void }[] = [];
  const host = modelHost(
    script,
    containers,
    (one) => new Promise((resolve) => pending.push({ one, resolve })),
  );
  let ended: Omit<Node, 'world'> | undefined;
  const failed: unknown[] = [];
  const work = partOf(host, reference, node).then(
    (next) => (ended = next),
    (error: unknown) => failed.push(error),
  );
  const made: number[] = [];
  for (;;) {
    await new Promise(setImmediate);
    if (failed.length > 0) throw failed[0];
    if (ended !== undefined) return { ...ended, world };
    const answer = (at: number): void => {
      const [{ one, resolve } = never()] = pending.splice(at, 1);
      const after = one.go(world);
      ({ world } = after);
      told.push(`${one.what} ${after.told}`);
      resolve();
    };
    const alone = pending.findIndex(({ one }) => BY_ITSELF.has(one.what));
    if (alone >= 0) {
      answer(alone);
      continue;
    }
    const options = [
      ...pending.flatMap(({ one }, at) =>
        one.isReady(world)
          ? [
              () => {
                answer(at);
              },
            ]
          : [],
      ),
      ...(script.hasNext(world) ? [() => (world = script.next(world))] : []),
      ...(world.writer < writer.length
        ? [() => (world = { ...(writer[world.writer] ?? never())(world), writer: world.writer + 1 })]
        : []),
    ];
    const choice = choose(made.length, options.length);
    const about = {
      told,
      world,
      options: options.length,
      choices: [...made],
      at: made.length,
    };
    if (!mayGoOn(about)) return undefined;
    (options[choice] ?? never())();
    made.push(choice);
    void work;
  }
}

/** The next part of a restore, as `restore` plays them one after the other. */
async function partOf(
  host: ReturnType<typeof modelHost>,
  reference: Reference,
  node: Node,
): Promise<Omit<Node, 'world'>> {
  const { begun, kills, rounds } = node;
  if (begun === undefined) {
    const first = await observe(host, reference);
    return { kills, rounds, begun: { first, repair: await beginRepair(host, reference, first, OPTIONS) } };
  }
  const { first, repair } = begun;
  const backend = rewired(host, reference, repair);
  const { at, isEnd } = await round(host, reference, backend, repair.from);
  const next = { kills, rounds: rounds + 1, begun: { first, repair: { ...repair, from: at } } };
  return isEnd ? { ...next, result: await endRepair(host, first, repair, at) } : next;
}

const OPTIONS = { policies: 'leave', assumeUnchanged: false, rehearse: true } as const;

/** What a repair plans and applies with, on this host. */
const rewired = (
  host: ReturnType<typeof modelHost>,
  reference: Reference,
  { unfinished }: BegunRepair,
): BegunRepair['backend'] =>
  iptablesBackend(host, reference, OPTIONS, writtenBy(unfinished.map(({ entry }) => loadPlan(entry.plan))));

/** For what cannot be. */
export const never = (): never => {
  throw new Error('there is no such choice');
};
