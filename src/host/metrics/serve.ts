import { lstat, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type ListenOptions } from 'node:net';

/** What is served. */
export interface Served {
  readonly metrics: () => Promise<string>;
  readonly contentType: string;
  /** Why watch is not well; undefined where it is. */
  readonly unwell: () => string | undefined;
}

/** Whoever asks slowly, or too often at once, is let go: milliseconds, connections. */
const PATIENCE = 5_000;
const MOST_CONNECTIONS = 16;
/** After a failure to listen, for example on a port that is taken: milliseconds. */
const AGAIN = 30_000;

/**
 * Serves `/metrics` and `/healthz` until it is stopped. Where it cannot listen it tries again.
 *
 * @param where - `127.0.0.1:9799`, `[::1]:9799` or the path of a unix socket; the configuration allows no other
 * @param onState - why it does not listen; undefined once it does
 */
export function serve(
  where: string,
  served: Served,
  onState: (why: string | undefined) => void,
): { readonly stop: () => Promise<void> } {
  const server: Server = createServer(
    { headersTimeout: PATIENCE, requestTimeout: PATIENCE, keepAliveTimeout: PATIENCE },
    answerer(served),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.unref();
  let again: NodeJS.Timeout | undefined;
  const stopped = new AbortController();
  const failed = (error: unknown): void => {
    onState(error instanceof Error ? error.message : String(error));
    again = setTimeout(() => void begin(), AGAIN).unref();
  };
  const begin = async (): Promise<void> => {
    try {
      const place = placeOf(where);
      if (place.path !== undefined) await removeLeft(place.path);
      if (!stopped.signal.aborted) server.listen(place);
    } catch (error) {
      failed(error);
    }
  };
  server.on('listening', () => {
    onState(undefined);
  });
  server.on('error', failed);
  void begin();
  return {
    stop: () =>
      new Promise((resolve) => {
        stopped.abort();
        clearTimeout(again);
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function answerer({ metrics, contentType, unwell }: Served): RequestListener {
  return (request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(405, 'only GET\n');
      return;
    }
    const path = request.url?.split('?')[0];
    if (path === '/healthz') {
      const why = unwell();
      answer(why === undefined ? 200 : 503, `${why ?? 'ok'}\n`);
    } else if (path === '/metrics')
      metrics().then(
        (text) => {
          answer(200, text, contentType);
        },
        (error: unknown) => {
          answer(500, `${String(error)}\n`);
        },
      );
    else answer(404, '/metrics, /healthz\n');
  };
}

function placeOf(where: string): ListenOptions {
  if (where.startsWith('/')) return { path: where };
  const colon = where.lastIndexOf(':');
  return { host: where.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(where.slice(colon + 1)) };
}

/** Removes a socket on which nobody listens any more, left by a process before this one; with any other file listening fails. */
async function removeLeft(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isSocket() === true && !(await isServed(path))) await rm(path, { force: true });
}

/** Whether somebody listens, or may. */
const isServed = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    }).on('error', (error) => {
      resolve(!('code' in error && error.code === 'ECONNREFUSED'));
    });
  });
