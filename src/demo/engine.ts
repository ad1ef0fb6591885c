import { once } from 'node:events';
import { createServer } from 'node:http';
import RECORDED from './recorded-answers.json' with { type: 'json' };

// RECORDED is what a real Engine 28.5 answered, cut down to what rulesguard reads: the Engine whose rules the demo loads
// (test/fixtures/engine-28.5-plain; `info` of engine-28.5-ports, recorded the same way). test/unit/demo/recorded-answers.test.ts
// compares each field with the recordings.

/** What a recorded answer is asked for by: the path, without the query. */
function answerTo(url: string): unknown {
  const { pathname, searchParams } = new URL(url, 'http://engine');
  const inspected = /^\/containers\/([^/]+)\/json$/.exec(pathname)?.[1];
  if (inspected !== undefined) return RECORDED.containers.find(({ Id }) => Id === inspected);
  // With a filter, containers that are not running are asked for: there are none.
  if (pathname === '/containers/json') return searchParams.has('filters') ? [] : RECORDED.containers;
  const answers = { '/version': RECORDED.version, '/info': RECORDED.info, '/networks': RECORDED.networks };
  return answers[pathname as keyof typeof answers];
}

/**
 * Answers as the recorded Engine did, on a unix socket.
 *
 * @param socket - the path to listen on, in a folder of root's
 */
export async function serveEngine(socket: string): Promise<void> {
  const server = createServer((request, response) => {
    const answer = answerTo(request.url ?? '/');
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: 'page not found' }));
  });
  server.listen(socket);
  await once(server, 'listening');
}
