import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { network } from '../support/lab/build.ts';
import { IMAGE, startEngine, type Engine } from '../support/lab/engine.ts';
import type { Era } from '../support/lab/eras.ts';
import { must } from '../support/lab/run.ts';
import { CLIENT, HOST } from '../support/lab/wire.ts';
import { createHost, type Host } from '../support/host.ts';
import { least } from './clock.ts';
import { selfAs, selfEnv } from './self.ts';
import { tableOf } from './tables.ts';
import type { Seen, Watching } from './outside.ts';

const ROUNDS = 3;
const CONTAINERS = 10;
const FIRST_PORT = 8_001;
/** Milliseconds from the damage to the repair: long enough for every port and connection to be affected. */
const DAMAGED_FOR = 1_000;

const DAMAGES = [
  ['iptables', '-t', 'nat', '-F'],
  ['nft', 'flush', 'ruleset'],
] as const;

/** Ways to repair an Engine's rules. */
interface Way {
  readonly name: string;
  readonly run: (engine: Engine, host: Host) => Promise<unknown>;
}

const RESTORE: Way = {
  name: '`rulesguard restore`',
  run: (_, host) => host.run(['restore', '--policies']),
};

const restart = (name: string): Way => ({
  name,
  run: async ({ daemon }) => {
    await daemon.stop();
    await daemon.start();
  },
});

interface Round extends Seen {
  /** Milliseconds from the command's start until packets pass. */
  readonly took: number;
  readonly stopped: number;
}

/** `restore` beside restarts of dockerd: until packets pass, containers stopped, connections that survive. */
export async function restartTable(era: Era): Promise<string> {
  const rows = [
    ...(await onEngine(era, [], 'obeying SIGTERM', [RESTORE, restart('restart of dockerd')])),
    ...(await onEngine(era, [], 'ignoring SIGTERM', [
      restart('restart of dockerd, containers that ignore SIGTERM'),
    ])),
    ...(await onEngine(era, ['--live-restore'], 'obeying SIGTERM', [
      restart('restart of dockerd, live-restore'),
    ])),
  ];
  const head = ['repair', 'after', 'packets pass, best s', 'worst s', 'containers stopped'];
  const connections = ['silent connections alive', 'talking connections alive', 'ended by the damage alone'];
  return tableOf([...head, ...connections], rows);
}

async function onEngine(
  era: Era,
  daemonArgs: readonly string[],
  manner: 'obeying SIGTERM' | 'ignoring SIGTERM',
  ways: readonly Way[],
): Promise<readonly (readonly string[])[]> {
  const engine = await startEngine({ era, daemonArgs });
  const host = createHost(engine);
  try {
    await populate(engine, manner);
    const rounds = new Map<string, Round[]>();
    for (let round = 0; round < ROUNDS; round++)
      for (const damage of DAMAGES)
        for (const way of ways) {
          const key = JSON.stringify([way.name, damage.join(' ')]);
          const one = await play(engine, host, damage, way);
          rounds.set(key, [...(rounds.get(key) ?? []), one]);
        }
    return [...rounds].map(([key, played]) => [...(JSON.parse(key) as string[]), ...cellsOf(played)]);
  } finally {
    host.dispose();
    await engine.stop();
  }
}

const nameOf = (index: number): string => `web${String(index)}`;
const names = Array.from({ length: CONTAINERS }, (_, i) => nameOf(i));

async function populate(engine: Engine, manner: 'obeying SIGTERM' | 'ignoring SIGTERM'): Promise<void> {
  const server = readFileSync(path.join(import.meta.dirname, 'talk.pl'), 'utf8');
  await network(engine, 'app');
  for (const [i, name] of names.entries()) {
    const published = ['-p', `${String(FIRST_PORT + i)}:80`, '--network', 'app', '--restart', 'always'];
    const program = ['--entrypoint', 'perl', IMAGE, '-e', server, '80', name];
    const further = manner === 'ignoring SIGTERM' ? ['ignore-term'] : [];
    await engine.docker(['run', '-d', '--name', name, ...published, ...program, ...further]);
  }
}

async function play(engine: Engine, host: Host, damage: readonly string[], way: Way): Promise<Round> {
  // A restart may leave FORWARD's policy at ACCEPT, and with live-restore up to 27 jumps in another order.
  await host.run(['restore', '--policies']);
  await host.run(['snapshot', '--repair-first']);
  const started = await startsOf(engine);
  const watcher = await watchFrom(engine);
  const [tool = '', ...args] = damage;
  await must(engine.execInside, tool, args);
  await sleep(DAMAGED_FOR);
  const begun = Date.now();
  await way.run(engine, host);
  const seen = await watcher.report(begun);
  if (seen.lost < CONTAINERS) throw new Error(`the damage had no effect: ${JSON.stringify(seen)}`);
  const after = await startsOf(engine);
  const stopped = names.filter((_, i) => started[i] !== after[i]).length;
  return { ...seen, took: (seen.passing ?? Infinity) - begun, stopped };
}

const startsOf = async (engine: Engine): Promise<readonly string[]> =>
  (await engine.docker(['inspect', '-f', '{{.State.StartedAt}}', ...names])).split('\n');

/** Starts the outside client, and returns once all ports answer it. */
async function watchFrom(engine: Engine): Promise<{ report(begun: number): Promise<Seen> }> {
  const watching: Watching = {
    address: HOST.ipv4,
    ports: names.map((name, i) => ({ port: FIRST_PORT + i, answer: `${CLIENT.ipv4} ${name}` })),
  };
  const child = spawn('nsenter', [`--net=${engine.client.netns}`, '--', ...selfAs('outside', watching)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: selfEnv(),
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the outside client ended');
    return line.value;
  };
  await next();
  return {
    async report(begun) {
      child.stdin.end(`${String(begun)}\n`);
      return JSON.parse(await next()) as Seen;
    },
  };
}

function cellsOf(rounds: readonly Round[]): readonly string[] {
  const seconds = (value: number): string => (Number.isFinite(value) ? (value / 1000).toFixed(2) : 'never');
  const took = rounds.map((round) => round.took);
  const range = (values: readonly number[]): string => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const count = low === high ? String(low) : `${String(low)} to ${String(high)}`;
    return `${count} of ${String(CONTAINERS)}`;
  };
  return [
    seconds(least(took)),
    seconds(Math.max(...took)),
    range(rounds.map(({ stopped }) => stopped)),
    range(rounds.map(({ silent }) => silent)),
    range(rounds.map(({ talking }) => talking)),
    range(rounds.map(({ broken }) => broken)),
  ];
}
