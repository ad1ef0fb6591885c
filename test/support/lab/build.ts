import { IMAGE, type Engine, type EngineOptions } from './engine.ts';
import { httpProbe, outboundProbe, udpProbe } from './probe.ts';
import { HOST } from './wire.ts';

/** Something to build on an Engine, and how that Engine has to be started for it. */
export interface Scenario {
  readonly options: Omit<EngineOptions, 'era'>;
  readonly build: (engine: Engine) => Promise<void>;
}

/** Creates a network, a bridge unless `args` say otherwise; `args` as `docker network create` takes them. */
export async function network(engine: Engine, name: string, args: readonly string[] = []): Promise<void> {
  await engine.docker(['network', 'create', ...args, name]);
}

/** Starts a container of the lab's image that listens on every `PORT/protocol` of `ports`. */
export async function container(
  engine: Engine,
  name: string,
  args: readonly string[],
  ports: readonly string[] = ['80/tcp', '5353/udp'],
): Promise<void> {
  await engine.docker(['run', '-d', '--name', name, ...args, IMAGE, ...ports]);
}

/** As `container`, on a network and with these ports published, each as `-p` takes it. */
export async function publish(
  engine: Engine,
  name: string,
  on: string,
  ports: readonly string[],
): Promise<void> {
  await container(engine, name, ['--network', on, ...ports.flatMap((port) => ['-p', port])]);
}

/** The arguments of `docker network create` for an option of the bridge driver. */
export const option = (name: string, value: string): readonly string[] => [
  '-o',
  `com.docker.network.bridge.${name}=${value}`,
];

/** The arguments of `docker network create` for an IPv6 subnet. 20.10 and 26.1 choose none by themselves. */
export const six = (subnet: string): readonly string[] => ['--ipv6', '--subnet', subnet];

/** Some traffic, so that the counters of a recording are not all zero. Wants `web` on 8080/tcp and 5353/udp. */
export async function traffic(engine: Engine): Promise<void> {
  await httpProbe(engine, HOST.ipv4, 8080);
  await udpProbe(engine, HOST.ipv4, 5353);
  await outboundProbe(engine, 'web');
}
