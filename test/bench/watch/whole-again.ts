import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { container, network } from '../../support/lab/build.ts';
import { IMAGE, startEngine, type Engine } from '../../support/lab/engine.ts';
import type { Era } from '../../support/lab/eras.ts';
import { LAB_ENV, must } from '../../support/lab/run.ts';
import { CLIENT, HOST } from '../../support/lab/wire.ts';
import { createHost, type Host } from '../../support/host.ts';
import { until } from '../../support/until.ts';
import { startWatch } from '../../support/watch/resident.ts';
import { IS_SHORT, selfAs, selfEnv } from '../self.ts';
import { tableOf } from '../tables.ts';
import { tablesOf, type Wanted } from './floor.ts';
import { childrenOf, nameOf, shareOf } from './processes.ts';

/** One host on which rules are deleted again and again. */
interface WatchCase {
  readonly title: string;
  readonly era: Era;
  readonly containers: number;
  readonly ports: number;
  readonly proxy: boolean;
  readonly rounds: number;
}

const CASE: WatchCase = {
  title: 'Engine 28.5, iptables-nft, 100 rules',
  ...{ era: '28.5', containers: 8, ports: 3, proxy: true, rounds: 300 },
};

/** By the section that plays it. */
export const WATCH_CASES: Readonly<Record<string, WatchCase>> = {
  watch: CASE,
  'watch-no-proxy': { ...CASE, title: `${CASE.title}, no userland proxy`, proxy: false, rounds: 100 },
  'watch-26.1': { ...CASE, title: 'Engine 26.1, iptables-nft', era: '26.1', rounds: 50 },
  'watch-20.10': { ...CASE, title: 'Engine 20.10, iptables-nft', era: '20.10', rounds: 50 },
  'watch-1000': { ...CASE, title: 'Engine 28.5, 1,000 rules', ports: 40, rounds: 50 },
};

const ONE_RULE =
  'iptables-nft -t nat -D DOCKER $(iptables-nft -t nat -S DOCKER | tail -n 1 | cut -d" " -f3-)';
const DAMAGES: readonly (readonly [string, readonly string[]])[] = [
  ['iptables -t nat -F', ['iptables-nft', '-t', 'nat', '-F']],
  ['iptables -F', ['iptables-nft', '-F']],
  ['nft flush ruleset', ['nft', 'flush', 'ruleset']],
  ['one rule deleted', ['sh', '-c', ONE_RULE]],
];

/** How many damages one watch sees: the same repaired more often is a fight, and no longer repaired at once. */
const BATCH = 4;
/** Seconds without a change after which a round is over, and that it may take. */
const [QUIET, LONGEST] = ['2', '15'];
const [UDP, TCP] = [5353, 9001];

/** Milliseconds, but for `held`. */
interface Round {
  readonly exitToWhole: number;
  readonly commitToWhole: number;
  readonly gap: number;
  readonly isHeld: boolean;
}

/** How long rules are gone after each damage, of watch beside the least that can be done: two tables, of the rules and of packets. */
export async function watchTable(one: WatchCase): Promise<string> {
  const rounds = IS_SHORT ? 2 : Number(process.env['RULESGUARD_BENCH_ROUNDS'] ?? one.rounds);
  const engine = await startEngine({
    era: one.era,
    daemonArgs: one.proxy ? [] : ['--userland-proxy=false'],
  });
  const host = createHost(engine);
  try {
    await populate(engine, one);
    await host.run(['snapshot']);
    const rows: string[][] = [];
    const memory: string[] = [];
    for (const [label, words] of DAMAGES.slice(0, IS_SHORT ? 1 : DAMAGES.length)) {
      const of = { watch: [] as Round[], floor: [] as Round[] };
      while (of.watch.length < rounds) {
        const batch = Math.min(BATCH, rounds - of.watch.length);
        of.floor.push(...(await withFloor(engine, () => play(engine, words, batch))));
        of.watch.push(
          ...(await withWatch(engine, host, memory, (ready) => play(engine, words, batch, ready))),
        );
      }
      for (const [who, played] of Object.entries(of)) rows.push([label, who, ...cellsOf(played)]);
    }
    const rules = (await must(engine.execInside, 'sh', ['-c', 'iptables-save; ip6tables-save']))
      .split('\n')
      .filter((line) => line.startsWith('-A')).length;
    const head = ['damage', 'by', 'rounds', 'exit to whole, p50/p99/max ms', 'commit to whole'];
    return [
      `${String(rules)} rules.`,
      tableOf([...head, 'longest gap of a client', 'connection kept'], rows),
      `Memory of watch with its children (PSS, MB), at the end of each batch: ${memory.join(', ')}.`,
    ].join('\n\n');
  } finally {
    host.dispose();
    await engine.stop();
  }
}

async function populate(engine: Engine, { containers, ports }: WatchCase): Promise<void> {
  await network(engine, 'app');
  for (let i = 0; i < containers; i++) {
    const published = Array.from({ length: ports }, (_, at) => `${String(20_000 + i * ports + at)}:80`);
    const all = i === 0 ? [...published, `${String(UDP)}:5353/udp`] : published;
    await container(engine, `web${String(i)}`, ['--network', 'app', ...all.flatMap((port) => ['-p', port])]);
  }
  const server = readFileSync(path.join(import.meta.dirname, '..', 'talk.pl'), 'utf8');
  const held = ['-p', `${String(TCP)}:80`, '--entrypoint', 'perl', IMAGE, '-e', server, '80', 'held'];
  await engine.docker(['run', '-d', '--name', 'held', '--network', 'app', ...held]);
}

/** The rules of both families, without policies, which watch leaves, and what was counted; tables are saved in the order in which they were made. */
async function rulesOf(engine: Engine): Promise<string> {
  const saves = [await must(engine.exec, 'iptables-nft-save'), await must(engine.exec, 'ip6tables-nft-save')];
  return saves
    .map((save) => [...tablesOf(save).values()].sort().join(''))
    .join('\n')
    .replaceAll(/^(:\S+) .*$/gm, '$1');
}

/** @param ready - before each damage */
async function play(
  engine: Engine,
  words: readonly string[],
  rounds: number,
  ready: () => Promise<void> = () => Promise.resolve(),
): Promise<readonly Round[]> {
  const script = path.join(import.meta.dirname, 'damage.pl');
  const played: Round[] = [];
  for (let i = 0; i < rounds; i++) {
    await ready();
    const before = await rulesOf(engine);
    const client = await clientOf(engine);
    await sleep(100 + Math.random() * 50);
    const said = await must(engine.exec, 'perl', [script, QUIET, LONGEST, ...words]);
    const [gap = NaN, , , held] = await client.end();
    const after = await rulesOf(engine);
    if (after !== before)
      throw new Error(`not whole again after ${words.join(' ')}:\n${before}\n---\n${after}`);
    const exit = Number(/^exit (\S+)/m.exec(said)?.[1]) * 1_000;
    const commits = [...said.matchAll(/^gen (\S+)/gm)].map(([, at]) => Number(at) * 1_000);
    const [commit = NaN, last = NaN] = [commits[0], commits.at(-1)];
    if (commits.length < 2) throw new Error(`nobody repaired ${words.join(' ')}: ${said}`);
    played.push({ exitToWhole: last - exit, commitToWhole: last - commit, gap, isHeld: held === 1 });
  }
  return played;
}

interface Client {
  end(): Promise<readonly number[]>;
}

async function clientOf(engine: Engine): Promise<Client> {
  const script = path.join(import.meta.dirname, 'client.pl');
  const words = [script, HOST.ipv4, String(UDP), String(TCP), CLIENT.ipv4];
  const child = spawn('nsenter', [`--net=${engine.client.netns}`, '--', 'perl', ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = linesOf(child);
  await line();
  return {
    async end() {
      child.stdin.end();
      return (await line()).split(' ').map(Number);
    },
  };
}

function linesOf({ stdout }: ChildProcess): () => Promise<string> {
  if (stdout === null) throw new Error('nothing to read');
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  return async () => {
    const next = await lines.next();
    if (next.done === true) throw new Error('it ended');
    return next.value;
  };
}

async function withFloor<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  const wanted: Wanted = {
    ipv4: await must(engine.exec, 'iptables-nft-save'),
    ipv6: await must(engine.exec, 'ip6tables-nft-save'),
  };
  const child = spawn('nsenter', [`--net=${engine.netns}`, '--', ...selfAs('floor', wanted)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...LAB_ENV, ...selfEnv() },
  });
  await linesOf(child)();
  await sleep(500);
  try {
    return await work();
  } finally {
    child.stdin.end();
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

/** Milliseconds for which a watch has had at hand what a repair starts, and no link has changed: then it repairs before it looks. */
const UNTIL_READY = 2_000;
/** How its kernel names what it starts last of that. */
const WAITING = 'ip6tables-nft-r';

async function withWatch<T>(
  engine: Engine,
  host: Host,
  memory: string[],
  work: (ready: () => Promise<void>) => Promise<T>,
): Promise<T> {
  // The Engine's own programs would be reached through a shell.
  const own = { ...engine, suitePath: path.dirname(process.execPath) };
  const resident = await startWatch(own, host, ['--mode', 'repair']);
  try {
    return await work(async () => {
      await until(() => childrenOf(resident.pid).some((pid) => nameOf(pid).startsWith(WAITING)));
      await sleep(UNTIL_READY);
    });
  } catch (error) {
    throw new Error(`watch noted last: ${JSON.stringify(resident.noted().slice(-5))}`, { cause: error });
  } finally {
    memory.push((shareOf(resident.pid) / 1_024).toFixed(0));
    await resident.stop();
  }
}

function cellsOf(rounds: readonly Round[]): readonly string[] {
  const spread = (values: readonly number[]): string => {
    const ordered = values.toSorted((a, b) => a - b);
    const at = (part: number): string => (ordered[Math.ceil(part * ordered.length) - 1] ?? NaN).toFixed(1);
    return [at(0.5), at(0.99), at(1)].join(' / ');
  };
  return [
    String(rounds.length),
    spread(rounds.map(({ exitToWhole }) => exitToWhole)),
    spread(rounds.map(({ commitToWhole }) => commitToWhole)),
    spread(rounds.map(({ gap }) => gap)),
    `${String(rounds.filter(({ isHeld }) => isHeld).length)} of ${String(rounds.length)}`,
  ];
}
