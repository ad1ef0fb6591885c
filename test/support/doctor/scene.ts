import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { savesOf, type Saves } from '../incident/rules.ts';
import { startEngine, type Engine } from '../lab/engine.ts';
import { ERAS, type Era } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { equip, placesOf, run, type Container } from '../matrix/city.ts';
import { ask, type Answers } from '../matrix/packets.ts';
import { load } from '../matrix/stage.ts';
import { HOST_SERVICE, flowsOf, type Flow, type Places } from './flows.ts';
import { fingerprintOf } from './fingerprint.ts';
import { PRELUDE } from './shell.ts';

/** An Engine with a few containers whose every flow is known, for faults to be planted in. */
export interface Scene {
  readonly engine: Engine;
  readonly era: Era;
  /** Its steady flows. */
  readonly flows: readonly Flow[];
  /** Runs a shell script on the engine's machine; see `shell.ts` for the words it may use. Throws when it fails. */
  sh(script: string): Promise<string>;
  /** Starts a container that a plant needs for itself; `serve` is what it waits on. */
  start(name: string, args: readonly string[], serve?: readonly string[]): Promise<void>;
  /** Puts all rules back as they were at the beginning, whoever they were of. */
  reload(): Promise<void>;
  /** What every flow of the scene comes to, and those given besides. Waits for what is not in `lost`. */
  measure(more: readonly Flow[], lost?: ReadonlySet<string>): Promise<readonly Measured[]>;
  /** Where its steady containers are. */
  readonly places: Places;
  /** What is not as it was at the beginning, one line each. Waits a little: links take a moment to come up. */
  strangeness(): Promise<readonly string[]>;
  leave(): Promise<void>;
}

/** A flow, and what came of it. */
export interface Measured {
  readonly flow: Flow;
  readonly answer: string;
}

/** Long enough for a busy machine where an answer is due, and no longer than needed to say there is none. */
const PATIENCE = { unexpected: 0.4, expected: 5 };
/** What is tried again and again while the scene recovers. */
const RECOVERIES = 12;

const BRIDGE_NAME = 'com.docker.network.bridge.name';

/** Networks by name, with words of `docker network create`. */
const NETWORKS: readonly (readonly string[])[] = [
  ['--subnet', '172.28.1.0/24', '-o', `${BRIDGE_NAME}=front0`, 'front'],
  ['--subnet', '172.28.2.0/24', '--ipv6', '--subnet', 'fd00:6::/64', '-o', `${BRIDGE_NAME}=back0`, 'back'],
];

const CONTAINERS: readonly Container[] = [
  { name: 'web', network: 'bridge', ports: ['8080:80', '5353:5353/udp'] },
  { name: 'mate', network: 'bridge', ports: [] },
  { name: 'shop', network: 'front', ports: ['8081:80'], address: '172.28.1.11' },
  { name: 'desk', network: 'front', ports: [], address: '172.28.1.12' },
  { name: 'api', network: 'back', ports: ['9000:80'], address: '172.28.2.11' },
];

const AGENTS = '/lab/agents';

/** As `run` of the city, with `serve` and all other words free. */
async function startOne(
  { docker }: Engine,
  name: string,
  args: readonly string[],
  serve: readonly string[] = ['80/tcp', '81/tcp', '5353/udp'],
): Promise<void> {
  const program = ['-v', `${AGENTS}:/agents`, '--entrypoint', 'perl', 'lab', '/agents/agent.pl', 'serve'];
  await docker(['run', '-d', '--name', name, ...args, ...program, '/agents', name, ...serve]);
}

async function measureOn(engine: Engine, flows: readonly Flow[], lost: ReadonlySet<string>) {
  const due: Answers = new Map(
    flows.map(({ name, wanted }) => [name, lost.has(name) ? 'silence' : wanted] as const),
  );
  const answers = await ask(engine, flows, due, PATIENCE);
  return flows.map((one): Measured => ({ flow: one, answer: answers.get(one.name) ?? '' }));
}

/** Whether a flow came to what it should. Nothing that must not pass may be told from something else that stops it. */
export const isAsWanted = ({ flow, answer }: Measured): boolean =>
  answer === flow.wanted || (flow.wanted === 'silence' && answer === 'refused');

/** One line for a flow that is not as it should be. */
export const flowText = ({ flow, answer }: Measured): string =>
  `${flow.name}: "${answer}", not "${flow.wanted}"`;

/** Waits until all flows are as they should: a new container's IPv6 address serves only after a second or two. */
async function waitUntilSound(engine: Engine, flows: readonly Flow[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const wrong = (await measureOn(engine, flows, new Set())).filter((one) => !isAsWanted(one));
    if (wrong.length === 0) return;
    if (attempt === RECOVERIES) throw new Error(`unsound from the start: ${wrong.map(flowText).join('; ')}`);
    await sleep(500);
  }
}

function sceneOn(engine: Engine, golden: Saves, print: readonly string[], steady: Places): Scene {
  const strangeNow = async () => {
    const now = await fingerprintOf(engine);
    const [was, is] = [new Set(print), new Set(now)];
    return [
      ...print.filter((line) => !is.has(line)).map((line) => `lacking: ${line}`),
      ...now.filter((line) => !was.has(line)).map((line) => `too much: ${line}`),
    ];
  };
  return {
    engine,
    era: engine.era,
    flows: flowsOf(steady),
    sh: (script) => must(engine.execInside, 'sh', ['-ec', `${PRELUDE}\n${script}`]),
    start: (name, args, serve) => startOne(engine, name, args, serve),
    reload: () => load(engine, golden),
    measure: (more, lost = new Set()) => measureOn(engine, [...flowsOf(steady), ...more], lost),
    places: steady,
    async strangeness() {
      let strange = await strangeNow();
      for (let attempt = 0; strange.length > 0 && attempt < RECOVERIES; attempt++) {
        // A difference in rules alone is mended at once; links and routes settle by themselves or not at all.
        if (attempt === 0) await load(engine, golden);
        else await sleep(200);
        strange = await strangeNow();
      }
      return strange;
    },
    leave: () => engine.stop(),
  };
}

/**
 * Brings up an Engine with five containers on three networks, a client outside and a service on the machine itself.
 * Containers live on without their daemon. Ends with `leave`.
 * @param daemonArgs further arguments of dockerd
 */
export async function raiseScene(era: Era, daemonArgs: readonly string[] = []): Promise<Scene> {
  const engine = await startEngine({
    era,
    daemonArgs: [...ERAS[era].ipv6Args, '--live-restore', ...daemonArgs],
  });
  try {
    await equip(engine);
    const service = `setsid perl ${AGENTS}/agent.pl serve ${AGENTS} host ${String(HOST_SERVICE)}/tcp >/dev/null 2>&1 &`;
    await must(engine.execInside, 'sh', ['-c', service]);
    for (const network of NETWORKS) await engine.docker(['network', 'create', ...network]);
    // In turn: the Engine gives addresses away in the order it is asked.
    for (const container of CONTAINERS) await run(engine, container);
    const steady = await placesOf(engine);
    await waitUntilSound(engine, flowsOf(steady));
    const golden = await savesOf(engine);
    await load(engine, golden);
    const print = await fingerprintOf(engine);
    const again = await fingerprintOf(engine);
    if (!isDeepStrictEqual(print, again)) throw new Error('an untouched scene looks different every time');
    return sceneOn(engine, golden, print, steady);
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
