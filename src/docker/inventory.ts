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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const BRIDGE_NAME = 'com.docker.network.bridge.name';

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
  const options = Object.fromEntries(Object.entries(rawOptions).map(([name, value]) => [name, textOf(value)]));
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
