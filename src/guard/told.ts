import type { NamedAddress, Network } from '../docker/inventory.ts';
import type { OwnedRule } from '../docker/ownership.ts';
import type { Captures } from '../docker/shape.ts';
import { canonicalBlock } from '../iptables/address.ts';

/** What a consequence can be told with, beside the rule itself. */
export interface Surroundings {
  readonly networks: readonly Network[];
  /** Who has which address, as the Engine says it now or said it to the baseline. */
  readonly containers: readonly NamedAddress[];
  /** docker-proxy listens on published ports, so a lost DNAT shows only in the address the container sees. */
  readonly userlandProxy: boolean;
}

/** A rule's words, ready to be told: networks by name where the Engine said it. */
export interface Told extends Captures {
  readonly network: string;
  readonly gateway: string;
  /** The port as published, `127.0.0.1:8080/tcp`. */
  readonly published: string;
  /** The container by name and address, `web (172.17.0.2)`; by address alone where the name is not known. */
  readonly container: string;
  /** The container's end, `web (172.17.0.2:80)` or `[fd00::2]:80`. */
  readonly endpoint: string;
  /** Where a link leads from, as `container`. */
  readonly source: string;
  /** `encrypted overlay secret (VNI 4097)`. */
  readonly overlay: string;
  readonly userlandProxy: boolean;
}

/** The words of one rule, with the names that the Engine gave to what they mean. */
export function toldOf(
  { rule, captures = {} }: OwnedRule,
  { networks, containers, userlandProxy }: Surroundings,
): Told {
  const { bridge, hostIp, hostPort, ip = '', source = '', port, proto, vni } = captures;
  const found = networks.find((network) => network.bridge === bridge);
  const isIpv6 = ip.includes(':');
  const names = namesIn(containers);
  const named = (address: string, as = address): string => {
    const name = names.get(canonicalBlock(address));
    return name === undefined ? as : `${name} (${as})`;
  };
  const gateway = found?.gateways.find((address) => address.includes(':') === isIpv6);
  return {
    ...captures,
    userlandProxy,
    // The rule beside it names the bridge.
    network: `network ${found?.name ?? bridge ?? ''}`.trimEnd(),
    gateway: gateway ?? gatewayGuess(ip),
    published: `${hostIp === undefined ? '' : `${bracketed(hostIp)}:`}${hostPort ?? ''}/${proto ?? ''}`,
    container: named(ip),
    endpoint: named(ip, `${bracketed(ip)}:${port ?? ''}`),
    source: named(source),
    overlay: overlayOf(vni, rule.text, networks),
  };
}

const known = new WeakMap<readonly NamedAddress[], ReadonlyMap<string, string>>();

/** Names by address, gathered once: a flushed table asks for hundreds. */
function namesIn(containers: readonly NamedAddress[]): ReadonlyMap<string, string> {
  const names =
    known.get(containers) ??
    new Map(containers.map(({ address, container }) => [canonicalBlock(address), container]));
  known.set(containers, names);
  return names;
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** Unless told otherwise Docker gives a bridge the first address of its subnet; of the default /16 that is x.y.0.1. */
const gatewayGuess = (ip: string): string =>
  /^172\.\d+\./.test(ip) ? ip.replace(/^(\d+\.\d+)\..*$/, '$1.0.1') : "its bridge's own address";

const VNIS = 'com.docker.network.driver.overlay.vxlanid_list';

/** u32 and the bytecode of Engines up to 23 hold the VNI in the upper three of four bytes (docker-rules §1.5). */
function overlayOf(found: string | undefined, rule: string, networks: readonly Network[]): string {
  const isShifted = found?.startsWith('0x') === true || rule.includes('--bytecode "6,');
  const vni = found === undefined ? '?' : String(Number(found) / (isShifted ? 256 : 1));
  const overlay = networks.find(({ options }) => options[VNIS]?.split(',').includes(vni) === true);
  return `the encrypted overlay ${overlay === undefined ? '' : `${overlay.name} `}(VNI ${vni})`;
}
