import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { engineAbsent, engineMany, enginePrivilege, engineRemote, engineUntrusted } from './faults.ts';
import { judgePath } from '../files/trusted-path.ts';

const USUAL = '/var/run/docker.sock';
const UNIX = 'unix://';

/**
 * The socket of the Engine to ask: the one DOCKER_HOST names, whoever owns it; else /var/run/docker.sock; else the only
 * other one there is of root's. Whoever may replace a socket decides which rules root writes, so unnamed ones count only where
 * root owns them and every folder and link on the way there.
 *
 * @throws Fault RG_ENGINE_ABSENT, RG_ENGINE_REMOTE, RG_ENGINE_MANY, RG_ENGINE_PRIVILEGE, RG_ENGINE_UNTRUSTED
 */
export async function findSocket(): Promise<string> {
  // As for docker itself, an empty DOCKER_HOST is none.
  const named = process.env['DOCKER_HOST'] || undefined;
  if (named !== undefined) {
    if (!named.startsWith(`${UNIX}/`)) throw engineRemote(named);
    const socket = named.slice(UNIX.length);
    if (!(await exists(socket))) throw engineAbsent([`${socket}, where DOCKER_HOST says`], []);
    return socket;
  }
  if (await exists(USUAL)) {
    const { weakness } = judgePath(USUAL, { kind: 'socket' });
    if (weakness !== undefined) throw engineUntrusted(USUAL, weakness);
    return USUAL;
  }
  const found = (await otherSockets()).map((socket) => ({
    socket,
    ...judgePath(socket, { kind: 'socket' }),
  }));
  const trusted = found.flatMap(({ socket, stats, weakness }) =>
    stats?.isSocket() === true && weakness === undefined ? [socket] : [],
  );
  const [only] = trusted;
  if (trusted.length > 1) throw engineMany(trusted);
  if (only !== undefined) return only;
  const refused = found.flatMap(({ socket, weakness }) =>
    weakness === undefined ? [] : [{ socket, weakness }],
  );
  throw engineAbsent([USUAL, ...PLACES.map(({ shown }) => shown)], [...refused, ...(await rootless())]);
}

/** Where other Engines of root's put their sockets: snap's, second ones. */
const PLACES: readonly { readonly shown: string; readonly folder: string; readonly name: RegExp }[] = [
  { shown: '/run/docker*.sock', folder: '/run', name: /^docker.*\.sock$/ },
  // metrics.sock is every Engine's own, and no API.
  { shown: '/run/docker/*.sock', folder: '/run/docker', name: /^(?!metrics\.).*\.sock$/ },
];

async function otherSockets(): Promise<readonly string[]> {
  const found = await Promise.all(
    PLACES.map(async ({ folder, name }) =>
      (await list(folder)).filter((entry) => name.test(entry)).map((entry) => join(folder, entry)),
    ),
  );
  return found.flat().sort();
}

const RUNTIME = '/run/user';

/** Sockets of rootless Engines: never asked unless DOCKER_HOST names them, but listed in the fault, so that it can. */
async function rootless(): Promise<readonly { readonly socket: string; readonly uid: number }[]> {
  const paths = (await list(RUNTIME)).toSorted().map((user) => join(RUNTIME, user, 'docker.sock'));
  // By the name alone: a link may lead anywhere.
  const all = await Promise.all(paths.map((path) => lstat(path).catch(() => undefined)));
  return paths.flatMap((socket, i) => {
    const stats = all[i];
    return stats?.isSocket() === true ? [{ socket, uid: stats.uid }] : [];
  });
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
