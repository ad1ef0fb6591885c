import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IMAGE, type Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';

/** A second Engine beside another, in the same network namespace: all of Docker's chains are common to both. */
export interface SecondEngine {
  /** As `Engine.docker`. */
  readonly docker: (args: readonly string[]) => Promise<string>;
  stop(): Promise<void>;
}

const SOCKET = '/lab/second.sock';
const ENV = { DOCKER_HOST: `unix://${SOCKET}` };

/** Starts it with folders, a socket and addresses of its own, and no default bridge. Ends with the first one's world. */
export async function startSecond(engine: Engine): Promise<SecondEngine> {
  const world = path.basename(path.dirname(path.dirname(engine.dockerHost.slice('unix://'.length))));
  const words = [
    ...['--storage-driver', 'vfs', '--cgroup-parent', `/${world}`, '-H', `unix://${SOCKET}`],
    ...['--data-root', '/var/lib/docker-second', '--exec-root', '/run/docker-second'],
    ...['--pidfile', '/run/docker-second.pid', '--bridge', 'none'],
    ...['--default-address-pool', 'base=10.77.0.0/16,size=24'],
  ];
  const start = 'setsid dockerd "$@" >>/lab/second.log 2>&1 & echo $!';
  const pid = await must(engine.execInside, 'sh', ['-c', start, 'sh', ...words]);
  const docker: SecondEngine['docker'] = (args) => must(engine.execInside, 'docker', args, { env: ENV });
  for (let tries = 0; (await engine.execInside('docker', ['version'], { env: ENV })).code !== 0; tries++) {
    if (tries > 200)
      throw new Error(`no second dockerd:\n${await must(engine.execInside, 'tail', ['/lab/second.log'])}`);
    await sleep(200);
  }
  await must(engine.execInside, '/lab/build-image.sh', [IMAGE], { env: ENV });
  return {
    docker,
    async stop() {
      await must(engine.execInside, 'sh', [
        '-c',
        'kill "$0"; while kill -0 "$0" 2>/dev/null; do sleep 0.05; done',
        pid,
      ]);
    },
  };
}
