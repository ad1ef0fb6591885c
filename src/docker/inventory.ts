import { canonicalBlock } from '../iptables/address.ts';

/** What the Engine says of one network; only bridge networks write rules on the host. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** The bridge's interface name; '' for a driver that has none. */
  readonly bridge: string;
  readonly internal: boolean;
  /** As `address/length`, both families. */
  readonly subnets: readonly string[];
  readonly gateways: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/** What is known of the Engine that owns the rules. */
export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly networks: readonly Network[];
}

/** What exists now, as the Engine says it. */
export interface Inventory {
  readonly networks: readonly Network[];
  /** Addresses of all endpoints of bridge networks, as {@link canonicalBlock} spells them. */
  readonly endpoints: ReadonlySet<string>;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const BRIDGE_NAME = 'com.docker.network.bridge.name';
const MASQUERADES = 'com.docker.network.bridge.enable_ip_masquerade';
const HOST_IPV4 = 'com.docker.network.host_ipv4';
const HOST_IPV6 = 'com.docker.network.host_ipv6';
const TRUSTED = 'com.docker.network.bridge.trusted_host_interfaces';

/**
 * The networks of `GET /networks` (API 1.24 to 1.55). Unknown or missing fields read as empty: an Engine may say less
 * than we ask for, never something else.
 *
 * @param body - the parsed JSON of the answer
 */
export function networksFrom(body: unknown): readonly Network[] {
  return listOf(body).filter(isRecord).map(networkFrom);
}

function networkFrom(raw: Readonly<Record<string, unknown>>): Network {
  const id = textOf(raw['Id']);
  const driver = textOf(raw['Driver']);
  const rawOptions = isRecord(raw['Options']) ? raw['Options'] : {};
  const options = Object.fromEntries(
    Object.entries(rawOptions).map(([name, value]) => [name, textOf(value)]),
  );
  const ipam = isRecord(raw['IPAM']) ? listOf(raw['IPAM']['Config']).filter(isRecord) : [];
  return {
    id,
    name: textOf(raw['Name']),
    driver,
    bridge: driver === 'bridge' ? (options[BRIDGE_NAME] ?? `br-${id.slice(0, 12)}`) : '',
    internal: raw['Internal'] === true,
    subnets: ipam.map((config) => textOf(config['Subnet'])).filter((subnet) => subnet !== ''),
    gateways: ipam.map((config) => textOf(config['Gateway'])).filter((gateway) => gateway !== ''),
    options,
  };
}

/**
 * The targets with which Docker hides a network's addresses behind the host's.
 *
 * @param subnet - that the rule names; the hairpin rule names none, may be of either family, and stands there even where
 *   masquerading is off (recorded on 20.10, 26.1 and 28.5)
 */
export function hidesBehind({ options }: Network, subnet: string | undefined): readonly string[] {
  const sources = [options[HOST_IPV4], options[HOST_IPV6]];
  const targets = sources.map((source = '') => (source === '' ? 'MASQUERADE' : `SNAT --to-source ${source}`));
  if (subnet === undefined) return targets;
  // The spellings that Go's ParseBool takes for false.
  if (/^(?:false|f|0)$/i.test(options[MASQUERADES] ?? '')) return [];
  return subnet.includes(':') ? targets.slice(1) : targets.slice(0, 1);
}

/** The interfaces whose traffic a network lets in directly (Engine 28.2 and later). */
export function trustedInterfaces({ options }: Network): readonly string[] {
  return (options[TRUSTED] ?? '').split(':').filter((name) => name !== '');
}

/**
 * The addresses of a network's endpoints, from `GET /networks/{id}`; the list of all networks leaves them out.
 *
 * @param body - the parsed JSON of the answer
 */
export function endpointsFrom(body: unknown): readonly string[] {
  const containers = isRecord(body) && isRecord(body['Containers']) ? Object.values(body['Containers']) : [];
  return containers
    .filter(isRecord)
    .flatMap((container) => [textOf(container['IPv4Address']), textOf(container['IPv6Address'])])
    .filter((address) => address !== '')
    .map((address) => canonicalBlock(address.replace(/\/.*$/, '')));
}
