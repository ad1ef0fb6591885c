import { isDeepStrictEqual } from 'node:util';
import { IMAGE, startEngine, type Engine, type EngineOptions } from '../lab/engine.ts';
import { ERAS } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { createHost, type Host } from '../host.ts';
import { settleNeighbours } from './neighbours.ts';
import { FAMILIES, isBuiltinChain, linesOf, savesOf, toolOf, type Line, type Saves } from './rules.ts';
import { ALL_WELL, trafficOf } from './traffic.ts';

/** A Docker host with containers and neighbours, rulesguard installed, and the truth about whose rule each is. */
export interface Town {
  readonly engine: Engine;
  readonly host: Host;
  /** The rules when all was well. */
  readonly golden: Saves;
  /** Docker's rules and chains among them: those that stood there before any neighbour came. */
  readonly dockers: readonly Line[];
  /** Puts the golden rules back, whatever has happened to them. */
  reset(): Promise<void>;
  /** Id, start time and process of every container. */
  containers(): Promise<string>;
  leave(): Promise<void>;
}

/** Containers of a town. `web` is on an IPv4 network; `api` is on one with both families. */
const CONTAINERS = ['web', 'api'] as const;

async function populate({ docker }: Engine): Promise<void> {
  await docker(['network', 'create', 'front']);
  await docker(['network', 'create', '--ipv6', '--subnet', 'fd00:6::/64', 'back']);
  const run = (name: string, network: string, ports: readonly string[]) =>
    docker([
      'run',
      '-d',
      '--name',
      name,
      '--network',
      network,
      ...ports.flatMap((port) => ['-p', port]),
      IMAGE,
    ]);
  await run('web', 'front', ['8080:80', '5353:5353/udp']);
  await run('api', 'back', ['9000:80', '5454:5353/udp']);
}

/** An IPv6 address of a new bridge answers only a second or two after it was given. */
async function untilWell(engine: Engine): Promise<void> {
  for (let attempt = 0; attempt < 30; attempt++)
    if (isDeepStrictEqual(await trafficOf(engine), ALL_WELL)) return;
  throw new Error(`an untouched Engine's packets do not pass: ${JSON.stringify(await trafficOf(engine))}`);
}

/**
 * Brings up an Engine with two networks, a tcp and a udp port on each, and neighbours before, between and after
 * Docker's rules. Both families; ends with `leave`.
 */
export async function raiseTown(options: EngineOptions): Promise<Town> {
  const daemonArgs = [...ERAS[options.era].ipv6Args, ...(options.daemonArgs ?? [])];
  const engine = await startEngine({ ...options, daemonArgs });
  try {
    await populate(engine);
    await untilWell(engine);
    const dockers = linesOf(await savesOf(engine)).filter((line) => !isBuiltinChain(line));
    await settleNeighbours(engine);
    const golden = await savesOf(engine);
    const host = createHost(engine);
    return {
      engine,
      host,
      golden,
      dockers,
      async reset() {
        // Tables that the golden rules do not have would stay.
        if (options.variant !== 'legacy') await must(engine.execInside, 'nft', ['flush', 'ruleset']);
        for (const family of FAMILIES)
          await must(engine.execInside, toolOf(family, '-restore'), ['-c'], { input: golden[family] });
      },
      containers: () =>
        engine.docker(['inspect', '-f', '{{.Id}} {{.State.StartedAt}} {{.State.Pid}}', ...CONTAINERS]),
      async leave() {
        host.dispose();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
