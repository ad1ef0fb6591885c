import { access } from 'node:fs/promises';
import { endpointsFrom, networksFrom, type EngineFacts, type Inventory } from '../docker/inventory.ts';

/** What the Engine answered, or why it did not. Silence is never "no networks". */
export type Answer<Facts> =
  { readonly answered: true; readonly facts: Facts } | { readonly answered: false; readonly reason: string };

const DEFAULT_SOCKET = '/var/run/docker.sock';
const TIMEOUT = 2_000;

/**
 * Asks the Engine for its version and networks over its unix socket: `DOCKER_HOST`, else /var/run/docker.sock.
 * Unversioned paths work with every Engine from 17.06 to 29 (docker-rules §5), so nothing is negotiated.
 */
export async function askEngine(): Promise<Answer<EngineFacts>> {
  return ask(async (socket) => {
    const [version, networks] = await Promise.all([get(socket, '/version'), get(socket, '/networks')]);
    return { ...versionOf(version), networks: networksFrom(networks) };
  });
}

/** Asks the Engine what exists now: networks and the addresses on them. Undefined when it does not answer. */
export async function askInventory(): Promise<Inventory | undefined> {
  const answer = await ask(async (socket) => {
    const networks = networksFrom(await get(socket, '/networks'));
    const bridges = networks.filter(({ bridge }) => bridge !== '');
    const details = await Promise.all(bridges.map(({ id }) => get(socket, `/networks/${id}`)));
    return { networks, endpoints: new Set(details.flatMap(endpointsFrom)) };
  });
  return answer.answered ? answer.facts : undefined;
}

async function ask<Facts>(question: (socket: string) => Promise<Facts>): Promise<Answer<Facts>> {
  const dockerHost = process.env['DOCKER_HOST'] ?? `unix://${DEFAULT_SOCKET}`;
  if (!dockerHost.startsWith('unix://')) {
    return {
      answered: false,
      reason: `DOCKER_HOST is ${dockerHost}: only an Engine on this host, behind a unix socket, owns its rules`,
    };
  }
  const socket = dockerHost.slice('unix://'.length);
  try {
    // No socket, no HTTP client to load: 10 ms of a repair where there is no Engine to ask.
    await access(socket);
    return { answered: true, facts: await question(socket) };
  } catch (error) {
    return { answered: false, reason: explain(socket, error) };
  }
}

function versionOf(body: unknown): Pick<EngineFacts, 'version' | 'apiVersion'> {
  const fields =
    typeof body === 'object' && body !== null ? new Map(Object.entries(body)) : new Map<string, unknown>();
  const text = (name: string): string => {
    const value: unknown = fields.get(name);
    return typeof value === 'string' ? value : '';
  };
  return { version: text('Version'), apiVersion: text('ApiVersion') };
}

async function get(socketPath: string, path: string): Promise<unknown> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path, headers: { host: 'docker' }, timeout: TIMEOUT, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200)
            reject(new Error(`GET ${path} answered ${String(response.statusCode)}`));
          else {
            try {
              resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
            } catch (error) {
              reject(new Error(`GET ${path} answered something that is no JSON`, { cause: error }));
            }
          }
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${String(TIMEOUT / 1000)} s`)));
    asked.on('error', reject);
    asked.end();
  });
}

function explain(socket: string, error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `there is no Engine socket at ${socket}`;
  if (code === 'ECONNREFUSED') return `no Engine listens on ${socket}`;
  if (code === 'EACCES')
    return `${socket} may not be opened: this needs root or membership in the docker group`;
  return `the Engine on ${socket} did not answer: ${error instanceof Error ? error.message : String(error)}`;
}
