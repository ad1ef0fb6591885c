import { existsSync, mkdirSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import type { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { withHost, type CliHost } from '../../support/cli.ts';

/** What a trouble is told as. */
export interface Trouble {
  readonly code: string;
  readonly told: RegExp;
  /** The next thing to type. */
  readonly next: RegExp;
}

/** How a host comes into it: what DOCKER_HOST then is, and what the program is run through. */
export interface Setting {
  readonly dockerHost: string;
  readonly through?: readonly string[];
  readonly end?: () => void;
}

/** Where the Engine’s socket would be. */
export const socketIn = (host: CliHost): string => path.join(host.folder, 'engine.sock');
/** As DOCKER_HOST wants it. */
export const at = (socket: string): string => `unix://${socket}`;

/** Listens as no Docker Engine would: these are real servers, only not Docker. */
export async function listening(host: CliHost, server: ReturnType<typeof createServer>): Promise<Setting> {
  const socket = socketIn(host);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    dockerHost: at(socket),
    end: () => {
      server.close();
    },
  };
}

/** A server that speaks HTTP. */
export const answering = (listener: RequestListener) => (host: CliHost) =>
  listening(host, createHttp(listener));

/** A socket whose program was killed: the file stays. */
export async function deadSocket(socket: string): Promise<void> {
  const program = 'require("net").createServer().listen(process.argv[1])';
  const child = execa(process.execPath, ['-e', program, socket], { reject: false });
  while (!existsSync(socket)) await sleep(10);
  child.kill('SIGKILL');
  await child;
}

/** With folders of the program's own in the place of /run: this machine's are out of reach. */
const withRun = (folder: string): readonly string[] => [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c'],
  ...[`mount --bind "${folder}" /run && exec "$@"`, 'sh'],
];

/** A folder of the test's own in the place of this machine's /run, as `lay` leaves it, with DOCKER_HOST unset. */
export async function ownRun(
  host: CliHost,
  lay: (folder: string) => Promise<Pick<Setting, 'end'>>,
): Promise<Setting> {
  const folder = path.join(host.folder, 'fake-run');
  mkdirSync(folder);
  return { dockerHost: '', through: withRun(folder), ...(await lay(folder)) };
}

/** Sockets of killed programs in the place of this machine's /run, with DOCKER_HOST unset. */
export const runFolder = (host: CliHost, sockets: readonly string[]): Promise<Setting> =>
  ownRun(host, async (folder) => {
    for (const socket of sockets) {
      const file = path.join(folder, socket);
      mkdirSync(path.dirname(file), { recursive: true });
      await deadSocket(file);
    }
    return {};
  });

/** Runs `body` on a recorded host beside an Engine set up by `set`. */
export async function inSetting(
  set: (host: CliHost) => Promise<Setting>,
  body: (host: CliHost, attempt: CliHost['attempt']) => Promise<void>,
): Promise<void> {
  await withHost(async (host) => {
    const { dockerHost, through = [], end } = await set(host);
    const options = { env: { DOCKER_HOST: dockerHost }, through };
    try {
      await body(host, (args) => host.attempt(args, options));
    } finally {
      end?.();
    }
  });
}
