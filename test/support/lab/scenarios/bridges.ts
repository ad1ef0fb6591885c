import { container, network, option, publish, six, traffic } from '../build.ts';
import type { Engine } from '../engine.ts';
import { ERAS, type Era } from '../eras.ts';
import { HOST } from '../wire.ts';

const hostAddress = (family: 'ipv4' | 'ipv6', address: string) => [
  '-o',
  `com.docker.network.host_${family}=${address}`,
];

const NO_ICC = option('enable_icc', 'false');
const NO_MASQUERADE = option('enable_ip_masquerade', 'false');

/** Name, arguments of `docker network create`, and the host port of its container; without one there is no container. */
const NETWORKS: readonly (readonly [name: string, args: readonly string[], hostPort?: number])[] = [
  ['app', [], 9000],
  ['empty', []],
  ['closed', NO_ICC, 8081],
  ['named', option('name', 'custom0'), 8082],
  ['six', six('fd00:6::/64'), 8083],
  ['closed6', [...NO_ICC, ...six('fd00:7::/64')], 8084],
  ['bare', NO_MASQUERADE, 8085],
  ['bare6', [...NO_MASQUERADE, ...six('fd00:8::/64')], 8086],
  ['fixed', hostAddress('ipv4', HOST.second), 8087],
  ['inside', ['--internal'], 8089],
  ['inside6', ['--internal', ...six('fd00:a::/64')], 8090],
  ['cell', ['--internal', ...NO_ICC], 8091],
  ['cell6', ['--internal', ...NO_ICC, ...six('fd00:b::/64')]],
  ['placed', ['--subnet', '10.10.0.0/24', '--gateway', '10.10.0.254', '--ip-range', '10.10.0.128/25'], 8092],
  // As a person may type it: the Engine keeps this spelling, iptables does not.
  ['spelled', six('FD00:AB:0:0::/64'), 8093],
  ['inhibited', option('inhibit_ipv4', 'true')],
];

/** 20.10 does not know `host_ipv6`, and fails with `host_ipv4` on a network with IPv6. */
const FIXED_IPV6: typeof NETWORKS = [
  ['fixed6', [...hostAddress('ipv6', HOST.ipv6), ...six('fd00:9::/64')], 8088],
  [
    'fixed46',
    [...hostAddress('ipv4', HOST.second), ...hostAddress('ipv6', HOST.ipv6), ...six('fd00:e::/64')],
    8095,
  ],
];

/** Networks that only 28 and newer can create. */
const ONLY_IPV6: typeof NETWORKS = [['only6', ['--ipv4=false', ...six('fd00:c::/64')], 8094]];

function networksOf(era: Era): typeof NETWORKS {
  if (era === '20.10') return NETWORKS;
  return [...NETWORKS, ...FIXED_IPV6, ...(ERAS[era].modern ? ONLY_IPV6 : [])];
}

/** Containers that more than one network reaches. The translations of a port lead to one of them. */
async function several(engine: Engine): Promise<void> {
  const connect = (on: string, name: string, args: readonly string[] = []) =>
    engine.docker(['network', 'connect', ...args, on, name]);
  for (const name of ['alpha', 'middle', 'zulu']) await network(engine, name);
  await publish(engine, 'moved', 'zulu', ['8101:80']);
  await connect('alpha', 'moved');
  await publish(engine, 'stayed', 'alpha', ['8102:80']);
  await connect('zulu', 'stayed');
  await publish(engine, 'three', 'zulu', ['8103:80', '8104:5353/udp']);
  await connect('six', 'three');
  await connect('middle', 'three');
  await publish(engine, 'halfway', 'inside', ['8105:80']);
  await connect('zulu', 'halfway');
  await publish(engine, 'left', 'alpha', ['8106:80']);
  await connect('zulu', 'left');
  await engine.docker(['network', 'disconnect', 'alpha', 'left']);
  if (!ERAS[engine.era].modern) return;
  // Each family has another gateway.
  await publish(engine, 'split', 'only6', ['8107:80']);
  await connect('zulu', 'split');
  await publish(engine, 'preferring', 'alpha', ['8108:80']);
  await connect('zulu', 'preferring', ['--gw-priority', '1']);
}

/** Containers that need no rule, or none of their own. */
async function quiet(engine: Engine): Promise<void> {
  await container(engine, 'peer', ['--network', 'app']);
  await container(engine, 'neighbour', ['--network', 'closed', '--network-alias', 'n']);
  await container(engine, 'naked', ['--network', 'host'], ['8120/tcp']);
  await container(engine, 'mute', ['--network', 'none']);
  await container(engine, 'lodger', ['--network', 'container:web'], ['81/tcp']);
  await publish(engine, 'stopped', 'app', ['8121:80']);
  await engine.docker(['stop', '-t', '1', 'stopped']);
  await publish(engine, 'paused', 'app', ['8122:80']);
  await engine.docker(['pause', 'paused']);
  await engine.docker(['create', '--name', 'created', '--network', 'app', '-p', '8123:80', 'lab']);
  await network(engine, 'vlan', ['--driver', 'macvlan', '--subnet', '10.99.0.0/24', '-o', 'parent=eth0']);
  await container(engine, 'vlanned', ['--network', 'vlan']);
}

/** Every kind of bridge network, and every way a container can be attached. */
export async function bridges(engine: Engine): Promise<void> {
  await publish(engine, 'web', 'bridge', ['8080:80', '5353:5353/udp']);
  for (const [name, args, hostPort] of networksOf(engine.era)) {
    await network(engine, name, args);
    if (hostPort !== undefined)
      await publish(engine, `on-${name}`, name, [`${String(hostPort)}:80`, `${String(hostPort)}:5353/udp`]);
  }
  await several(engine);
  await quiet(engine);
  await traffic(engine);
}

/** As `bridges`, after the Engine was replaced under its running containers. Needs `--live-restore`. */
export async function restarted(engine: Engine): Promise<void> {
  await bridges(engine);
  await engine.daemon.stop();
  await engine.daemon.start();
}

/** A default bridge that its administrator has changed. */
export async function tuned(engine: Engine): Promise<void> {
  await publish(engine, 'web', 'bridge', ['8080:80', '0.0.0.0:5353:5353/udp', '127.0.0.1:8081:80']);
  await network(engine, 'app', six('fd00:6::/64'));
  await publish(engine, 'api', 'app', ['9000:80', '[::]:9001:80']);
}

/** How dockerd is started for `tuned`. */
export const TUNED = [
  ...['--ipv6', '--fixed-cidr-v6', 'fd00:d::/64', '--ip', HOST.second],
  ...['--bip', '10.9.0.1/24', '--fixed-cidr', '10.9.0.128/25'],
];

/** Links of the default bridge, whose containers cannot reach each other otherwise. Needs `--icc=false`. */
export async function links(engine: Engine): Promise<void> {
  const expose = (ports: readonly string[]) => ports.flatMap((port) => ['--expose', port]);
  await container(engine, 'db', [...expose(['80', '5353/udp']), '-p', '8080:80']);
  await container(engine, 'cache', expose(['6379']));
  await container(engine, 'dumb', []);
  await container(engine, 'web', [
    ...['--link', 'db:database', '--link', 'cache', '--link', 'dumb', '--expose', '443', '-p', '8081:443'],
  ]);
  await container(engine, 'second', ['--link', 'db', '--link', 'web:front']);
  await container(engine, 'alone', ['-p', '8082:80']);
  await network(engine, 'app');
  await publish(engine, 'api', 'app', ['9000:80']);
}
