import { createServer } from 'node:http';
import path from 'node:path';
import { isRecord, listOf, type Json } from '../../../src/docker/inventory/inventory.ts';
import type { CliHost } from '../cli.ts';
import { accountOf, type Account } from './observation.ts';
import { layTerrain } from './terrain.ts';

/** What a recorded Engine is to do otherwise. */
export interface Otherwise {
  /** Changes what it answers. */
  readonly account?: (account: Account) => Account;
  /** What becomes of `GET /containers/ID/json`: answered as recorded (at once, or after so many milliseconds), gone, or never. */
  readonly inspections?: 'gone' | 'never' | number;
}

/** An Engine that answers what a recording holds, on a socket of this host. */
export interface RecordedEngine {
  /** For the environment of a command. */
  readonly env: Readonly<Record<'DOCKER_HOST', string>>;
  /** Ids that were inspected, in the order they were asked for. */
  readonly inspected: readonly string[];
  /** How many inspections were under way at once, at most. */
  readonly atOnce: () => number;
  close(): void;
}

const find = (list: unknown, id: string): Json | undefined =>
  listOf(list)
    .filter(isRecord)
    .find((one) => one['Id'] === id);

/** The answers of a recording by path; undefined for what it does not hold. */
function answerOf(account: Account, url: string): unknown {
  const [, kind, id = '', more] = /^\/(\w+)(?:\/([^/?]+))?(\/json)?/.exec(url) ?? [];
  if (kind === 'containers') return more === undefined ? account.containers : find(account.inspects, id);
  if (kind === 'networks' && id !== '') return find(account.networks, id);
  const answers: Readonly<Record<string, unknown>> = {
    version: account.version,
    info: account.info,
    networks: account.networks,
    services: account.services,
  };
  return answers[kind ?? ''];
}

/**
 * Serves a recording's answers, and lays its networks: an Engine none of whose bridges is here would be another namespace's.
 *
 * @param name - of a recording with a whole account (test/fixtures/README.md)
 */
export async function serveRecorded(
  host: CliHost,
  name: string,
  { account: change = (account) => account, inspections = 0 }: Otherwise = {},
): Promise<RecordedEngine> {
  const account = change(accountOf(name));
  const inspected: string[] = [];
  let underWay = 0;
  let most = 0;
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    const send = (): void => {
      const answer = answerOf(account, url);
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { message: 'not found' }));
    };
    const id = /^\/containers\/([0-9a-f]+)\/json/.exec(url)?.[1];
    if (id === undefined) {
      send();
      return;
    }
    inspected.push(id);
    most = Math.max(most, ++underWay);
    response.on('close', () => underWay--);
    if (inspections === 'gone') response.writeHead(404).end('{"message":"No such container"}');
    else if (inspections !== 'never') setTimeout(send, inspections);
  });
  const socket = path.join(host.folder, 'recorded.sock');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  await layTerrain(host, account.networks);
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    inspected,
    atOnce: () => most,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
