import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { must } from './run.ts';
import type { World } from './world.ts';

/** The Engine of a world, which is a small machine (world.ts). */
export interface Dockerd {
  /** Socket of the API as the host sees it. */
  readonly socket: string;
  /** GET of an API path (`/networks`), parsed. Throws unless the status is 200. */
  get(apiPath: string): Promise<unknown>;
  /** Starts it and waits until the API answers. `args` come on top of those of `createDockerd`, this time only. */
  start(args?: readonly string[]): Promise<void>;
  /** Ends it as an init system would and waits until it is gone. */
  stop(): Promise<void>;
  /** Its log since the world was started. */
  log(): string;
}

const PID_FILE = '/run/docker.pid';

function getJson(socketPath: string, apiPath: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: apiPath, timeout: 30_000, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(JSON.parse(body));
        else reject(new Error(`GET ${apiPath}: ${String(response.statusCode)}: ${body}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`GET ${apiPath}: no answer`)));
    request.on('error', reject);
  });
}

/** Prepares the Engine of `world`; nothing runs before `start`. */
export function createDockerd(world: World, baseArgs: readonly string[]): Dockerd {
  const socket = path.join(world.shared, 'docker.sock');
  const logFile = path.join(world.shared, 'dockerd.log');
  const log = () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  // Each world has its own cgroup parent on the host, so that its groups can be found and removed.
  const fixedArgs = ['--storage-driver', 'vfs', '--cgroup-parent', `/${world.name}`];
  const hosts = ['-H', 'unix:///var/run/docker.sock', '-H', 'unix:///lab/docker.sock'];

  return {
    socket,
    log,
    get: (apiPath) => getJson(socket, apiPath),
    async start(args = []) {
      appendFileSync(logFile, '');
      const detached = 'setsid dockerd "$@" >>/lab/dockerd.log 2>&1 & echo $!';
      const all = [...fixedArgs, ...hosts, ...baseArgs, ...args];
      const pid = await must(world.exec, 'sh', ['-c', detached, 'sh', ...all]);
      const deadline = Date.now() + 60_000;
      for (;;) {
        const answer = await getJson(socket, '/version').catch(() => undefined);
        if (answer !== undefined) return;
        const { code } = await world.exec('test', ['-d', `/proc/${pid}`]);
        if (code !== 0 || Date.now() > deadline)
          throw new Error(`dockerd did not come up:\n${log().slice(-3000)}`);
        await sleep(100);
      }
    },
    async stop() {
      const gone = `pid=$(cat ${PID_FILE}) && kill "$pid" && while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done`;
      await must(world.exec, 'sh', ['-c', gone]);
    },
  };
}
