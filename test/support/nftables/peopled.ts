import { withNetns, type Netns } from '../netns.ts';
import { startIn, type NftHost } from './cli.ts';

/** Answers each connection with the address it comes from. */
const SERVER =
  "require('net').createServer((c) => { c.on('error', () => {}); c.end(c.remoteAddress + '\\n'); }).listen(+process.argv[1], '0.0.0.0', () => console.log('listening'))";
/** Prints what it is answered, `closed` where nothing answers. */
const CLIENT =
  "const c = require('net').connect(+process.argv[2], process.argv[1]); c.setTimeout(700); let t = ''; c.on('data', (d) => { t += d; }); c.on('end', () => { console.log(t.trim()); process.exit(); }); c.on('error', () => { console.log('closed'); process.exit(); }); c.on('timeout', () => { console.log('closed'); process.exit(); });";

/** What a container and a client outside are answered: an address that the asked one saw, or `closed`. */
export interface AnsweredWays {
  readonly published: string;
  readonly ownAddress: string;
  readonly unpublished: string;
  readonly outside: string;
}

/** The ways of a healthy host of the recording `plain`. */
export const HEALTHY: AnsweredWays = {
  published: '192.0.2.2',
  ownAddress: 'closed',
  unpublished: 'closed',
  outside: '192.0.2.1',
};

/**
 * Gives the container of the recording `plain` and a client outside namespaces of their own, behind the host's links, and runs `body` with
 * what asks all ways by real packets.
 */
export const withPeople = (
  host: NftHost,
  body: (ways: () => Promise<AnsweredWays>) => Promise<void>,
): Promise<void> =>
  withNetns((container) =>
    withNetns(async (client) => {
      const leave = await peopled(host, container, client);
      try {
        await body(async () => ({
          published: await ask(client, '192.0.2.1', 8080),
          ownAddress: await ask(client, '172.17.0.2', 80),
          unpublished: await ask(client, '172.17.0.2', 81),
          outside: await ask(container, '192.0.2.2', 9000),
        }));
      } finally {
        leave();
      }
    }),
  );

const script = async (ns: Netns, text: string): Promise<void> => {
  const { code, stderr } = await ns.exec('sh', ['-ec', text]);
  if (code !== 0) throw new Error(stderr);
};

/** @returns what ends their servers */
async function peopled({ host }: NftHost, container: Netns, client: Netns): Promise<() => void> {
  await script(host.ns, `ip link set port0p netns ${container.path}\nip link set eth0p netns ${client.path}`);
  await script(
    container,
    'ip link set lo up\nip link set port0p up\nip address add 172.17.0.2/16 dev port0p\nip route add default via 172.17.0.1',
  );
  // It knows a way to the containers: what keeps it out must be a rule.
  await script(
    client,
    'ip link set lo up\nip link set eth0p up\nip address add 192.0.2.2/24 dev eth0p\nip route add 172.17.0.0/16 via 192.0.2.1',
  );
  const servers = await Promise.all([
    startIn(container, SERVER, '80'),
    startIn(container, SERVER, '81'),
    startIn(client, SERVER, '9000'),
  ]);
  return () => {
    for (const stop of servers) stop();
  };
}

const ask = async (ns: Netns, address: string, port: number): Promise<string> =>
  (await ns.exec(process.execPath, ['-e', CLIENT, address, String(port)])).stdout.trim();
