import { once } from 'node:events';
import { createServer } from 'node:http';
import type { DemoFirewall } from './firewalls.ts';
import BY_NFTABLES from './incidents/recorded-answers-nftables.json' with { type: 'json' };
import BY_IPTABLES from './incidents/recorded-answers.json' with { type: 'json' };

// What real Engines answered, 28.5 and 29.7, cut down to what rulesguard reads: those whose rules the demo loads
// (test/fixtures/engine-28.5-plain, `info` of engine-28.5-ports, recorded the same way; test/fixtures/nftables-29.7/plain).
// test/unit/demo/recorded-answers.test.ts compares each field with the recordings.

/** Of a container, as `GET /containers/ID/json` gives it: 28.5 tells in its list all that decides rules. */
const INSPECTED = { iptables: BY_IPTABLES.containers, nftables: BY_NFTABLES.inspects } as const;
const RECORDED = { iptables: BY_IPTABLES, nftables: BY_NFTABLES } as const;

/** What a recorded answer is asked for by: the path, without the query. */
function answerTo(url: string, firewall: DemoFirewall): unknown {
  const recorded = RECORDED[firewall];
  const { pathname, searchParams } = new URL(url, 'http://engine');
  const inspected = /^\/containers\/([^/]+)\/json$/.exec(pathname)?.[1];
  if (inspected !== undefined) return INSPECTED[firewall].find(({ Id }) => Id === inspected);
  // With a filter, containers that are not running are asked for: there are none.
  if (pathname === '/containers/json') return searchParams.has('filters') ? [] : recorded.containers;
  const answers = { '/version': recorded.version, '/info': recorded.info, '/networks': recorded.networks };
  return answers[pathname as keyof typeof answers];
}

/**
 * Answers as the recorded Engine did, on a unix socket.
 *
 * @param socket - the path to listen on, in a folder of root's
 * @param firewall - which Engine
 */
export async function serveEngine(socket: string, firewall: DemoFirewall): Promise<void> {
  const server = createServer((request, response) => {
    const answer = answerTo(request.url ?? '/', firewall);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: 'page not found' }));
  });
  server.listen(socket);
  await once(server, 'listening');
}
