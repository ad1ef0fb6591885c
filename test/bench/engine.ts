import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineAnswers } from './answers.ts';

/** An Engine that answers for a benchmark host, in a process of its own because the bench blocks while commands run. */
export interface BenchEngine {
  /** For DOCKER_HOST. */
  readonly address: string;
  stop(): void;
}

/** With a query string the request is for containers that are not running (there are none), or for all. */
const SERVE = `
const { readFileSync } = require('node:fs');
const [socket, file] = process.argv.slice(2);
const answers = JSON.parse(readFileSync(file, 'utf8'));
require('node:http').createServer(({ url }, response) => {
  const [path, query = ''] = url.split('?');
  const answer = query.includes('filters=') ? '[]' : answers[path];
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(answer ?? '{"message":"not found"}');
}).listen(socket);
`;

/**
 * @param folder - for its socket and files
 * @throws Error if it does not listen within ten seconds
 */
export function serve(folder: string, answers: EngineAnswers): BenchEngine {
  const [socket = '', file = '', program = ''] = ['engine.sock', 'engine.json', 'engine.cjs'].map((name) =>
    path.join(folder, name),
  );
  const texts = Object.entries(answers).map(([url, answer]) => [url, JSON.stringify(answer)]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(texts)));
  writeFileSync(program, SERVE);
  const server = spawn(process.execPath, [program, socket, file], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let waited = 0; !existsSync(socket); waited += 10) {
    if (waited > 10_000) throw new Error('the Engine of the bench does not listen');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  return {
    address: `unix://${socket}`,
    stop: () => {
      server.kill();
    },
  };
}
