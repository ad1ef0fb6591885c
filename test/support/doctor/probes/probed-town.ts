import { DEFAULT_SETTINGS } from '../../recorded/inventories.ts';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Check, NamedPath } from '../../../../src/doctor/diagnosis.ts';
import type { DockerProxy } from '../../../../src/doctor/facts/facts.ts';
import type { Endpoint, LiveNetwork, PublishedPort } from '../../../../src/docker/inventory/inventory.ts';
import { container, network, publish } from '../../lab/build.ts';
import type { Engine } from '../../lab/engine.ts';
import { LAB_ENV, must } from '../../lab/run.ts';
import { processes } from '../remains.ts';
import type { ProbeRequest } from './run-probe.ts';

const SCRIPT = path.resolve(import.meta.dirname, 'run-probe.ts');
const TSX = path.resolve(import.meta.dirname, '../../../../node_modules/tsx/dist/loader.mjs');

/** Listens on 127.0.0.1:80 alone. */
const LONELY = `use Socket; socket(S, AF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(S, pack_sockaddr_in(80, INADDR_LOOPBACK)) or die; listen(S, 9); sleep 3600`;

/** A container, as the tests need it. */
export interface Inhabitant {
  readonly name: string;
  readonly network: string;
  readonly ipv4: string;
  readonly gateway: string;
  readonly bridge: string;
  readonly netns: string;
  readonly id: string;
}

/** `web` publishes 8080/tcp and 5353/udp, `db` is beside it, `far` on another network, `shut` listens on loopback alone. */
export interface ProbedTown extends Readonly<Record<string, Inhabitant>> {
  readonly web: Inhabitant;
  readonly db: Inhabitant;
  readonly far: Inhabitant;
  readonly shut: Inhabitant;
}

/** Builds the containers and tells where each is. */
export async function buildTown(engine: Engine): Promise<ProbedTown> {
  await network(engine, 'back');
  await publish(engine, 'web', 'bridge', ['8080:80', '5353:5353/udp']);
  await container(engine, 'db', []);
  await container(engine, 'far', ['--network', 'back']);
  await engine.docker([
    ...['run', '-d', '--name', 'shut', '-p', '8081:80', '--entrypoint', 'perl', 'lab', '-e', LONELY],
  ]);
  const [web, db, far, shut] = await Promise.all([
    inhabitant(engine, 'web', 'bridge'),
    inhabitant(engine, 'db', 'bridge'),
    inhabitant(engine, 'far', 'back'),
    inhabitant(engine, 'shut', 'bridge'),
  ]);
  return { web, db, far, shut };
}

async function inhabitant(engine: Engine, name: string, on: string): Promise<Inhabitant> {
  const inspected = (await engine.api(`/containers/${name}/json`)) as {
    readonly Id: string;
    readonly NetworkSettings: {
      readonly Networks: Readonly<Record<string, { NetworkID: string; IPAddress: string; Gateway: string }>>;
    };
  };
  const place = inspected.NetworkSettings.Networks[on];
  if (place === undefined) throw new Error(`${name} is not on ${on}`);
  const [pid] = processes((folder) => readFileSync(`${folder}/cgroup`, 'utf8').includes(inspected.Id));
  if (pid === undefined) throw new Error(`${name} has no process`);
  return {
    name,
    network: on,
    ipv4: place.IPAddress,
    gateway: place.Gateway,
    bridge: on === 'bridge' ? 'docker0' : `br-${place.NetworkID.slice(0, 12)}`,
    netns: `/proc/${String(pid)}/ns/net`,
    id: inspected.Id,
  };
}

const NETWORK: LiveNetwork = {
  ...{
    id: '',
    name: '',
    driver: 'bridge',
    bridge: '',
    internal: false,
    subnets: [],
    gateways: [],
    ...DEFAULT_SETTINGS,
  },
  ...{ created: '', ipv4: true, ipv6: false, ingress: false },
};

/** What the probe found, and how long it took. */
export interface Probed {
  readonly checks: readonly Check[];
  readonly took: number;
}

/** The input of the program that probes. */
export function probeRequest(town: ProbedTown, paths: readonly NamedPath[]): string {
  const all = Object.values(town);
  const endpoint = (one: Inhabitant): Endpoint => ({
    bridge: one.bridge,
    network: one.network,
    container: one.name,
    containerId: one.id,
    ipv4: one.ipv4,
    ipv6: '',
  });
  const bound = (one: Inhabitant, proto: 'tcp' | 'udp', hostPort: number, port: number): PublishedPort => ({
    ...{ container: one.name, proto, port, hostIp: '0.0.0.0', hostPort },
    endpoint: endpoint(one),
  });
  const ports = [
    bound(town.web, 'tcp', 8080, 80),
    bound(town.web, 'udp', 5353, 5353),
    bound(town.shut, 'tcp', 8081, 80),
  ];
  const request: ProbeRequest = {
    facts: {
      engine: { answered: false, code: '', message: '', hint: undefined, details: [], log: undefined },
      drift: { unavailable: '' },
      owned: undefined,
      variant: 'nft',
      leftovers: [],
      networks: all.map(({ network: name, bridge }) => ({ ...NETWORK, name, bridge })),
      ports,
      conntrack: undefined,
      conntrackDrops: undefined,
      listeners: [],
      proxies: ports.map(({ proto, hostIp, hostPort = 0, port, endpoint: to }): DockerProxy => ({
        ...{ proto, hostIp, hostPort },
        ...{ containerIp: to?.ipv4 ?? '', containerPort: port },
      })),
      managers: [],
    },
    containers: all.map(({ netns, id, name, network: on, ipv4, gateway }) => ({
      ...{
        id,
        name,
        netns,
        state: 'running',
        status: 'Up',
        networkMode: on,
        requestedPorts: undefined,
        exposed: [],
      },
      attachments: [{ network: on, networkId: on, ipv4, ipv6: '', gateway, gateway6: '', mac: '' }],
    })),
    paths,
  };
  return JSON.stringify(request);
}

/** The environment of the program that probes: the suite's own iptables first. */
export const probeEnv = (engine: Engine) => ({ PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}` });

/** The command line that probes. */
export const PROBE = [process.execPath, '--import', TSX, SCRIPT] as const;

/**
 * Probes in the network namespace of the Engine.
 *
 * @param before - words to put before the program
 */
export async function probe(
  engine: Engine,
  town: ProbedTown,
  paths: readonly NamedPath[],
  before?: readonly [string, ...string[]],
): Promise<Probed> {
  const [file, ...args] = before === undefined ? PROBE : ([...before, ...PROBE] as const);
  const input = Buffer.from(probeRequest(town, paths)).toString('latin1');
  const output = await must(engine.exec, file, args, { env: probeEnv(engine), input });
  return JSON.parse(Buffer.from(output, 'latin1').toString()) as Probed;
}
