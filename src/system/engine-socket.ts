import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { engineAbsent, engineMany, enginePrivilege, engineRemote } from './engine-faults.ts';

const USUAL = '/var/run/docker.sock';
const UNIX = 'unix://';

/**
 * The socket of the Engine to ask: DOCKER_HOST; else /var/run/docker.sock; else the only other one there is, a rootless
 * Engine's or a second one's.
 *
 * @throws Fault RG_ENGINE_ABSENT, RG_ENGINE_REMOTE, RG_ENGINE_MANY, RG_ENGINE_PRIVILEGE
 */
export async function findSocket(): Promise<string> {
  // As for docker itself, an empty DOCKER_HOST is none.
  const told = process.env['DOCKER_HOST'] || undefined;
  if (told !== undefined) {
    if (!told.startsWith(`${UNIX}/`)) throw engineRemote(told);
    const socket = told.slice(UNIX.length);
    if (!(await exists(socket))) throw engineAbsent([`${socket}, where DOCKER_HOST says`]);
    return socket;
  }
  if (await exists(USUAL)) return USUAL;
  const others = await otherSockets();
  const [only] = others;
  if (only === undefined) throw engineAbsent([USUAL, ...PLACES.map(({ told }) => told)]);
  if (others.length > 1) throw engineMany(others);
  return only;
}

/** Where other Engines put their sockets: rootless ones, snap's, second ones. */
const PLACES: readonly { readonly told: string; readonly folders: string; readonly name: RegExp }[] = [
  { told: '/run/user/*/docker.sock', folders: '/run/user/*', name: /^docker\.sock$/ },
  { told: '/run/docker*.sock', folders: '/run', name: /^docker.*\.sock$/ },
  // metrics.sock is every Engine's own, and no API.
  { told: '/run/docker/*.sock', folders: '/run/docker', name: /^(?!metrics\.).*\.sock$/ },
];

async function otherSockets(): Promise<readonly string[]> {
  const found = await Promise.all(
    PLACES.map(async ({ folders, name }) => {
      const all = folders.endsWith('/*')
        ? (await list(folders.slice(0, -2))).map((entry) => join(folders.slice(0, -2), entry))
        : [folders];
      const files = await Promise.all(
        all.map(async (folder) =>
          (await list(folder)).filter((entry) => name.test(entry)).map((entry) => join(folder, entry)),
        ),
      );
      return files.flat();
    }),
  );
  const paths = found.flat().sort();
  const sockets = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (stats) => stats.isSocket(),
        () => false,
      ),
    ),
  );
  return paths.filter((_, i) => sockets[i]);
}

const list = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES' || code === 'EPERM') throw enginePrivilege(path, error);
    return false;
  }
}
