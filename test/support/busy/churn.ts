import { setTimeout as sleep } from 'node:timers/promises';
import { IMAGE, type Engine } from '../lab/engine.ts';
import { httpProbe } from '../lab/probe.ts';
import { CLIENT, HOST } from '../lab/wire.ts';
import type { Dice } from './dice.ts';

/** A container that keeps coming and going, always under its name and on its own host ports. */
interface Tenant {
  readonly name: string;
  readonly network: string;
  readonly ports: readonly string[];
}

/** The two user networks that stay; `back` has both families. */
export async function layNetworks({ docker }: Engine): Promise<void> {
  await docker(['network', 'create', 'front']);
  await docker(['network', 'create', '--ipv6', '--subnet', 'fd00:6::/64', 'back']);
}

const NETWORKS = ['bridge', 'front', 'back'] as const;

const TENANTS: readonly Tenant[] = Array.from({ length: 9 }, (_, i) => ({
  name: `tenant${String(i)}`,
  network: NETWORKS[i % 3] ?? 'bridge',
  ports: [
    `${String(8100 + i)}:80`,
    ...(i % 2 === 0 ? [`${String(8200 + i)}:5353/udp`] : []),
    ...(i % 4 === 1 ? [`127.0.0.1:${String(8300 + i)}:80`] : []),
  ],
}));

/** On the network that comes and goes itself. */
const GUEST: Tenant = { name: 'guest', network: 'side', ports: ['8190:80'] };

const run = ({ name, network, ports }: Tenant): readonly string[] => [
  ...['run', '-d', '--name', name, '--network', network],
  ...ports.flatMap((port) => ['-p', port]),
  IMAGE,
];

/** What became of the commands of a churn. */
export interface Bustle {
  done: number;
  /** What docker said where it could not do its part. */
  readonly refusals: string[];
}

interface Listed {
  readonly Names: readonly string[];
}

/**
 * Asks every running container of the churn from outside, on its published tcp port.
 * @returns the names of those that do not answer, or see another address than the client's own
 */
export async function unreachable(engine: Engine): Promise<readonly string[]> {
  const listed = (await engine.api('/containers/json')) as readonly Listed[];
  const running = new Set(listed.flatMap(({ Names }) => Names));
  const asked = TENANTS.filter(({ name }) => running.has(`/${name}`)).map(
    async ({ name, ports: [port = ''] }) => {
      const seen = await httpProbe(engine, HOST.ipv4, Number.parseInt(port, 10));
      return seen === CLIENT.ipv4 ? [] : [`${name}: ${seen ?? 'no answer'}`];
    },
  );
  return (await Promise.all(asked)).flat();
}

interface Inspected {
  readonly State: { readonly StartedAt: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly GlobalIPv6Address: string }>
    >;
  };
}

/**
 * Addresses of the containers that came up after a moment: what a damage took of one in the middle of its start, no restore
 * of before could miss, for the Engine did not list it yet.
 *
 * @param moment - in milliseconds since 1970
 */
export async function startedSince(engine: Engine, moment: number): Promise<readonly string[]> {
  const listed = (await engine.api('/containers/json')) as readonly { readonly Id: string }[];
  const inspected = (await Promise.all(
    listed.map(({ Id }) => engine.api(`/containers/${Id}/json`)),
  )) as readonly Inspected[];
  return inspected
    .filter(({ State }) => Date.parse(State.StartedAt) >= moment)
    .flatMap(({ NetworkSettings }) =>
      Object.values(NetworkSettings.Networks).flatMap((own) => [own.IPAddress, own.GlobalIPv6Address]),
    )
    .filter((address) => address !== '');
}

/**
 * Addresses of the containers that run. An endpoint whose start failed, for its rules could not be written, stays with dockerd, and has rules again
 * from its next start on: no container has its address.
 */
export async function runningAddresses(engine: Engine): Promise<readonly string[]> {
  return startedSince(engine, 0);
}

interface State {
  readonly Running: boolean;
}

async function stateOf(engine: Engine, name: string): Promise<'absent' | 'running' | 'idle'> {
  const told = await engine.api(`/containers/${name}/json`).catch(() => undefined);
  if (told === undefined) return 'absent';
  return (told as { readonly State: State }).State.Running ? 'running' : 'idle';
}

async function nextFor(engine: Engine, tenant: Tenant, dice: Dice): Promise<readonly string[]> {
  const { name } = tenant;
  switch (await stateOf(engine, name)) {
    case 'absent':
      return run(tenant);
    case 'running':
      return dice.pick([
        ['stop', '-t', '0', name],
        ['restart', '-t', '0', name],
        ['rm', '-f', name],
        ['kill', name],
      ]);
    case 'idle':
      return dice.oneIn(4) ? ['rm', '-f', name] : ['start', name];
  }
}

async function nextForSide(engine: Engine, dice: Dice): Promise<readonly string[]> {
  const exists = await engine.api('/networks/side').then(
    () => true,
    () => false,
  );
  if (!exists) return ['network', 'create', ...dice.pick([[], ['--internal'], ['-o', NO_ICC]]), 'side'];
  if ((await stateOf(engine, GUEST.name)) !== 'absent') return ['rm', '-f', GUEST.name];
  return dice.oneIn(2) ? run(GUEST) : ['network', 'rm', 'side'];
}

const NO_ICC = 'com.docker.network.bridge.enable_icc=false';

/** Has every container of the churn running, one after the other. */
export async function moveIn(engine: Engine): Promise<void> {
  for (const tenant of TENANTS) await engine.docker(run(tenant));
}

/**
 * Starts, stops, kills, restarts, removes and makes anew containers with published ports, and now and then a network,
 * two commands at a time, while `body` runs. What is under way when it ends is ended first.
 */
export async function amidChurn(
  engine: Engine,
  dice: Dice,
  bustle: Bustle,
  body: () => Promise<void>,
): Promise<void> {
  const state = { going: true };
  const busy = new Set<string>();
  const hand = async (): Promise<void> => {
    while (state.going) {
      const tenant = dice.pick([...TENANTS, GUEST].filter(({ name }) => !busy.has(name)));
      if (tenant === undefined) continue;
      busy.add(tenant.name);
      const words = await (tenant === GUEST ? nextForSide(engine, dice) : nextFor(engine, tenant, dice));
      await engine.docker(words).then(
        () => bustle.done++,
        (error: unknown) => bustle.refusals.push(error instanceof Error ? error.message : String(error)),
      );
      busy.delete(tenant.name);
      await sleep(dice.below(200));
    }
  };
  const hands = Promise.all([hand(), hand()]);
  hands.catch(() => undefined);
  try {
    await body();
  } finally {
    state.going = false;
    await hands;
  }
}
