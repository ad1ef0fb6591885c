import { escapedTexts, mayMislead } from '../../printable.ts';
import { engineDown, engineHung, engineNotDocker, enginePrivilege, engineTooMuch } from './faults.ts';
import { timeCommand } from '../command/command-log.ts';
import { excessOf } from '../files/json-excess.ts';

/** What the Engine is asked. */
export interface EngineRequest {
  readonly socket: string;
  /** Path and query, without a version. */
  readonly path: string;
  /** How long to wait for the whole answer, in milliseconds. */
  readonly patience: number;
  /** Whether 404 is a valid answer (the object may just have been removed): it reads as null. */
  readonly mayBeGone?: true;
}

/** What the Engine is told to do. */
export interface EngineOrder extends EngineRequest {
  readonly method: 'POST' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
}

/**
 * How long an answer may be, in bytes. Lists: ten thousand containers of 3 KB, twice the size of one with compose's labels.
 * All others: a hundred times the longest seen.
 */
const MOST_OF_A_LIST = 32 * 1024 * 1024;
const MOST = 4 * 1024 * 1024;
const LISTS = /^\/(?:containers\/json|networks|services)(?:\?|$)/;

/**
 * Asks the Engine and reads the whole answer, up to its size limit.
 *
 * @throws Fault RG_ENGINE_DOWN, RG_ENGINE_PRIVILEGE, RG_ENGINE_HUNG; RG_ENGINE_ANSWER for a status other than 200, or too much
 */
export const get = (question: EngineRequest): Promise<string> =>
  exchange({ ...question, method: 'GET', body: undefined });

/** Has the Engine do something, and reads its answer. @throws Fault as {@link get} */
export const order = (what: EngineOrder): Promise<string> => exchange({ body: undefined, ...what });

async function exchange({
  socket,
  path,
  patience,
  mayBeGone,
  method,
  body,
}: EngineRequest & { readonly method: string; readonly body: unknown }): Promise<string> {
  const most = LISTS.test(path) ? MOST_OF_A_LIST : MOST;
  // Node's HTTP client takes 10 ms to load, so it is loaded only when an Engine is asked.
  const [{ request }, { connect }] = await Promise.all([import('node:http'), import('node:net')]);
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const headers = { host: 'docker', ...(sent === undefined ? {} : { 'content-type': 'application/json' }) };
  const logged = timeCommand([method, `unix://${socket}`, path]);
  return new Promise((resolve, reject) => {
    const asked = request(
      // Otherwise Node makes an Agent for each request: 6 of the 16 ms that four requests take.
      { createConnection: () => connect(socket), path, method, headers },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length <= most) chunks.push(chunk);
          else {
            refuse(engineTooMuch(socket, path, `more than ${String(most / 1024 / 1024)} MiB`));
            asked.destroy();
          }
        });
        response.on('error', (error) => {
          refuse(socketFault(socket, error));
        });
        response.on('end', () => {
          clearTimeout(alarm);
          logged({ as: `status ${String(response.statusCode)}` });
          const text = Buffer.concat(chunks).toString('utf8');
          if (isSuccess(response.statusCode)) resolve(text);
          else if (response.statusCode === 404 && mayBeGone === true) resolve('null');
          else
            reject(
              engineNotDocker(socket, [
                `${method} ${path} → ${String(response.statusCode)} ${text.trim().slice(0, 200)}`,
              ]),
            );
        });
      },
    );
    const refuse = (error: Error) => {
      clearTimeout(alarm);
      reject(error);
    };
    const alarm = setTimeout(() => {
      refuse(engineHung(socket, path, patience));
      asked.destroy();
    }, patience);
    asked.on('error', (error) => {
      refuse(socketFault(socket, error));
    });
    // A server of another protocol may close the connection without an error and without an answer.
    asked.on('close', () => {
      refuse(engineDown(socket, 'no answer came from', new Error('closed')));
    });
    asked.end(sent);
  });
}

/** 201 for what was made, 204 for what was removed. */
const isSuccess = (status: number | undefined): boolean => status === 200 || status === 201 || status === 204;

/** Milliseconds to wait for a reply. A healthy Engine takes 20; one with hundreds of containers, on a busy machine, up to a second. */
export const ENGINE_PATIENCE = 5_000;

/**
 * As {@link get}, parsed, with every text made safe to print: names and versions go into messages, logs and baselines.
 *
 * @throws Fault as {@link get}; RG_ENGINE_ANSWER for what is not JSON, or JSON that would fill the memory
 */
export async function getJson(question: EngineRequest): Promise<unknown> {
  const text = await get(question);
  const suspect = mayMislead(text);
  const excess = excessOf(text, suspect);
  if (excess !== undefined) throw engineTooMuch(question.socket, question.path, excess);
  try {
    const parsed = JSON.parse(text) as unknown;
    return suspect ? escapedTexts(parsed) : parsed;
  } catch (error) {
    throw engineNotDocker(question.socket, [`GET ${question.path} → ${text.slice(0, 80)}`], error);
  }
}

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

/** What a failed connection says of the Engine. */
export function socketFault(socket: string, error: Error): Error {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') return enginePrivilege(socket, error);
  // The queue of the unix socket is full: nobody accepts connections.
  if (code === 'EAGAIN') return engineHung(socket, 'connect', 0);
  if (typeof code === 'string' && code.startsWith('HPE_'))
    return engineNotDocker(socket, [error.message], error);
  const why = code === 'ECONNREFUSED' || code === 'ENOENT' ? 'nobody listens on' : 'no answer came from';
  return engineDown(socket, why, error);
}
