import { readFileSync } from 'node:fs';
import path from 'node:path';
import { IMAGE, startEngine, type Engine } from '../lab/engine.ts';
import { ERAS, type Era } from '../lab/eras.ts';
import { must } from '../lab/run.ts';
import { CLIENT, HOST } from '../lab/wire.ts';

/** A container of the city. It listens on 80/tcp, 81/tcp and 5353/udp, whatever of it is published. */
export interface Container {
  readonly name: string;
  readonly network: string;
  readonly ports: readonly string[];
  /** Fixed, so that a restart changes nothing; absent where the Engine shall choose. */
  readonly address?: string;
}

/** Where a running container is. */
export interface Place {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** The client's name for the 127.0.0.1 of the engine's machine. */
export const THEIR_LOOPBACK = '198.51.100.127';

/** Source address that the rules of DOCKER-USER ban (test/support/incident/neighbours.ts). */
export const BANNED = '203.0.113.66';

/** Every kind of network that all Engines know, by its subnet. */
const NETWORKS: readonly (readonly string[])[] = [
  ['--subnet', '172.28.1.0/24', 'front'],
  ['--subnet', '172.28.2.0/24', '--ipv6', '--subnet', 'fd00:6::/64', 'back'],
  ['--subnet', '172.28.3.0/24', '-o', 'com.docker.network.bridge.enable_icc=false', 'closed'],
  ['--subnet', '172.28.4.0/24', '--internal', 'inside'],
  ['--subnet', '172.28.5.0/24', 'pair'],
  ['--subnet', '172.28.6.0/24', 'brief'],
];

const front = '172.28.1';
const CONTAINERS: readonly Container[] = [
  { name: 'web', network: 'bridge', ports: ['8080:80', '5353:5353/udp'] },
  { name: 'mate', network: 'bridge', ports: [] },
  {
    name: 'shop',
    network: 'front',
    ports: ['8081:80', `${HOST.second}:9443:80`],
    address: `${front}.11`,
  },
  { name: 'desk', network: 'front', ports: ['5355:5353/udp'], address: `${front}.12` },
  {
    name: 'api',
    network: 'back',
    ports: ['9000:80', '5454:5353/udp', '127.0.0.1:9001:81'],
    address: '172.28.2.11',
  },
  { name: 'hermit', network: 'closed', ports: ['8082:80'], address: '172.28.3.11' },
  { name: 'monk', network: 'closed', ports: [], address: '172.28.3.12' },
  { name: 'vault', network: 'inside', ports: [], address: '172.28.4.11' },
  { name: 'safe', network: 'inside', ports: [], address: '172.28.4.12' },
  { name: 'left', network: 'pair', ports: ['8101:80'] },
  { name: 'right', network: 'pair', ports: ['8102:80'] },
  { name: 'ghost', network: 'brief', ports: ['8103:80'], address: '172.28.6.11' },
];

/** Started after the snapshot. */
export const GUEST: Container = {
  name: 'guest',
  network: 'front',
  ports: ['8104:80', '5456:5353/udp'],
  address: `${front}.21`,
};

/** Started between the damage and the repair. */
export const LATECOMER: Container = {
  name: 'late',
  network: 'front',
  ports: ['8105:80', '5457:5353/udp'],
  address: `${front}.22`,
};

/** Where the city's agents meet, as the engine's machine and each container see it. */
const MEETING = '/lab/agents';
const SEEN_INSIDE = '/agents';
/** Has agents ask what it is told on standard input; takes two patiences. */
export const ORDER = ['perl', `${MEETING}/agent.pl`, 'order', MEETING] as const;

export async function run({ docker }: Engine, { name, network, ports, address }: Container): Promise<void> {
  const where = ['--network', network, ...(address === undefined ? [] : ['--ip', address])];
  const published = ports.flatMap((port) => ['-p', port]);
  const program = ['-v', `${MEETING}:${SEEN_INSIDE}`, '--entrypoint', 'perl', IMAGE];
  const serve = [`${SEEN_INSIDE}/agent.pl`, 'serve', SEEN_INSIDE, name, '80/tcp', '81/tcp', '5353/udp'];
  await docker(['run', '-d', '--name', name, ...where, ...published, ...program, ...serve]);
}

/** Where every running container is. */
export async function placesOf({ docker }: Engine): Promise<ReadonlyMap<string, Place>> {
  const names = await docker(['ps', '--format', '{{.Names}}']);
  const address = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}';
  const format = `{{.Name}} ${address}`;
  const told = await docker(['inspect', '-f', format, ...names.split('\n')]);
  return new Map(
    told.split('\n').map((line) => {
      const [name = '', ipv4 = '', ipv6 = ''] = line.split(' ');
      return [name.slice(1), { ipv4, ipv6 }];
    }),
  );
}

/** Addressed to 127.0.0.1 on the wire only: the client's own routing would never send, nor take, such a packet. */
const DISGUISE = `table netdev disguise {
  chain out { type filter hook egress device eth0 priority 0; ip daddr ${THEIR_LOOPBACK} ip daddr set 127.0.0.1; }
  chain in { type filter hook ingress device eth0 priority 0; ip saddr 127.0.0.1 ip saddr set ${THEIR_LOOPBACK}; }
}
`;

/**
 * Gives containers of `run` their program, and makes the outside client a neighbour that tries what it should not: it
 * has routes to containers and to 127.0.0.1.
 */
export async function equip({ client, execInside }: Engine): Promise<void> {
  const program = readFileSync(path.join(import.meta.dirname, 'agent.pl'), 'latin1');
  await must(execInside, 'sh', ['-c', `mkdir ${MEETING} && cat >${MEETING}/agent.pl`], { input: program });
  const agent = `setsid perl ${MEETING}/agent.pl serve ${MEETING} client >/dev/null 2>&1 &`;
  await must(client.execInside, 'sh', ['-c', agent]);
  const lines = [
    `address add ${BANNED}/32 dev eth0`,
    `route add 172.16.0.0/12 via ${HOST.ipv4} src ${CLIENT.ipv4}`,
    `route add ${THEIR_LOOPBACK} via ${HOST.ipv4} src ${CLIENT.ipv4}`,
    `-6 route add fd00:6::/64 via ${HOST.ipv6}`,
  ];
  for (const line of lines) await must(client.exec, 'ip', line.split(' '));
  await must(client.execInside, 'nft', ['-f', '-'], { input: DISGUISE });
}

/**
 * Brings up an Engine with a dozen containers on six networks and a client that knows where they are. Containers live
 * through a restart of the daemon. Ends with `engine.stop`.
 */
export async function raiseCity(era: Era): Promise<Engine> {
  const engine = await startEngine({ era, daemonArgs: [...ERAS[era].ipv6Args, '--live-restore'] });
  try {
    await equip(engine);
    for (const network of NETWORKS) await engine.docker(['network', 'create', ...network]);
    // In turn: the Engine gives addresses away in the order it is asked.
    for (const container of CONTAINERS) await run(engine, container);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
