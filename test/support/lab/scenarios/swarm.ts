import { container, network, publish, six, traffic } from '../build.ts';
import { IMAGE, type Engine } from '../engine.ts';
import { HOST } from '../wire.ts';

/** The smallest real host: one container on the default bridge, a tcp and a udp port. */
export async function plain(engine: Engine): Promise<void> {
  await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
  await traffic(engine);
}

/** A node of a swarm with an attachable overlay network: docker_gwbridge with an endpoint of its own. */
export async function swarm(engine: Engine): Promise<void> {
  await engine.docker(['swarm', 'init', '--advertise-addr', HOST.ipv4]);
  await plain(engine);
  await network(engine, 'wide', ['--driver', 'overlay', '--attachable']);
  await container(engine, 'drone', ['--network', 'wide']);
}

/** A service of one task; `args` as `docker service create` takes them. Does not wait for the task. */
const service = (engine: Engine, name: string, args: readonly string[]) =>
  engine.docker([
    ...['service', 'create', '--detach', '--no-resolve-image', '--name', name, ...args, IMAGE],
    ...['80/tcp', '5353/udp'],
  ]);

/** Waits until the node runs the one task of each service. */
async function running(engine: Engine, names: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const up = await engine.docker(['ps', '--filter', 'label=com.docker.swarm.service.name', '-q']);
    if (up.split('\n').filter((id) => id !== '').length >= names.length) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not running: ${names.join(', ')}: ${await engine.docker(['service', 'ls'])}`);
}

/**
 * Containers and services on overlay networks, one of them encrypted; what they publish leads to docker_gwbridge.
 *
 * @param init - further arguments of `docker swarm init`
 */
export const mesh =
  (init: readonly string[] = []) =>
  async (engine: Engine): Promise<void> => {
    await engine.docker(['swarm', 'init', '--advertise-addr', HOST.ipv4, ...init]);
    await plain(engine);
    await network(engine, 'app', six('fd00:6::/64'));
    const overlay = ['--driver', 'overlay', '--attachable'];
    await network(engine, 'wide', overlay);
    await network(engine, 'secret', [...overlay, '--opt', 'encrypted']);
    await network(engine, 'unused', [...overlay, '--opt', 'encrypted']);
    await publish(engine, 'drone', 'wide', ['8081:80', '8081:5353/udp', '127.0.0.1:8082:80', '8083:80']);
    await publish(engine, 'agent', 'secret', ['8084:80']);
    await publish(engine, 'both', 'wide', ['8085:80']);
    await engine.docker(['network', 'connect', 'app', 'both']);
    await publish(engine, 'later', 'app', ['8086:80']);
    await engine.docker(['network', 'connect', 'wide', 'later']);
    await container(engine, 'shy', ['--network', 'wide']);
    await service(engine, 'hosted', ['--publish', 'mode=host,target=80,published=8087']);
    await service(engine, 'far', ['--network', 'secret', '--publish', 'mode=host,target=80,published=8088']);
    await running(engine, ['hosted', 'far']);
  };
