import type { Family } from '../../src/iptables/model.ts';

/** What a benchmark host holds: text for `iptables-restore`, and how many rules of both families that is. */
export interface BenchHost {
  readonly name: string;
  readonly rules: number;
  readonly text: Readonly<Record<Family, string>>;
}

/** Rules of the daemon itself in each family, of each network, and of each container with one published port. */
const DAEMON_RULES = 7;
const NETWORK_RULES = 8;
const PORT_RULES = 3;
/** A compose project's worth. */
const CONTAINERS_PER_NETWORK = 10;

interface Endpoint {
  readonly address: string;
  readonly bridge: string;
  readonly hostPort: number;
}

/**
 * All rules Docker's: an Engine 28 host with as many networks of ten containers, one published port each, as make
 * `rules` rules. Written as Engine 28.5.2 writes them (test/fixtures/engine-28.5).
 *
 * @param rules - of both families together; at least 30
 */
export function dockerHost(rules: number): BenchHost {
  return { name: "all Docker's", rules, text: hostText(rules, []) };
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
    text: hostText(dockers, [
      ...jumps,
      ...addresses.map((address) => `-A BLOCKLIST -s ${address}/32 -j DROP`),
    ]),
  };
}

function hostText(dockers: number, foreign: readonly string[]): BenchHost['text'] {
  const networks = Math.max(
    1,
    Math.floor((dockers - 2 * DAEMON_RULES) / (NETWORK_RULES + PORT_RULES * CONTAINERS_PER_NETWORK)),
  );
  const left = dockers - 2 * DAEMON_RULES - networks * NETWORK_RULES;
  const published = Math.floor(left / PORT_RULES);
  const endpoints = Array.from({ length: published + (left % PORT_RULES) }, (_, i) =>
    endpointAt(i, networks),
  );
  const bridges = Array.from({ length: networks }, (_, i) => bridgeAt(i));
  return {
    // A container that publishes nothing has its raw rule alone.
    ipv4:
      [
        ...raw(endpoints),
        ...filter(bridges, endpoints.slice(0, published), foreign),
        ...nat(bridges, endpoints.slice(0, published)),
      ].join('\n') + '\n',
    ipv6: [...filter([], [], []), ...nat([], [], '::1/128')].join('\n') + '\n',
  };
}

const bridgeAt = (network: number): string =>
  network === 0 ? 'docker0' : `br-${network.toString(16).padStart(12, 'a')}`;

const addressAt = (bits: number): string =>
  [24, 16, 8, 0].map((shift) => String((bits >>> shift) & 255)).join('.');

/** Networks of 64 addresses from 10.0.0.0 up. */
const subnetAt = (network: number): string => `${addressAt(0x0a_00_00_00 + network * 64)}/26`;

const endpointAt = (index: number, networks: number): Endpoint => ({
  address: addressAt(0x0a_00_00_00 + (index % networks) * 64 + 2 + Math.floor(index / networks)),
  bridge: bridgeAt(index % networks),
  hostPort: 2_000 + index,
});

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
