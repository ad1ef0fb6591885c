import { container, network, option, six, traffic, type Scenario } from '../build.ts';
import type { Engine } from '../engine.ts';
import { ERAS, type Era } from '../eras.ts';
import { TUNED, bridges, links, restarted, tuned } from './bridges.ts';
import { gateways, modes } from './modes.ts';
import { ports } from './ports.ts';
import { mesh, plain, swarm } from './swarm.ts';
import { HOST } from '../wire.ts';

/** Every kind of bridge network and of published port that all releases know. */
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
  await network(engine, 'six', six('fd00:6::/64'));
  await container(engine, 'sextus', ['--network', 'six', '-p', '8083:80', '-p', '5354:5353/udp']);
  await network(engine, 'bare', option('enable_ip_masquerade', 'false'));
  await container(engine, 'plainer', ['--network', 'bare', '-p', '8084:80']);
  await network(engine, 'fixed', ['-o', `com.docker.network.host_ipv4=${HOST.second}`]);
  await container(engine, 'settler', ['--network', 'fixed', '-p', '8085:80']);
  await traffic(engine);
}

/** The scenarios an era is recorded with; the name is the suffix of the recording's directory, empty for the main one. */
export function scenariosOf(era: Era): ReadonlyMap<string, Scenario> {
  const { ipv6Args } = ERAS[era];
  const options = { daemonArgs: ipv6Args };
  const withArgs = (...args: readonly string[]) => ({ daemonArgs: [...ipv6Args, ...args] });
  const noproxy = withArgs('--userland-proxy=false');
  const common: [string, Scenario][] = [
    ['', { options, build: rich }],
    ['plain', { options: {}, build: plain }],
    ['noproxy', { options: noproxy, build: rich }],
    ['swarm', { options: {}, build: swarm }],
    ['legacy', { options: { ...options, variant: 'legacy' }, build: rich }],
    ['ports', { options, build: ports }],
    ['noproxy-ports', { options: noproxy, build: ports }],
    ['bridges', { options, build: bridges }],
    ['noproxy-bridges', { options: noproxy, build: bridges }],
    // By default 20.10 and 26.1 write no IPv6 rules.
    ['ipv4', { options: { daemonArgs: ERAS[era].noIpv6Args }, build: bridges }],
    ['tuned', { options: withArgs(...TUNED), build: tuned }],
    ['links', { options: withArgs('--icc=false'), build: links }],
    ['mesh', { options, build: mesh() }],
    ['noproxy-mesh', { options: noproxy, build: mesh(['--data-path-port', '5789']) }],
    ['restarted', { options: withArgs('--live-restore'), build: restarted }],
  ];
  if (!ERAS[era].modern) return new Map(common);
  return new Map([
    ...common,
    ['modes', { options: {}, build: modes }],
    ['gateways', { options, build: gateways }],
    ['noproxy-gateways', { options: noproxy, build: gateways }],
    ['direct', { options: withArgs('--allow-direct-routing'), build: gateways }],
  ]);
}
