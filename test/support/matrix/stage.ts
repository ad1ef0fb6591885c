import { isDeepStrictEqual } from 'node:util';
import { createHost, type Host } from '../host.ts';
import { ownLines, sorted } from '../incident/judge.ts';
import { settleNeighbours } from '../incident/neighbours.ts';
import { FAMILIES, difference, savesOf, toolOf, type Line, type Saves } from '../incident/rules.ts';
import type { Town } from '../incident/town.ts';
import type { Engine } from '../lab/engine.ts';
import type { Era } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { LATECOMER, placesOf, raiseCity, run } from './city.ts';
import { measure, type Answers } from './packets.ts';
import { pairsOf, type Pair } from './pairs.ts';

/** The rules and packets that something new brings to a city where all is well. */
export interface Arrival {
  readonly rules: readonly Line[];
  readonly known: Answers;
}

/** A city, and what holds as long as it stands. */
export interface City {
  readonly engine: Engine;
  /** Rules of others, in a city where all is well. */
  readonly neighbours: readonly Line[];
  /** What a network and a container bring that come between damage and repair. */
  readonly arrivals: Readonly<Record<'network' | 'container', Arrival>>;
  /** A machine that has no baseline. */
  readonly bare: Host;
  /** Where a snapshot was taken last. */
  host: Host;
  /** Docker's rules when it was. */
  recorded: readonly Line[];
  leave(): Promise<void>;
}

/** The city as it stands before a damage: everything here was measured then. */
export interface Stage {
  readonly town: Town;
  readonly pairs: readonly Pair[];
  readonly known: Answers;
  /** Docker's rules that the baseline has never seen. */
  readonly unseen: readonly Line[];
}

/** The network that comes between damage and repair; fixed in all that its rules name. */
export const HALF_NETWORK = 'half';

export async function createHalfNetwork({ docker }: Engine): Promise<void> {
  const options = ['--subnet', '172.28.9.0/24', '-o', 'com.docker.network.bridge.name=half0'];
  await docker(['network', 'create', ...options, HALF_NETWORK]);
}

/** Puts rules in place as they were saved, counters included; flows of before are forgotten. */
export async function load({ execInside }: Engine, saves: Saves): Promise<void> {
  await must(execInside, 'sh', ['-c', 'nft flush ruleset && conntrack -F 2>/dev/null']);
  for (const family of FAMILIES)
    await must(execInside, toolOf(family, '-restore'), ['-c'], { input: saves[family] });
}

/**
 * Measures until two measurements agree on each pair: an IPv6 address of a new container answers only after a second or
 * two, and on a busy machine an answer may come late. Pairs that agree are not asked again.
 */
async function measureAll(engine: Engine): Promise<Pick<Stage, 'pairs' | 'known'>> {
  const pairs = pairsOf(await placesOf(engine));
  const known = new Map(await measure(engine, pairs));
  let unsettled = pairs;
  for (let attempt = 0; attempt < 10; attempt++) {
    const again = await measure(engine, unsettled);
    unsettled = unsettled.filter(({ name }) => again.get(name) !== known.get(name));
    if (unsettled.length === 0) return { pairs, known };
    for (const [name, answer] of again) known.set(name, answer);
  }
  const names = unsettled.map(({ name }) => `${name}: ${known.get(name) ?? 'no answer'}`);
  throw new Error(`an untouched Engine answers differently each time it is asked: ${names.join('; ')}`);
}

/** Lets something arrive where all is well, notes what it brings, and takes it away again. */
async function observe(
  engine: Engine,
  arrive: () => Promise<void>,
  remove: readonly string[],
  about: string,
) {
  const before = ownLines(await savesOf(engine));
  await arrive();
  const rules = difference(ownLines(await savesOf(engine)), before);
  const { known, pairs } = await measureAll(engine);
  await engine.docker(remove);
  const left = ownLines(await savesOf(engine));
  if (!isDeepStrictEqual(sorted(left), sorted(before))) throw new Error(`${about} left something behind`);
  const own = new Set(pairs.filter((pair) => pair.about.includes(about)).map(({ name }) => name));
  return { rules, known: new Map([...known].filter(([name]) => own.has(name))) };
}

/** Brings up an Engine with its city and its neighbours, and takes the first snapshot. Ends with `leave`. */
export async function settleCity(era: Era): Promise<City> {
  const engine = await raiseCity(era);
  try {
    const bareLines = ownLines(await savesOf(engine));
    await settleNeighbours(engine);
    const neighbours = difference(ownLines(await savesOf(engine)), bareLines);
    const arrivals = {
      network: await observe(
        engine,
        () => createHalfNetwork(engine),
        ['network', 'rm', HALF_NETWORK],
        HALF_NETWORK,
      ),
      container: await observe(
        engine,
        () => run(engine, LATECOMER),
        ['rm', '-f', LATECOMER.name],
        LATECOMER.name,
      ),
    };
    const bare = createHost(engine);
    const city: City = {
      engine,
      neighbours,
      arrivals,
      bare,
      host: bare,
      recorded: [],
      async leave() {
        for (const host of [bare, city.host]) host.dispose();
        await engine.stop();
      },
    };
    await takeSnapshot(city);
    return city;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

/** A new machine's first snapshot: the baseline of everything until the next. */
export async function takeSnapshot(city: City): Promise<void> {
  if (city.host !== city.bare) city.host.dispose();
  city.host = createHost(city.engine);
  await city.host.run(['snapshot']);
  city.recorded = dockersIn(city, await savesOf(city.engine));
}

const dockersIn = ({ neighbours }: City, saves: Saves) => difference(ownLines(saves), neighbours);

/** Measures the city as it stands. */
export async function survey(city: City): Promise<Stage> {
  const { engine, host } = city;
  const golden = await savesOf(engine);
  const dockers = dockersIn(city, golden);
  const town: Town = {
    engine,
    host,
    golden,
    dockers,
    reset: () => load(engine, golden),
    containers: async () => JSON.stringify([...(await placesOf(engine))]),
    leave: () => city.leave(),
  };
  return { town, ...(await measureAll(engine)), unseen: difference(dockers, city.recorded) };
}
