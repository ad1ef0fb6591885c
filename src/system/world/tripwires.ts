import { mkdir, readFile, stat, unlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';

/** Sockets that firewall tools ask a host daemon through, in the places where distributions have them. */
const USUAL = [
  '/run/dbus/system_bus_socket',
  '/run/systemd/private',
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/crio/crio.sock',
  '/run/lxd.socket',
];
const MOST = 64;
/** `__SO_ACCEPTCON`: the flag of a listening socket in /proc/net/unix. */
const LISTENING = '00010000';

/** Sockets of the host's daemons, laid out in a world: who reaches for one there is heard and turned away. */
export interface Tripwires {
  /** The sockets that were reached for, each once. */
  readonly touched: () => readonly string[];
  readonly remove: () => void;
}

/**
 * Lays tripwires where the host's daemons listen. A daemon outside cannot be asked to act inside, so a command that asks
 * one cannot be rehearsed; connecting through the world's file layer would merely be refused (measured, kernel 6.18).
 *
 * @param root - the world's root folder, as a path of ours
 */
export async function layTripwires(root: string): Promise<Tripwires> {
  const touched = new Set<string>();
  const servers: Server[] = [];
  if (await isThere('/run/systemd/system')) await mkdir(`${root}/run/systemd/system`, { recursive: true });
  await Promise.all(
    (await hostSockets()).map(async (path) => {
      await mkdir(dirname(`${root}${path}`), { recursive: true }).catch(() => undefined);
      // What the layer shows there is the host's own socket file.
      await unlink(`${root}${path}`).catch(() => undefined);
      const server = createServer((connection) => {
        touched.add(path);
        connection.destroy();
      });
      servers.push(server);
      await new Promise<void>((resolve) => {
        server.once('error', () => {
          resolve();
        });
        server.listen(`${root}${path}`, resolve);
      });
    }),
  );
  return {
    touched: () => [...touched].sort(),
    remove: () => {
      for (const server of servers) server.close();
    },
  };
}

async function hostSockets(): Promise<readonly string[]> {
  const told = /^unix:\/\/(\/.+)/.exec(process.env['DOCKER_HOST'] ?? '')?.[1];
  const usual = await Promise.all(
    [...USUAL, ...(told === undefined ? [] : [told])].map(async (path) =>
      (await isSocket(path)) ? [path] : [],
    ),
  );
  const listening = (await readFile('/proc/self/net/unix', 'latin1').catch(() => ''))
    .split('\n')
    .flatMap((line) => {
      const [, , , flags, , , , path = ''] = line.split(/\s+/);
      return flags === LISTENING && path.startsWith('/') ? [path.replace(/^\/var\/run\//, '/run/')] : [];
    });
  return [...new Set([...usual.flat(), ...listening])].slice(0, MOST);
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isSocket = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isSocket(),
    () => false,
  );
