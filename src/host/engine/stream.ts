import type { IncomingMessage } from 'node:http';
import { timeCommand } from '../command/command-log.ts';
import { readLines, type OnLine } from '../command/read-lines.ts';
import { engineDown, engineHung, engineNotDocker } from './faults.ts';
import { socketFault, type EngineRequest } from './http.ts';

/** What an answer that does not end is read for. */
export interface EngineStream extends EngineRequest {
  /** Characters of a line, at most. */
  readonly longest: number;
  /** It answers; what follows is lines. */
  readonly opened: () => void;
  readonly line: OnLine;
  /** Closes it. */
  readonly signal: AbortSignal;
}

/**
 * Asks the Engine for an answer that goes on until somebody closes it, and hands on its lines.
 *
 * @returns when it has ended after all
 * @throws Fault as `get` of http.ts, before it was opened; `patience` is how long the Engine may take to begin
 */
export async function follow(stream: EngineStream): Promise<void> {
  const { socket, path, patience, signal } = stream;
  const [{ request }, { connect }] = await Promise.all([import('node:http'), import('node:net')]);
  const logged = timeCommand(['GET', `unix://${socket}`, path]);
  await new Promise<void>((resolve, reject) => {
    const asked = request(
      { createConnection: () => connect(socket), path, headers: { host: 'docker' }, signal },
      (response) => {
        clearTimeout(alarm);
        read(response);
      },
    );
    const alarm = setTimeout(() => {
      reject(engineHung(socket, path, patience));
      asked.destroy();
    }, patience);
    asked.on('error', (error) => {
      clearTimeout(alarm);
      reject(signal.aborted ? error : socketFault(socket, error));
    });
    asked.on('close', () => {
      clearTimeout(alarm);
      reject(engineDown(socket, 'no answer came from', new Error('closed')));
    });
    asked.end();

    function read(response: IncomingMessage): void {
      logged({ as: `status ${String(response.statusCode)}` });
      if (response.statusCode !== 200) {
        reject(engineNotDocker(socket, [`GET ${path} → ${String(response.statusCode)}`]));
        asked.destroy();
        return;
      }
      stream.opened();
      readLines(response, stream.longest, stream.line, 'utf8');
      response.on('close', resolve);
    }
  });
}
