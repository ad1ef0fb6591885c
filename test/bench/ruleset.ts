import type { Family } from '../../src/net/family.ts';
import { answersOf, type EngineAnswers } from './answers.ts';
import { addressAt, bridgeAt, endpointAt, subnetAt, type Endpoint } from './layout.ts';

/** A benchmark host: text for `iptables-restore`, the number of rules of both families, and what its Engine answers. */
export interface BenchHost {
  readonly name: string;
  readonly rules: number;
  readonly text: Readonly<Record<Family, string>>;
  readonly answers: EngineAnswers;
  readonly bridges: readonly string[];
}

/** Rules of the daemon itself in each family, of each network, and of each container with one published port. */
const DAEMON_RULES = 7;
const NETWORK_RULES = 8;
const PORT_RULES = 3;
/** As many as a compose project has. */
const CONTAINERS_PER_NETWORK = 10;

/**
 * All rules Docker's: an Engine 28 host with as many networks of ten containers, one published port each, as make
 * `rules` rules. Written as Engine 28.5.2 writes them (test/fixtures/engine-28.5).
 *
 * @param rules - of both families together; at least 30
 */
export function dockerHost(rules: number): BenchHost {
  return { name: "all Docker's", rules, ...hostOf(rules, []) };
}

/**
 * The usual large host: a tenth of the rules Docker's (at least 50), the others a block list of the operator's in a
 * chain of its own, entered from INPUT and DOCKER-USER.
 */
export function mixedHost(rules: number): BenchHost {
  const dockers = Math.max(50, rules / 10);
  const jumps = ['-A INPUT -j BLOCKLIST', '-A DOCKER-USER -j BLOCKLIST'];
  const addresses = Array.from({ length: rules - dockers - jumps.length }, (_, i) =>
    addressAt(0xc6_12_00_00 + i * 7),
  );
  return {
    name: 'block list',
    rules,
    ...hostOf(dockers, [...jumps, ...addresses.map((address) => `-A BLOCKLIST -s ${address}/32 -j DROP`)]),
  };
}

/** All rules Docker's, for so many containers with one published port each, spread over networks. */
export function servingHost(ports: number, networks: number): BenchHost {
  return {
    name: `${String(ports)} ports on ${String(networks)} networks`,
    rules: 2 * DAEMON_RULES + networks * NETWORK_RULES + ports * PORT_RULES,
    ...layOut(
      networks,
      Array.from({ length: ports }, (_, i) => endpointAt(i, networks)),
      ports,
      [],
    ),
  };
}

function hostOf(dockers: number, foreign: readonly string[]): Omit<BenchHost, 'name' | 'rules'> {
  const networks = Math.max(
    1,
    Math.floor((dockers - 2 * DAEMON_RULES) / (NETWORK_RULES + PORT_RULES * CONTAINERS_PER_NETWORK)),
  );
  const left = dockers - 2 * DAEMON_RULES - networks * NETWORK_RULES;
  const published = Math.floor(left / PORT_RULES);
  const endpoints = Array.from({ length: published + (left % PORT_RULES) }, (_, i) =>
    endpointAt(i, networks),
  );
  return layOut(networks, endpoints, published, foreign);
}

/** @param published - how many of the endpoints publish a port */
function layOut(
  networks: number,
  endpoints: readonly Endpoint[],
  published: number,
  foreign: readonly string[],
): Omit<BenchHost, 'name' | 'rules'> {
  const bridges = Array.from({ length: networks }, (_, i) => bridgeAt(i));
  const publishing = endpoints.slice(0, published);
  // A container that publishes nothing has only its raw rule.
  const ipv4 = [...raw(endpoints), ...filter(bridges, publishing, foreign), ...nat(bridges, publishing)];
  const ipv6 = [...filter([], [], []), ...nat([], [], '::1/128')];
  return {
    text: { ipv4: `${ipv4.join('\n')}\n`, ipv6: `${ipv6.join('\n')}\n` },
    answers: answersOf(bridges, endpoints, published),
    bridges,
  };
}

/** Traffic has passed: counters of the length a host has after some weeks. */
const counted = (rule: string, index: number): string =>
  `[${String(index * 37)}:${String(index * 14_208)}] ${rule}`;

const table = (name: string, chains: readonly string[], rules: readonly string[]): readonly string[] => [
  `*${name}`,
  ...chains.map((chain) => `:${chain} [0:0]`),
  ...rules.map(counted),
  'COMMIT',
];

const raw = (endpoints: readonly Endpoint[]): readonly string[] =>
  table(
    'raw',
    ['PREROUTING ACCEPT', 'OUTPUT ACCEPT'],
    endpoints.map(({ address, bridge }) => `-A PREROUTING -d ${address}/32 ! -i ${bridge} -j DROP`),
  );

function filter(
  bridges: readonly string[],
  published: readonly Endpoint[],
  foreign: readonly string[],
): readonly string[] {
  const own = [
    'DOCKER',
    'DOCKER-BRIDGE',
    'DOCKER-CT',
    'DOCKER-FORWARD',
    'DOCKER-ISOLATION-STAGE-1',
    'DOCKER-ISOLATION-STAGE-2',
    'DOCKER-USER',
  ];
  const chains = [...(foreign.length === 0 ? [] : ['BLOCKLIST']), ...own].map((chain) => `${chain} -`);
  return table(
    'filter',
    ['INPUT ACCEPT', 'FORWARD DROP', 'OUTPUT ACCEPT', ...chains],
    [
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -j DOCKER-FORWARD',
      ...foreign,
      ...published
        .map(
          ({ address, bridge }) =>
            `-A DOCKER -d ${address}/32 ! -i ${bridge} -o ${bridge} -p tcp -m tcp --dport 80 -j ACCEPT`,
        )
        .reverse(),
      ...bridges.map((bridge) => `-A DOCKER ! -i ${bridge} -o ${bridge} -j DROP`),
      ...bridges.map((bridge) => `-A DOCKER-BRIDGE -o ${bridge} -j DOCKER`),
      ...bridges.map(
        (bridge) => `-A DOCKER-CT -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      ),
      '-A DOCKER-FORWARD -j DOCKER-CT',
      '-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1',
      '-A DOCKER-FORWARD -j DOCKER-BRIDGE',
      ...bridges.map((bridge) => `-A DOCKER-FORWARD -i ${bridge} -j ACCEPT`),
      ...bridges.map(
        (bridge) => `-A DOCKER-ISOLATION-STAGE-1 -i ${bridge} ! -o ${bridge} -j DOCKER-ISOLATION-STAGE-2`,
      ),
      ...bridges.map((bridge) => `-A DOCKER-ISOLATION-STAGE-2 -o ${bridge} -j DROP`).reverse(),
    ],
  );
}

function nat(
  bridges: readonly string[],
  published: readonly Endpoint[],
  loopback = '127.0.0.0/8',
): readonly string[] {
  return table(
    'nat',
    ['PREROUTING ACCEPT', 'INPUT ACCEPT', 'OUTPUT ACCEPT', 'POSTROUTING ACCEPT', 'DOCKER -'],
    [
      '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
      `-A OUTPUT ! -d ${loopback} -m addrtype --dst-type LOCAL -j DOCKER`,
      ...bridges
        .map((bridge, i) => `-A POSTROUTING -s ${subnetAt(i)} ! -o ${bridge} -j MASQUERADE`)
        .reverse(),
      ...bridges.map((bridge) => `-A DOCKER -i ${bridge} -j RETURN`).reverse(),
      ...published.map(
        ({ address, bridge, hostPort }) =>
          `-A DOCKER ! -i ${bridge} -p tcp -m tcp --dport ${String(hostPort)} -j DNAT --to-destination ${address}:80`,
      ),
    ],
  );
}
