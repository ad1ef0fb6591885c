import { IMAGE, type Engine, type EngineOptions } from './engine.ts';
import { ERAS, type Era } from './eras.ts';
import { httpProbe, outboundProbe, udpProbe } from './probe.ts';
import { HOST } from './wire.ts';

/** Something to build on an Engine, and how that Engine has to be started for it. */
export interface Scenario {
  readonly options: Omit<EngineOptions, 'era'>;
  build(engine: Engine): Promise<void>;
}

/** Creates a bridge network; `args` as `docker network create` takes them. */
async function network(engine: Engine, name: string, args: readonly string[] = []): Promise<void> {
  await engine.docker(['network', 'create', ...args, name]);
}

/** Starts a container of the lab's image that listens on every `PORT/protocol` of `ports`. */
async function container(
  engine: Engine,
  name: string,
  args: readonly string[],
  ports: readonly string[] = ['80/tcp', '5353/udp'],
): Promise<void> {
  await engine.docker(['run', '-d', '--name', name, ...args, IMAGE, ...ports]);
}

/** Some traffic, so that the counters of a recording are not all zero. */
async function traffic(engine: Engine): Promise<void> {
  await httpProbe(engine, HOST.ipv4, 8080);
  await udpProbe(engine, HOST.ipv4, 5353);
  await outboundProbe(engine, 'web');
}

const option = (name: string, value: string) => ['-o', `com.docker.network.bridge.${name}=${value}`];

/** The smallest real host: one container on the default bridge, a tcp and a udp port. */
async function plain(engine: Engine): Promise<void> {
  await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
  await traffic(engine);
}

/** Every kind of bridge network and of published port that all three releases know. */
async function rich(engine: Engine): Promise<void> {
  await container(engine, 'web', ['-p', '8080:80']);
  await network(engine, 'app');
  await container(
    engine,
    'api',
    ['--network', 'app', '-p', '9000:80', '-p', '5353:5353/udp', '-p', '127.0.0.1:9001:9001'],
    ['80/tcp', '5353/udp', '9001/tcp'],
  );
  await container(
    engine,
    'files',
    ['--network', 'app', '-p', `${HOST.second}:9443:443`, '-p', '7000-7002:7000-7002'],
    ['443/tcp', '7000/tcp', '7001/tcp', '7002/tcp'],
  );
  await network(engine, 'closed', option('enable_icc', 'false'));
  await container(engine, 'hermit', ['--network', 'closed', '-p', '8081:80']);
  await network(engine, 'inside', ['--internal']);
  await container(engine, 'vault', ['--network', 'inside']);
  await network(engine, 'named', option('name', 'custom0'));
  await container(engine, 'tailor', ['--network', 'named', '-p', '8082:80']);
  await network(engine, 'six', ['--ipv6', '--subnet', 'fd00:6::/64']);
  await container(engine, 'sextus', ['--network', 'six', '-p', '8083:80', '-p', '5354:5353/udp']);
  await network(engine, 'bare', option('enable_ip_masquerade', 'false'));
  await container(engine, 'plainer', ['--network', 'bare', '-p', '8084:80']);
  await network(engine, 'fixed', ['-o', `com.docker.network.host_ipv4=${HOST.second}`]);
  await container(engine, 'settler', ['--network', 'fixed', '-p', '8085:80']);
  await traffic(engine);
}

/** What 28 added: gateway modes and interfaces that may reach containers directly. */
async function modes(engine: Engine): Promise<void> {
  await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
  await network(engine, 'routed', option('gateway_mode_ipv4', 'routed'));
  await container(engine, 'open', ['--network', 'routed', '-p', '80']);
  await network(engine, 'unprotected', option('gateway_mode_ipv4', 'nat-unprotected'));
  await container(engine, 'bold', ['--network', 'unprotected', '-p', '8086:80']);
  await network(engine, 'trusting', option('trusted_host_interfaces', 'eth0'));
  await container(engine, 'friend', ['--network', 'trusting', '-p', '8087:80']);
  await network(engine, 'isolated', ['--internal', ...option('gateway_mode_ipv4', 'isolated')]);
  await container(engine, 'monk', ['--network', 'isolated']);
  await traffic(engine);
}

/** A node of a swarm with an attachable overlay network: docker_gwbridge with an endpoint of its own. */
async function swarm(engine: Engine): Promise<void> {
  await engine.docker(['swarm', 'init', '--advertise-addr', HOST.ipv4]);
  await plain(engine);
  await network(engine, 'wide', ['--driver', 'overlay', '--attachable']);
  await container(engine, 'drone', ['--network', 'wide']);
}

/** The scenarios an era is recorded with; the name is the suffix of the recording's directory, empty for the main one. */
export function scenariosOf(era: Era): ReadonlyMap<string, Scenario> {
  const daemonArgs = ERAS[era].ipv6Args;
  const common: [string, Scenario][] = [
    ['', { options: { daemonArgs }, build: rich }],
    ['plain', { options: {}, build: plain }],
    ['noproxy', { options: { daemonArgs: [...daemonArgs, '--userland-proxy=false'] }, build: rich }],
    ['swarm', { options: {}, build: swarm }],
    ['legacy', { options: { daemonArgs, backend: 'legacy' }, build: rich }],
  ];
  return new Map(era === '28.5' ? [...common, ['modes', { options: {}, build: modes }]] : common);
}
