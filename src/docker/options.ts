import { formatBlock, parseBlock } from '../net/address.ts';
import type { Family } from '../net/family.ts';
import type { Era } from './era.ts';
import type { GatewayMode, NetworkSettings } from './inventory/inventory.ts';

/** A network's driver options as facts, and any that no Engine can have accepted. */
export interface DecodedOptions {
  readonly settings: NetworkSettings;
  /** The first option that no Engine of this era could have made the network with; undefined when there is none. */
  readonly flaw: string | undefined;
  /** The name they give to its bridge; '' for none. */
  readonly bridgeName: string;
  /** Of macvlan and ipvlan: the interface beneath; '' for none, undefined for other drivers. */
  readonly parent: string | undefined;
}

/** The option of `docker network create` that sets the MTU of a network. */
export const MTU_OPTION = 'com.docker.network.driver.mtu';

const BRIDGE = 'com.docker.network.bridge';
/** The option that names the interface of a bridge network. */
export const BRIDGE_NAME_OPTION = `${BRIDGE}.name`;
const GATEWAY_MODES: readonly GatewayMode[] = ['nat', 'nat-unprotected', 'routed', 'isolated'];

/**
 * The driver options of a network as typed facts. No option of Docker's is read anywhere else.
 *
 * A bridge network is created only if every option its Engine knows can be parsed: booleans by Go's strconv.ParseBool, gateway
 * modes by name, addresses by net.ParseIP (moby, `fromLabels` in libnetwork/drivers/bridge at v20.10.24, v23.0.6, v25.0.5,
 * v26.1.5, v27.5.1, v28.0.4, v28.5.2 and 29: anything else is refused with "failed to parse … value"; the engine layer asks the
 * Engines of three eras). An empty value cannot be parsed either. An option an Engine does not know it keeps and ignores:
 * gateway modes before 27, `host_ipv6` before 25, trusted interfaces before 28.2, and every bridge option of a network whose
 * driver is another.
 *
 * @param texts - `Options` of the Engine's answer
 * @param era - what its version knows; undefined for a version without an era, read as the newest
 */
export function decodeOptions(
  texts: Readonly<Record<string, string>>,
  driver: string,
  era: Era | undefined,
): DecodedOptions {
  const flaws: string[] = [];
  const given = driver === 'bridge' ? texts : {};
  const flag = (name: string, byDefault: boolean): boolean => {
    const text = given[`${BRIDGE}.${name}`];
    if (text === undefined) return byDefault;
    const value = parseBool(text);
    if (value === undefined) flaws.push(flawOf(`${BRIDGE}.${name}`, text));
    return value ?? byDefault;
  };
  const mode = (family: Family): GatewayMode => {
    const name = `${BRIDGE}.gateway_mode_${family}`;
    const text = era?.options.gatewayModes === false ? undefined : given[name];
    const value = GATEWAY_MODES.find((one) => one === text);
    if (text !== undefined && value === undefined) flaws.push(flawOf(name, text));
    return value ?? 'nat';
  };
  const settings: NetworkSettings = {
    isDefault: flag('default_bridge', false),
    icc: flag('enable_icc', true),
    masquerade: flag('enable_ip_masquerade', true),
    gatewayMode: { ipv4: mode('ipv4'), ipv6: mode('ipv6') },
    hostAddress: {
      ipv4: addressOf(given['com.docker.network.host_ipv4']),
      ipv6: era?.options.hostIpv6 === false ? '' : addressOf(given['com.docker.network.host_ipv6']),
    },
    bindAddress: addressOf(given[`${BRIDGE}.host_binding_ipv4`]),
    trustedInterfaces:
      era?.options.trustedInterfaces === false
        ? []
        : (given[`${BRIDGE}.trusted_host_interfaces`] ?? '').split(':').filter((name) => name !== ''),
    inhibitIpv4: flag('inhibit_ipv4', false),
    ipvlanLayer3: driver === 'ipvlan' && /^l3s?$/.test(texts['ipvlan_mode'] ?? ''),
    vnis: vnisOf(texts['com.docker.network.driver.overlay.vxlanid_list']),
    // Present is on, whatever its value (moby, `secureOption` in libnetwork/drivers/overlay).
    encrypted: driver === 'overlay' && 'encrypted' in texts,
  };
  return {
    settings,
    flaw: flaws[0],
    bridgeName: given[BRIDGE_NAME_OPTION] ?? '',
    parent: isOnParent(driver) ? (texts['parent'] ?? '') : undefined,
  };
}

/** Whether networks of a driver are on an interface of the host's, past its rules. */
export const isOnParent = (driver: string): boolean => driver === 'macvlan' || driver === 'ipvlan';

const flawOf = (name: string, text: string): string =>
  `its option ${name} is ${JSON.stringify(text.slice(0, 60))}, which no Engine takes`;

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** A text as Go's strconv.ParseBool reads it; undefined for all others, where that is an error. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** An address as Go prints it, so as a rule holds it (IPv4 has one spelling); a text that is none stays as it is. '' for none. */
function addressOf(text = ''): string {
  const block = text.includes(':') && !text.includes('/') ? parseBlock(text) : undefined;
  if (block === undefined) return text;
  // One of IPv4 in the form of IPv6 is one of IPv4 to Docker.
  const isMapped = block.base >> 32n === 0xffffn;
  return isMapped ? dotted(block.base & 0xffff_ffffn) : formatBlock(block).replace('/128', '');
}

const dotted = (address: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 0xffn)).join('.');

const vnisOf = (text = ''): readonly number[] =>
  text
    .split(',')
    .filter((vni) => /^\d+$/.test(vni))
    .map(Number);
