import { engineDown, engineHung, engineNotDocker, enginePrivilege } from './engine-faults.ts';

/** A GET to the Engine. */
export interface Question {
  readonly socket: string;
  /** Path and query, without a version. */
  readonly path: string;
  /** How long to wait for the whole answer, in milliseconds. */
  readonly patience: number;
  /** What is asked for may just have been removed: that reads as null, and is no fault. */
  readonly mayBeGone?: true;
}

/**
 * Asks the Engine and reads the whole answer.
 *
 * @throws Fault RG_ENGINE_DOWN, RG_ENGINE_PRIVILEGE, RG_ENGINE_HUNG; RG_ENGINE_ANSWER for a status other than 200
 */
export async function get(question: Question): Promise<string> {
  const { socket, path, patience, mayBeGone = false } = question;
  // Node's HTTP client takes 10 ms to load: only who asks an Engine pays for it.
  const [{ request }, { connect }] = await Promise.all([import('node:http'), import('node:net')]);
  return new Promise((resolve, reject) => {
    const asked = request(
      // Else Node makes an Agent for each question, which takes 6 of the 16 ms that four questions cost.
      { createConnection: () => connect(socket), path, headers: { host: 'docker' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => {
          refuse(asTold(socket, error));
        });
        response.on('end', () => {
          clearTimeout(alarm);
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode === 200) resolve(text);
          else if (response.statusCode === 404 && mayBeGone) resolve('null');
          else
            reject(
              engineNotDocker(socket, [
                `GET ${path} → ${String(response.statusCode)} ${text.trim().slice(0, 200)}`,
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
      refuse(asTold(socket, error));
    });
    asked.end();
  });
}

/**
 * As {@link get}, parsed.
 *
 * @throws Fault as {@link get}; RG_ENGINE_ANSWER for something that is no JSON
 */
export async function getJson(question: Question): Promise<unknown> {
  const text = await get(question);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw engineNotDocker(question.socket, [`GET ${question.path} → ${text.slice(0, 80)}`], error);
  }
}

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

function asTold(socket: string, error: Error): Error {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') return enginePrivilege(socket, error);
  // A unix socket whose queue is full: nobody accepts any more.
  if (code === 'EAGAIN') return engineHung(socket, 'connect', 0);
  if (typeof code === 'string' && code.startsWith('HPE_'))
    return engineNotDocker(socket, [error.message], error);
  const why = code === 'ECONNREFUSED' || code === 'ENOENT' ? 'nobody listens on' : 'no answer came from';
  return engineDown(socket, why, error);
}
