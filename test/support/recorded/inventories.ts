import { eraOf } from '../../../src/docker/era.ts';
import { intentOf } from '../../../src/docker/intent/intent.ts';
import { decodeOptions } from '../../../src/docker/options.ts';
import { expectedRules } from '../../../src/firewall/iptables/expected/expected.ts';
import type {
  Endpoint,
  Inventory,
  LiveNetwork,
  PublishedPort,
  Swarm,
} from '../../../src/docker/inventory/inventory.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../../src/net/family.ts';
import type { Settings } from '../../../src/docker/settings.ts';

/** Short names for the options of a bridge network that change its rules. */
const OPTIONS = {
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostIpv4: 'com.docker.network.host_ipv4',
  hostIpv6: 'com.docker.network.host_ipv6',
  mode4: 'com.docker.network.bridge.gateway_mode_ipv4',
  mode6: 'com.docker.network.bridge.gateway_mode_ipv6',
  trusted: 'com.docker.network.bridge.trusted_host_interfaces',
} as const;

export type Option = keyof typeof OPTIONS;

interface Given extends Partial<LiveNetwork> {
  readonly options?: Partial<Readonly<Record<Option, string>>>;
}

const longNames = (options: NonNullable<Given['options']>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]): [string, string] => [OPTIONS[name as Option], value]),
  );

/** The settings of a network without a single option. */
export const DEFAULT_SETTINGS = decodeOptions({}, 'bridge', undefined).settings;

/**
 * A bridge network; `br-aaaaaaaaaaaa` of 172.18.0.0/16 unless `given` says otherwise.
 *
 * @param version - of the Engine that reads its options
 */
export function bridgeNetwork(
  name: string,
  { options = {}, ...given }: Given = {},
  version = '29.7.2',
): LiveNetwork {
  const id = given.id ?? 'a'.repeat(64);
  return {
    name,
    driver: 'bridge',
    bridge: `br-${id.slice(0, 12)}`,
    internal: false,
    subnets: ['172.18.0.0/16'],
    gateways: ['172.18.0.1'],
    created: '2026-01-02T00:00:00Z',
    ipv4: true,
    ipv6: false,
    ingress: false,
    ...decodeOptions(longNames(options), 'bridge', eraOf(version)).settings,
    ...given,
    id,
  };
}

/** The network every Engine has. */
export function defaultBridge(given: Given = {}): LiveNetwork {
  return bridgeNetwork('bridge', {
    id: '0'.repeat(64),
    bridge: 'docker0',
    subnets: ['172.17.0.0/16'],
    gateways: ['172.17.0.1'],
    created: '2026-01-01T00:00:00Z',
    isDefault: true,
    ...given,
  });
}

/** A container's place on a network. */
export const endpointOn = (
  { bridge, name }: LiveNetwork,
  container: string,
  ipv4: string,
  ipv6 = '',
): Endpoint => ({ bridge, network: name, container, containerId: `id of ${container}`, ipv4, ipv6 });

/**
 * A published port as `docker ps` writes it: `0.0.0.0:8080->80/tcp`, `[::]:8080->80/tcp`; `0.0.0.0->80/tcp` in a routed
 * network.
 */
export function publish(endpoint: Endpoint, text: string): PublishedPort {
  const found = /^\[?([0-9a-f.:]*?)\]?(?::(\d+))?->(\d+)\/(tcp|udp|sctp)$/.exec(text);
  if (found === null) throw new Error(`not a published port: ${text}`);
  const [, hostIp = '', hostPort, port, proto] = found;
  return {
    container: endpoint.container,
    endpoint,
    hostIp,
    hostPort: hostPort === undefined ? undefined : Number(hostPort),
    port: Number(port),
    proto: proto as PublishedPort['proto'],
  };
}

export const NO_SWARM: Swarm = {
  state: 'inactive',
  manager: false,
  meshAddress: undefined,
  ingressPorts: [],
  encrypted: [],
  dataPort: 4789,
};

/** What an Engine of a version says; alone with docker0 unless `parts` says otherwise. */
export function inventoryOf(version: string, parts: Partial<Inventory> = {}): Inventory {
  return {
    version,
    apiVersion: '1.41',
    firewallBackend: '',
    liveRestore: false,
    userlandProxy: undefined,
    networks: [defaultBridge()],
    endpoints: [],
    ports: [],
    links: [],
    portsUnknown: [],
    unconnected: [],
    swarm: NO_SWARM,
    ...parts,
  };
}

/** As a daemon without any option runs, but for IPv6, which each test switches on by itself. */
export const SETTINGS: Settings = {
  userlandProxy: true,
  ip6tables: false,
  directRouting: false,
  noRaw: false,
  sctpChecksum: false,
  acceptMark: '',
  mirroredWsl: false,
  overlayByBpf: false,
};

/** What the Engine requires of iptables; undefined for one whose layout is not known. */
export function requiredBy(inventory: Inventory, settings: Settings): HostRules | undefined {
  const era = eraOf(inventory.version);
  if (era === undefined) return undefined;
  const { overlayByBpf } = settings;
  return expectedRules(intentOf(inventory, { era: era.policy, settings }), {
    era: era.writing,
    overlayByBpf,
  });
}

/** The expected rules; throws for an Engine whose layout is not known. */
export function expectedOf(inventory: Inventory, settings: Partial<Settings> = {}): HostRules {
  const rules = requiredBy(inventory, { ...SETTINGS, ...settings });
  if (rules === undefined) throw new Error(`no layout of ${inventory.version} is known`);
  return rules;
}

/** One family's rules as a save has them, without policies and counters: `*nat`, `:DOCKER`, `-A DOCKER …`. */
export function saveLines(host: HostRules, family: Family): readonly string[] {
  return [...host[family].tables.values()].flatMap(({ name, chains }) => [
    `*${name}`,
    ...[...chains.values()].flatMap(({ name: chain, policy }) => (policy === '-' ? [`:${chain}`] : [])),
    ...[...chains.values()].flatMap(({ rules }) => rules.map(({ text }) => text)),
  ]);
}

/** Every chain and rule, as `4 nat -A DOCKER …` or `6 filter :DOCKER`. */
const flatLines = (host: HostRules): readonly string[] =>
  FAMILIES.flatMap((family) =>
    [...host[family].tables.values()].flatMap(({ name, chains }) =>
      [...chains.values()].flatMap(({ name: chain, policy, rules }) => {
        const where = `${family === 'ipv4' ? '4' : '6'} ${name} `;
        return [
          ...(policy === '-' ? [`${where}:${chain}`] : []),
          ...rules.map(({ text }) => `${where}${text}`),
        ];
      }),
    ),
  );

/** What `after` has more (`+ …`) or less (`- …`) than `before`; copies count. */
export function changes(before: HostRules, after: HostRules): readonly string[] {
  const left = new Map<string, number>();
  for (const line of flatLines(after)) left.set(line, (left.get(line) ?? 0) + 1);
  for (const line of flatLines(before)) left.set(line, (left.get(line) ?? 0) - 1);
  return [...left].flatMap(([line, count]) =>
    new Array<string>(Math.abs(count)).fill(`${count < 0 ? '-' : '+'} ${line}`),
  );
}

/** By table and chain: the order of tables and of chains means nothing, that of a chain's rules does. */
export function byChain(lines: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  let current = '';
  for (const line of lines) {
    if (line.startsWith('*')) current = line.slice(1);
    else (found[`${current} ${line.split(' ')[line.startsWith('-A') ? 1 : 0] ?? ''}`] ??= []).push(line);
  }
  return found;
}

/** One table as lines: its chains, then its rules. */
export const tableLines = (
  name: string,
  chains: readonly string[],
  rules: readonly string[],
): readonly string[] => [
  `*${name}`,
  ...chains.map((chain) => `:${chain}`),
  ...rules.map((rule) => `-A ${rule}`),
];
