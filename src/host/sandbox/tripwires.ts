import { lstat, readFile, stat, unlink, type FileHandle } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { basename, dirname, normalize } from 'node:path';
import { entryOf, openInside } from './inside.ts';

/** Sockets through which firewall tools ask a host daemon, where distributions have them. */
const USUAL = [
  '/run/dbus/system_bus_socket',
  '/run/systemd/private',
  '/run/docker.sock',
  '/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
  '/run/crio/crio.sock',
  '/run/lxd.socket',
];
const MOST = 128;
/** Bytes that the name of a socket may have (sun_path), less those of the way to its folder. */
const LONGEST = 80;
/** `__SO_ACCEPTCON`: the flag of a listening socket in /proc/net/unix. */
const LISTENING = '00010000';
/** Folders that the sandbox made itself, and those in which any user may have created anything. */
const EMPTY = /^\/run\//;
const USERS = /^\/run\/user\/(?!0\/)/;

/** Sockets in a sandbox at the paths of the host's daemons: a connection to one is recorded and refused. */
export interface Tripwires {
  /** The sockets that were connected to, each once. */
  readonly touched: () => readonly string[];
  readonly remove: () => Promise<void>;
}

/**
 * Makes tripwires where the host's daemons listen. A daemon outside cannot act inside the sandbox, so a command that asks
 * one cannot be rehearsed; without a tripwire its connection would merely be refused and not noticed (measured, kernel 6.18).
 *
 * Any user can add to those paths (/proc/net/unix lists what each process has bound, under the name it chose). So no path is
 * resolved outside the sandbox, and a tripwire is made only where a socket is.
 *
 * @param root - the sandbox's root
 */
export async function layTripwires(root: FileHandle): Promise<Tripwires> {
  const touched = new Set<string>();
  const wires: { readonly server: Server; readonly folder: FileHandle }[] = [];
  for (const path of await hostSockets()) {
    const folder = await openInside(root, dirname(path), EMPTY.test(path)).catch(() => undefined);
    if (folder === undefined) continue;
    const server = await listen(folder, path, () => touched.add(path));
    // Kept open until the end: closing a server removes its socket through this folder.
    if (server === undefined) await folder.close();
    else wires.push({ server, folder });
  }
  return {
    touched: () => [...touched].sort(),
    remove: async () => {
      for (const { server } of wires) server.close();
      await Promise.all(wires.map(({ folder }) => folder.close()));
    },
  };
}

async function listen(folder: FileHandle, path: string, onConnect: () => void): Promise<Server | undefined> {
  const entry = entryOf(folder, basename(path));
  const there = await lstat(entry).catch(() => undefined);
  // The layer shows the host's own socket file there; anything but a socket is left alone.
  if (there?.isSocket() === true) await unlink(entry);
  else if (there !== undefined || !EMPTY.test(path)) return undefined;
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    onConnect();
    connection.destroy();
  });
  return new Promise((resolve) => {
    server.on('error', () => {
      resolve(undefined);
    });
    server.listen(entry, () => {
      resolve(server);
    });
  });
}

async function hostSockets(): Promise<readonly string[]> {
  const named = /^unix:\/\/(\/.+)/.exec(process.env['DOCKER_HOST'] ?? '')?.[1];
  const listening = (await readFile('/proc/self/net/unix', 'latin1').catch(() => ''))
    .split('\n')
    .flatMap((line) => {
      const [, , , flags, , , , path = ''] = line.split(/\s+/);
      return flags === LISTENING && path.startsWith('/') ? [path] : [];
    });
  const paths = [...USUAL, ...(named === undefined ? [] : [named]), ...listening]
    .map((path) => path.replace(/^\/var\/run\//, '/run/'))
    .filter((path) => path === normalize(path) && !USERS.test(path) && basename(path).length <= LONGEST);
  // Those in root's own folders first: a user may have bound any number.
  const unique = [...new Set(paths)].sort((a, b) => Number(EMPTY.test(b)) - Number(EMPTY.test(a)));
  const laid = await Promise.all(
    unique.slice(0, MOST).map(async (path) => (!EMPTY.test(path) || (await isSocket(path)) ? [path] : [])),
  );
  return laid.flat();
}

/** The status of a path in folders of root's: nothing on the way to it can block us. */
const isSocket = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isSocket(),
    () => false,
  );
