import type { Answers } from '../../../src/docker/inventory/inventory.ts';
import type { Engine } from './engine.ts';

/** What answers as an Engine's API does. */
type Answering = Pick<Engine, 'api'>;

type Json = Readonly<Record<string, unknown>>;

/** As the documents of the lab spell this machine's kernel: a build's own suffix names who built it. */
const withoutBuild = (release: string): string => release.replace(/-.*$/, '');

/** Which of a container's settings decide rules; the rest is of no use, and long. */
const OF_HOST_CONFIG = ['NetworkMode', 'PortBindings', 'PublishAllPorts', 'Links'];

/** What names this machine rather than the Engine, or changes with it. */
const OF_MACHINE = [
  ...['Name', 'ID', 'DockerRootDir', 'RegistryConfig', 'HttpProxy', 'HttpsProxy', 'NoProxy'],
  ...[
    'NCPU',
    'MemTotal',
    'Labels',
    'CDISpecDirs',
    'SystemTime',
    'InitBinary',
    'Runtimes',
    'GenericResources',
  ],
];

const pick = (from: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));

const omit = (from: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)));

/** An answer without what names this machine at any depth. */
function plain(answer: Json): Json {
  return JSON.parse(
    JSON.stringify(answer, (name, value: unknown) => {
      if (name === 'KernelVersion' && typeof value === 'string') return withoutBuild(value);
      // A swarm's certificates: long, and of no swarm that still exists.
      return name === 'TLSInfo' ? undefined : value;
    }),
  ) as Json;
}

/** What is worth keeping of `GET /containers/{id}/json`. */
function plainInspect(inspect: Json): Json {
  return {
    ...pick(inspect, ['Id', 'Created', 'Name', 'State', 'NetworkSettings']),
    HostConfig: pick(inspect['HostConfig'] as Json, OF_HOST_CONFIG),
    Config: pick(inspect['Config'] as Json, ['ExposedPorts']),
  };
}

async function inspects(engine: Answering): Promise<readonly Json[]> {
  const all = (await engine.api('/containers/json?all=true')) as readonly { readonly Id: string }[];
  const inspections = await Promise.all(all.map(({ Id }) => engine.api(`/containers/${Id}/json`)));
  return inspections.map((inspect) => plainInspect(inspect as Json));
}

/**
 * Asks an Engine all that its inventory is made of, by the lab's own client, and takes out what names this machine.
 * `networks` is of `GET /networks/{id}`, which says all that the list does and the endpoints besides.
 */
export async function answersOf(engine: Answering): Promise<Answers> {
  const list = (await engine.api('/networks')) as readonly { readonly Id: string; readonly Name: string }[];
  const info = (await engine.api('/info')) as Json;
  const swarm = info['Swarm'] as { readonly LocalNodeState: string; readonly ControlAvailable: boolean };
  const isManager = swarm.LocalNodeState === 'active' && swarm.ControlAvailable;
  const gwbridge = list.find(({ Name }) => Name === 'docker_gwbridge');
  return {
    version: plain((await engine.api('/version')) as Json),
    info: plain(omit(info, OF_MACHINE)),
    networks: await Promise.all(list.map(({ Id }) => engine.api(`/networks/${Id}`))),
    containers: await engine.api('/containers/json'),
    inspects: await inspects(engine),
    ...(gwbridge === undefined ? {} : { gwbridge: await engine.api(`/networks/${gwbridge.Id}`) }),
    ...(isManager ? { services: await engine.api('/services') } : {}),
  };
}

/** An Engine's account of itself as a recording holds it: the answers, and what explains them to a reader. */
export async function account(engine: Answering, daemonArgs: readonly string[]): Promise<unknown> {
  return { daemonArgs, ...(await answersOf(engine)) };
}
