import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PRELUDE } from '../doctor/shell.ts';
import { createHost, type Host } from '../host.ts';
import { IMAGE, startEngine, type Engine } from '../lab/engine.ts';
import { ERAS, type Era } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { HOST } from '../lab/wire.ts';
import { ask, type Answers } from '../matrix/packets.ts';
import type { Pair } from '../matrix/pairs.ts';
import type { PrintedCell } from './cells.ts';
import { typistOf, type Typist } from '../lab/typist.ts';
import { answerAt, connectOutside } from './outside.ts';
import { WORDS } from './states/words.ts';

/** A Docker host with two uplinks, every kind of network, and agents that send any cell's packets. */
export interface ReachTown {
  readonly engine: Engine;
  readonly era: Era;
  readonly host: Host;
  /** Addresses of the host that somebody outside could answer. */
  readonly hosts: ReadonlySet<string>;
  /** By network: the host's addresses on it. */
  readonly gateways: ReadonlyMap<string, readonly string[]>;
  /** Runs a shell script on the engine's machine, with the words of test/support/doctor/shell.ts and `WORDS`. */
  sh(script: string): Promise<string>;
  /** Types a command as it is offered. */
  readonly type: Typist;
  /** Sends packets, all at once; waits longer for those in `due`. */
  measure(pairs: readonly Pair[], due: ReadonlySet<string>, isPatient?: boolean): Promise<Answers>;
  /** Puts rules, links, addresses, routes and settings back. @returns what is not as it was */
  back(): Promise<string>;
  leave(): Promise<void>;
}

const BRIDGE_NAME = 'com.docker.network.bridge.name';
const ICC = 'com.docker.network.bridge.enable_icc';
const FOLDER = '/lab/agents';

const NETWORKS: readonly (readonly string[])[] = [
  ['--subnet', '172.28.1.0/24', '-o', `${BRIDGE_NAME}=front0`, 'front'],
  ['--subnet', '172.28.2.0/24', '--ipv6', '--subnet', 'fd00:6::/64', '-o', `${BRIDGE_NAME}=back0`, 'back'],
  ['--subnet', '172.28.3.0/24', '-o', `${BRIDGE_NAME}=closed0`, '-o', `${ICC}=false`, 'closed'],
  ['--subnet', '172.28.4.0/24', '-o', `${BRIDGE_NAME}=inside0`, '--internal', 'inside'],
];

/** Name, network, address, and what is published. The default bridge gives its addresses in the order of starting. */
const CONTAINERS: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['web', 'bridge', '', ['8080:80', '5353:5353/udp']],
  ['mate', 'bridge', '', []],
  ['shop', 'front', '172.28.1.11', ['8081:80', `${HOST.second}:9443:80`]],
  ['desk', 'front', '172.28.1.12', []],
  ['api', 'back', '172.28.2.11', ['9000:80', '127.0.0.1:9001:81', '5454:5353/udp']],
  ['twin', 'back', '172.28.2.12', []],
  ['hermit', 'closed', '172.28.3.11', ['8082:80']],
  ['monk', 'closed', '172.28.3.12', []],
  ['vault', 'inside', '172.28.4.11', []],
];

const SERVED = ['80/tcp', '81/tcp', '82/tcp', '5353/udp', '5354/udp'];

async function start({ docker }: Engine, [name, network, address, ports]: (typeof CONTAINERS)[number]) {
  const where = ['--network', network, ...(address === '' ? [] : ['--ip', address])];
  const published = ports.flatMap((port) => ['-p', port]);
  const program = ['-v', `${FOLDER}:/agents`, '--entrypoint', 'perl', IMAGE, '/agents/agent.pl', 'serve'];
  await docker(['run', '-d', '--name', name, ...where, ...published, ...program, '/agents', name, ...SERVED]);
}

/**
 * Has everybody look for neighbours of IPv6 anew: an address that was found before a change would still be answered for a while. Containers
 * of a stopped daemon live on, so they are found by their processes.
 */
async function forgetNeighbours({ execInside, client }: Engine): Promise<void> {
  const forget = 'ip -6 neigh flush all';
  const containers = `for pid in $(lsns --noheadings --type net --output PID); do nsenter -t "$pid" -n ${forget}; done`;
  await Promise.all([
    must(execInside, 'sh', ['-ec', containers]),
    must(client.execInside, 'sh', ['-ec', forget]),
  ]);
}

/** In seconds: for what is not expected to be answered, and for what is; the second pair where packets refute the program. */
const PATIENCE = {
  usual: { unexpected: 0.5, expected: 4 },
  patient: { unexpected: 2.5, expected: 8 },
} as const;

/** The program's table, as `reach --json --all` prints it. */
export async function tableOf({ host }: Pick<ReachTown, 'host'>): Promise<readonly PrintedCell[]> {
  const outcome = await host.attempt(['reach', '--json', '--all']);
  if (outcome.code === 2 || outcome.stdout === '')
    throw new Error(`reach: exit ${String(outcome.code)}: ${outcome.stderr}`);
  // Programs' output comes byte by byte.
  const text = Buffer.from(outcome.stdout, 'latin1').toString();
  return (JSON.parse(text) as { readonly cells: readonly PrintedCell[] }).cells;
}

async function gatewaysOf({ execInside }: Engine): Promise<ReachTown['gateways']> {
  const names = new Map([
    ['docker0', 'bridge'],
    ...NETWORKS.map((words): readonly [string, string] => {
      const bridge = words.find((word) => word.startsWith(BRIDGE_NAME))?.split('=')[1] ?? '';
      return [bridge, words.at(-1) ?? ''];
    }),
  ]);
  const told = await must(execInside, 'ip', ['-o', 'addr']);
  const found = new Map<string, string[]>();
  for (const line of told.split('\n')) {
    const [, device = '', address = ''] = /^\d+: (\S+) +inet6? ([^/\s]+)/.exec(line) ?? [];
    const network = names.get(device);
    if (network !== undefined) found.set(network, [...(found.get(network) ?? []), address]);
  }
  return found;
}

/**
 * Brings up an Engine with nine containers on five networks, two uplinks and somebody outside. Containers live on without their
 * daemon. All is well, and a baseline is recorded. Ends with `leave`.
 */
export async function raiseReachTown(era: Era): Promise<ReachTown> {
  const engine = await startEngine({ era, daemonArgs: [...ERAS[era].ipv6Args, '--live-restore'] });
  const host = createHost(engine);
  const leave = async () => {
    host.dispose();
    await engine.stop();
  };
  try {
    await connectOutside(engine);
    for (const network of NETWORKS) await engine.docker(['network', 'create', ...network]);
    // In turn: the Engine gives addresses away in the order it is asked.
    for (const container of CONTAINERS) await start(engine, container);
    // As a container that may administer its network can add one: else its packets end in itself, whatever rules there are.
    await must(engine.execInside, 'sh', [
      '-ec',
      `${PRELUDE}\ninside vault ip route replace default via 172.28.4.1`,
    ]);
    const script = readFileSync(path.join(import.meta.dirname, 'inside/network.pl'), 'latin1');
    await must(engine.execInside, 'sh', ['-c', 'cat >/lab/network.pl'], { input: script });
    const cells = await tableOf({ host });
    const asked = cells.filter(({ container }) => container === null).map(({ address }) => address);
    await answerAt(engine, FOLDER, [...new Set(asked)]);
    await host.run(['snapshot']);
    await must(engine.execInside, 'perl', ['/lab/network.pl', 'note', '/lab/noted']);
    const own = await must(engine.execInside, 'sh', ['-c', 'ip -o addr show eth0; ip -o addr show eth1']);
    return {
      engine,
      era,
      host,
      hosts: new Set([...own.matchAll(/inet6? ([^/\s]+)/g)].map(([, address = '']) => address)),
      gateways: await gatewaysOf(engine),
      sh: (text) => must(engine.execInside, 'sh', ['-ec', `${PRELUDE}\n${WORDS}\n${text}`]),
      type: typistOf(engine, host),
      measure: async (pairs, due, isPatient = false) => {
        await forgetNeighbours(engine);
        return ask(
          engine,
          pairs,
          new Map(pairs.map(({ name }) => [name, due.has(name) ? 'due' : 'silence'])),
          isPatient ? PATIENCE.patient : PATIENCE.usual,
        );
      },
      back: () => must(engine.execInside, 'perl', ['/lab/network.pl', 'back', '/lab/noted']),
      leave,
    };
  } catch (error) {
    await leave();
    throw error;
  }
}
