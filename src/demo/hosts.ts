import { join } from 'node:path';
import { startMachine } from './machine.ts';
import type { DemoMachine } from './machine.ts';
import type { DemoFirewall } from './firewalls.ts';
import type { SocketProtocol } from '../net/protocol.ts';
import type { SocketAddress } from './tasks.ts';

/** A port that Docker publishes: on every address of the host, to one container. */
export interface DemoPort {
  readonly protocol: SocketProtocol;
  readonly port: number;
  readonly to: SocketAddress;
}

/** The addresses and ports that the rules of every incident speak of, and an outside for them. */
export const PLAN = {
  bridge: 'docker0',
  subnet: '172.17.0.0/16',
  gateway: '172.17.0.1',
  web: '172.17.0.2',
  worker: '172.17.0.3',
  /** Addresses set aside for documentation (RFC 5737): nobody's. */
  host: '203.0.113.1',
  outside: '203.0.113.2',
  secondHost: '198.51.100.1',
  neighbour: '198.51.100.2',
  /** A port that web serves and Docker does not publish. */
  unpublished: 6379,
} as const;

export const PUBLISHED_PORTS: readonly DemoPort[] = [
  { protocol: 'tcp', port: 8080, to: { host: PLAN.web, port: 80 } },
  { protocol: 'udp', port: 5353, to: { host: PLAN.web, port: 5353 } },
];

/** The machines of the demo, connected. */
export interface DemoHosts {
  readonly host: DemoMachine;
  readonly web: DemoMachine;
  readonly worker: DemoMachine;
  readonly outside: DemoMachine;
  /** Sends packets for containers straight to the host. Only where an incident has a use for it. */
  readonly neighbour: DemoMachine | undefined;
  /** A folder for rulesguard's files; goes with the hosts. */
  readonly workdir: string;
  /** Where the recorded Engine answers. */
  readonly engineSocket: string;
  /** Ends every process and namespace of the demo. */
  end(): Promise<void>;
}

const NAMES = ['host', 'web', 'worker', 'outside'] as const;

/** The machines alone. */
type Wired = Pick<DemoHosts, 'host' | 'web' | 'worker' | 'outside' | 'neighbour'>;

const quiet = ['all', 'default'].map((name) => `/proc/sys/net/ipv4/conf/${name}/rp_filter`);

/**
 * A new namespace takes over settings of this machine. Two of them decide what the demo shows: a host of containers
 * forwards, and a machine without reverse-path filter receives what it cannot answer.
 */
async function settle(machine: DemoMachine, forward: boolean): Promise<void> {
  await machine.exec(['tee', ...quiet], { input: '0' });
  await machine.exec(['tee', '/proc/sys/net/ipv4/ip_forward'], { input: forward ? '1' : '0' });
  await machine.exec(['ip', 'link', 'set', 'lo', 'up']);
}

const ip = (machine: DemoMachine, lines: readonly string[]) =>
  machine.exec(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });

async function wire({ host, web, worker, outside, neighbour }: Wired): Promise<void> {
  const port = (name: string, container: DemoMachine): readonly string[] => [
    `link add ${name} type veth peer name eth0 netns ${container.path}`,
    `link set ${name} master ${PLAN.bridge} up`,
  ];
  await ip(host, [
    `link add ${PLAN.bridge} type bridge`,
    `address add ${PLAN.gateway}/16 dev ${PLAN.bridge}`,
    `link set ${PLAN.bridge} up`,
    ...port('veth-web', web),
    ...port('veth-worker', worker),
    `link add eth0 type veth peer name eth0 netns ${outside.path}`,
    `address add ${PLAN.host}/24 dev eth0`,
    'link set eth0 up',
  ]);
  const container = (machine: DemoMachine, address: string) =>
    ip(machine, [
      `address add ${address}/16 dev eth0`,
      'link set eth0 up',
      `route add default via ${PLAN.gateway}`,
    ]);
  await Promise.all([
    container(web, PLAN.web),
    container(worker, PLAN.worker),
    ip(outside, [`address add ${PLAN.outside}/24 dev eth0`, 'link set eth0 up']),
  ]);
  if (neighbour !== undefined) await wireNeighbour(host, neighbour);
}

async function wireNeighbour(host: DemoMachine, neighbour: DemoMachine): Promise<void> {
  await ip(host, [
    `link add eth1 type veth peer name eth0 netns ${neighbour.path}`,
    `address add ${PLAN.secondHost}/24 dev eth1`,
    'link set eth1 up',
  ]);
  await ip(neighbour, [
    `address add ${PLAN.neighbour}/24 dev eth0`,
    'link set eth0 up',
    `route add ${PLAN.subnet} via ${PLAN.secondHost}`,
  ]);
}

async function serveAll({ host, web, outside, neighbour }: Wired): Promise<void> {
  await Promise.all([
    ...(neighbour === undefined
      ? []
      : [web.perform({ do: 'serve', protocol: 'tcp', port: PLAN.unpublished })]),
    ...PUBLISHED_PORTS.map(({ protocol, to }) => web.perform({ do: 'serve', protocol, port: to.port })),
    ...PUBLISHED_PORTS.map(({ protocol, port, to }) => host.perform({ do: 'proxy', protocol, port, to })),
    outside.perform({ do: 'serve', protocol: 'tcp', port: 80 }),
    outside.perform({ do: 'serve', protocol: 'udp', port: 53 }),
  ]);
}

/**
 * Builds what the demo needs: a Docker host with a bridge, two containers on it and a machine outside, each a network
 * namespace; servers in the first container and outside; docker-proxy and the recorded Engine on the host. No rules yet.
 *
 * @param firewall - which Engine answers; beside nftables there is a neighbour
 * @throws Fault when namespaces or links cannot be made; nothing of them is left then
 */
export async function buildHosts(firewall: DemoFirewall): Promise<DemoHosts> {
  const names = [...NAMES, ...(firewall === 'nftables' ? ['neighbour'] : [])];
  const started = await Promise.allSettled(names.map(startMachine));
  const machines = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const end = async (): Promise<void> => {
    await Promise.all(machines.map((machine) => machine.end()));
  };
  try {
    const failed = started.find((result) => result.status === 'rejected');
    const [host, web, worker, outside, neighbour] = machines;
    if (failed !== undefined || !host || !web || !worker || !outside) throw failed?.reason;
    const wired = { host, web, worker, outside, neighbour };
    await Promise.all(machines.map((machine) => settle(machine, machine === host)));
    await wire(wired);
    await serveAll(wired);
    const workdir = await host.perform({ do: 'workdir' });
    const engineSocket = join(workdir, 'engine.sock');
    await host.perform({ do: 'engine', socket: engineSocket, firewall });
    return { ...wired, workdir, engineSocket, end };
  } catch (error) {
    await end();
    throw error;
  }
}
