import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { PublishedPort } from '../../../src/docker/inventory/inventory.ts';
import { withEmptyHost, type CliHost } from '../cli.ts';
import { TOOL_ENV, type Netns } from '../netns.ts';
import { serveRecorded, type Otherwise } from '../recorded/engine.ts';
import { nftRecording } from './recordings.ts';

/** A host in a namespace of its own whose Engine, as recorded, writes with nftables. */
export interface NftHost {
  readonly host: CliHost;
  /** Runs `rulesguard` beside that Engine. @param through - words put before the program */
  readonly run: (args: string, input?: string, through?: readonly string[]) => Promise<NftRun>;
  /** Starts `rulesguard` beside that Engine, for a test that will not wait for it. */
  readonly start: (args: readonly string[]) => ReturnType<CliHost['start']>;
  /** Runs nft there, and returns what it printed. */
  readonly nft: (args: readonly string[], input?: string) => Promise<string>;
  /** Docker's tables as they are listed, with what was counted, in one order. */
  readonly tables: () => Promise<string>;
}

interface NftRun {
  readonly code: number;
  readonly stdout: string;
  /** All that it printed. */
  readonly said: string;
}

/**
 * Runs `body` on a host with the tables of a recording loaded by the kernel, its bridges laid, somebody listening where docker-proxy would,
 * and the Engine's answers served on a socket.
 *
 * @param name - of a recording in test/fixtures/nftables-29.7
 */
export function withNftHost(
  name: string,
  body: (host: NftHost) => Promise<void>,
  otherwise: Otherwise = {},
): Promise<void> {
  const folder = `nftables-29.7/${name}`;
  return withEmptyHost(async (host) => {
    const nft: NftHost['nft'] = async (args, input = '') => {
      const { code, stdout, stderr } = await host.ns.exec('nft', args, { input });
      if (code !== 0) throw new Error(`nft ${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    const engine = await serveRecorded(host, folder, otherwise);
    const proxies = await listenAs(host, nftRecording(name).inventory.ports);
    try {
      // A file: nft opens what it reads as JSON a second time, which a pipe does not allow.
      await nft(['-j', '-f', fileURLToPath(new URL(`../../fixtures/${folder}/nft.json`, import.meta.url))]);
      await body({
        host,
        nft,
        start: (args) => host.start(args, engine.env),
        tables: async () =>
          (
            await Promise.all(
              ['ip', 'ip6'].map((family) =>
                nft(['list', 'table', family, 'docker-bridges']).catch(() => `no table of ${family}\n`),
              ),
            )
          ).join(''),
        run: async (args, input, through = []) => {
          const { code, stdout, stderr } = await host.attempt(args.split(' '), {
            ...{ env: engine.env, through },
            ...(input === undefined ? {} : { input }),
          });
          return { code, stdout, said: `${stdout}\n${stderr}` };
        },
      });
    } finally {
      proxies();
      engine.close();
    }
  });
}

const LISTENER = `
const [net, dgram] = [require('net'), require('dgram')];
const ports = JSON.parse(process.argv[1]);
Promise.all(ports.map(({ proto, host, port }) => new Promise((done) =>
  proto === 'tcp' ? net.createServer().listen({ port, host, ipv6Only: true }, done)
    : dgram.createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', ipv6Only: host.includes(':') }).bind(port, host, done),
))).then(() => console.log('listening'));
`;

/** Listens on published ports, as docker-proxy does. @returns what ends it */
async function listenAs(host: CliHost, ports: readonly PublishedPort[]): Promise<() => void> {
  const served = ports.flatMap(({ proto, hostIp, hostPort }) =>
    hostPort === undefined || proto === 'sctp' || hostIp.startsWith('2001')
      ? []
      : [{ proto, host: hostIp, port: hostPort }],
  );
  const once = [...new Map(served.map((one) => [JSON.stringify(one), one])).values()];
  return startIn(host.ns, LISTENER, JSON.stringify(once));
}

/** Starts a program of Node's in a namespace, and waits until it says something. @returns what ends it */
export async function startIn(ns: Netns, program: string, ...args: readonly string[]): Promise<() => void> {
  const words = [`--net=${ns.path}`, '--', process.execPath, '-e', program, ...args];
  const child = execa('nsenter', words, { env: TOOL_ENV, extendEnv: false, reject: false });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve();
    });
    child.then(({ stderr }) => {
      reject(new Error(`it did not start: ${stderr}`));
    }, reject);
  });
  return () => child.kill();
}
