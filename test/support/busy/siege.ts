import { setTimeout as sleep } from 'node:timers/promises';
import { createHost, type Host } from '../host.ts';
import { savesOf, type Saves } from '../incident/rules.ts';
import { startEngine, type Engine } from '../lab/engine.ts';
import { ERAS, type Era } from '../lab/eras.ts';
import { amidChurn, layNetworks, moveIn, type Bustle } from './churn.ts';
import { someDamage } from './damages.ts';
import { dice, type Dice } from './dice.ts';
import { Diary } from './diary.ts';
import { add, emptyTally, type Tally } from './tally.ts';

/** An Engine about to be damaged over and over while its containers come and go. */
export interface Siege {
  readonly engine: Engine;
  readonly host: Host;
  readonly diary: Diary;
  readonly dice: Dice;
  /** Saves somebody may load again, the oldest of before the churn. */
  readonly saves: [Saves, ...Saves[]];
  readonly bustle: Bustle;
  readonly tally: Tally;
  leave(): Promise<void>;
}

/** Brings up an Engine with every container running, and takes the only baseline there will be. Ends with `leave`. */
export async function laySiege(era: Era, seed: number): Promise<Siege> {
  // Containers outlive a restart of the daemon: the judge needs one.
  const engine = await startEngine({ era, daemonArgs: [...ERAS[era].ipv6Args, '--live-restore'] });
  const host = createHost(engine);
  const leave = async () => {
    host.dispose();
    await engine.stop();
  };
  try {
    await layNetworks(engine);
    await moveIn(engine);
    await host.run(['snapshot']);
    return {
      engine,
      host,
      diary: new Diary(host),
      dice: dice(seed),
      saves: [await savesOf(engine)],
      bustle: { done: 0, refusals: [] },
      tally: emptyTally(),
      leave,
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Three restores of four know the baseline of before the churn, the fourth goes by the Engine alone. */
const restoreOf = (dice: Dice): readonly string[] =>
  dice.oneIn(4) ? ['restore', '--source', 'engine'] : ['restore', '--policies'];

/** One damage and the restore that follows it. */
async function strike(siege: Siege): Promise<void> {
  const { engine, diary, dice, saves, tally } = siege;
  const { what, wrote } = await someDamage({ engine, dice, saves });
  diary.note(wrote, 'the damage');
  tally.damages++;
  add(tally.kinds, what);
  await restoreOnce(siege, what);
  if (dice.oneIn(8)) saves.push(await savesOf(engine));
}

/** One restore, counted. @param what - after which it comes */
async function restoreOnce({ host, diary, dice, tally }: Siege, what: string): Promise<void> {
  const args = restoreOf(dice);
  const began = performance.now();
  tally.lastRestore = Date.now();
  const { code, stdout, stderr } = await host.attempt(args);
  tally.milliseconds.push(performance.now() - began);
  if (code !== 0)
    tally.failures.push(`after ${what}: ${args.join(' ')}: exit ${String(code)}\n${stdout}${stderr}`);
  const { applies, again } = diary.readJournal();
  tally.applies += applies;
  tally.again += again;
}

/** Flushes some of the rules again and again, until it is told to stop: no damage of it is counted. */
function hostileFlusher({ engine, dice }: Siege): { readonly stop: () => Promise<void> } {
  const state = { going: true };
  const flush = async (): Promise<void> => {
    while (state.going) {
      const line = dice.pick(FLUSHES);
      await engine.execInside('sh', ['-c', line]);
      await sleep(20 + dice.below(400));
    }
  };
  const flushing = flush();
  flushing.catch(() => undefined);
  return {
    stop: async () => {
      state.going = false;
      await flushing;
    },
  };
}

const FLUSHES = [
  ...['iptables -t nat -F', 'iptables -F', 'ip6tables -F', 'iptables -t raw -F', 'nft flush ruleset'],
  ...['iptables -D FORWARD -j DOCKER-USER', 'iptables -t nat -F DOCKER'],
] as const;

/**
 * Damages beside the churn, each followed by a restore. When it returns the churn has ended, nothing else was done.
 *
 * @param isHostile - whether somebody flushes rules all the while; once he has stopped, one more restore is run, beside the churn
 */
export async function assault(siege: Siege, damages: number, isHostile: boolean): Promise<void> {
  const { engine, dice, bustle, tally } = siege;
  await amidChurn(engine, dice, bustle, async () => {
    if (!isHostile) {
      for (let i = 0; i < damages; i++) await strike(siege);
      return;
    }
    const flusher = hostileFlusher(siege);
    const before = tally.failures.length;
    try {
      for (let i = 0; i < damages; i++) await strike(siege);
    } finally {
      await flusher.stop();
    }
    // Beside him a restore may have to leave something to him, and says so; it must not fail otherwise.
    const said = tally.failures.splice(before);
    const left = said.filter((failure) =>
      /NOT REPAIRED {2}\d+ rules?: (?:written 10 times|the rules kept changing)/.test(failure),
    );
    tally.besideFlusher += left.length;
    tally.failures.push(...said.filter((failure) => !left.includes(failure)));
    await restoreOnce(siege, 'the flusher stopped');
  });
}
