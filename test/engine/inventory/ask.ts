import path from 'node:path';
import { buildSync } from 'esbuild';
import type { Inventory } from '../../../src/docker/inventory/inventory.ts';
import type { DaemonSight } from '../../../src/docker/settings.ts';
import type { Engine } from '../../support/lab/engine.ts';
import { must, type Exec } from '../../support/lab/run.ts';

const SOURCE = path.resolve(import.meta.dirname, '../../../src/host/engine');

/** The reply of `askEngine`, as JSON from another process. */
export interface Said {
  readonly inventory?: Inventory;
  readonly daemons?: DaemonSight;
  readonly fault?: { readonly code: string; readonly message: string; readonly hint: string };
  /** How long it took, in milliseconds, start-up of the process apart. */
  readonly took: number;
}

/** One process each: the answers depend on the network namespace, and that is the process's. */
function program(body: string): string {
  const { outputFiles } = buildSync({
    stdin: { contents: body, resolveDir: SOURCE, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

const ASK = program(`
  import { askEngine } from './engine.ts';
  const start = performance.now();
  askEngine().then(({ fault, ...answer }) => {
    const failed = fault === undefined ? {} : { fault: { ...fault, message: fault.message } };
    console.log(JSON.stringify({ ...answer, ...failed, took: performance.now() - start }));
  });
`);

const WAIT = program(`
  import { awaitContainers, listIdle } from './engine.ts';
  const [what, socket, ...ids] = process.argv.slice(2);
  if (what === 'idle') listIdle(socket).then((idle) => console.log(JSON.stringify(idle)));
  else awaitContainers(ids, socket).then(() => console.log('null'));
`);

const run = async (exec: Exec, text: string, args: readonly string[], env?: Record<string, string>) =>
  JSON.parse(
    await must(exec, process.execPath, ['-', ...args], {
      input: text,
      ...(env === undefined ? {} : { env }),
    }),
  ) as unknown;

/** Asks the Engine as rulesguard would, in the Engine's network namespace or where `exec` runs. */
export const ask = async (
  engine: Engine,
  exec: Exec = engine.exec,
  env: Record<string, string> = { DOCKER_HOST: engine.dockerHost },
): Promise<Said> => (await run(exec, ASK, [], env)) as Said;

/** Asks, and fails without an answer. */
export async function inventoryOf(engine: Engine): Promise<Inventory> {
  const { inventory, fault } = await ask(engine);
  if (inventory === undefined) throw new Error(`no answer: ${fault?.message ?? ''}`);
  return inventory;
}

const socketOf = ({ dockerHost }: Engine): string => dockerHost.slice('unix://'.length);

export const idleOf = async (engine: Engine): Promise<readonly string[]> =>
  (await run(engine.exec, WAIT, ['idle', socketOf(engine)])) as readonly string[];

export const awaitOn = (engine: Engine, ids: readonly string[]): Promise<unknown> =>
  run(engine.exec, WAIT, ['await', socketOf(engine), ...ids]);

/** What a published port is translated to, e.g. `tcp 8080 → 172.17.0.2:80`, of both families, sorted. */
export async function translations(engine: Engine): Promise<readonly string[]> {
  const saves = await Promise.all(
    ['iptables-save', 'ip6tables-save'].map((tool) => must(engine.execInside, tool, ['-t', 'nat'])),
  );
  return [
    ...saves.join('\n').matchAll(/^-A DOCKER .*-p (\w+) .*--dport (\d+) -j DNAT --to-destination (\S+)$/gm),
  ]
    .map(([, proto = '', port = '', to = '']) => `${proto} ${port} → ${to}`)
    .sort();
}

/** The same, from the inventory. */
export const called = ({ ports }: Inventory): readonly string[] =>
  ports
    .flatMap(({ proto, port, hostIp, hostPort, endpoint }) => {
      if (endpoint === undefined || hostPort === undefined) return [];
      const to = hostIp.includes(':') ? `[${endpoint.ipv6}]` : endpoint.ipv4;
      return [`${proto} ${String(hostPort)} → ${to}:${String(port)}`];
    })
    .sort();
