import type { Inventory, NamedAddress, Network } from '../docker/inventory/inventory.ts';
import type { Captures } from '../firewall/iptables/ownership/shape.ts';
import { canonicalBlock, isLoopback, bracketed } from '../net/address.ts';

/** What a consequence is described with, beside the rule itself. */
export interface Surroundings {
  readonly networks: readonly Network[];
  /** Who has which address, from the Engine's reply or from the baseline. */
  readonly containers: readonly NamedAddress[];
  /** docker-proxy listens on published ports, so a lost DNAT shows only in the address the container sees. */
  readonly userlandProxy: boolean;
  /**
   * Only the drops in raw keep other networks from a published container port: Engine 29 and later have no isolation
   * chains. Absent where the Engine's version is not known.
   */
  readonly rawIsolates?: boolean;
  /** Containers' ports that are published on loopback addresses alone, as {@link localPortKey}. */
  readonly localPorts?: ReadonlySet<string>;
  /** What is not judged: nothing is said of its rules. */
  readonly setAside?: Inventory['setAside'];
}

/** The key of a container's port in {@link Surroundings.localPorts}. */
export const localPortKey = ({ ip = '', port = '', proto = '' }: Captures): string =>
  `${ip} ${port}/${proto}`;

/** What a rule names, ready for a sentence: networks by name where the Engine gave it. */
export interface RuleTerms extends Captures {
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
  readonly rawIsolates: boolean;
  /** Whether the rule serves a port that only this host itself can reach. */
  readonly isLocal: boolean;
}

/** A rule of either firewall backend, and what its text holds. */
export interface NamingRule {
  readonly rule: { readonly text: string };
  readonly captures?: Captures | undefined;
}

/** What one rule names, with the names that the Engine gave. */
export function termsOf(
  { rule, captures = {} }: NamingRule,
  { networks, containers, userlandProxy, rawIsolates = false, localPorts }: Surroundings,
): RuleTerms {
  const { bridge, hostIp, hostPort, ip = '', source = '', port, proto, vni } = captures;
  const found = bridge === undefined ? undefined : byBridge(networks).get(bridge);
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
    rawIsolates,
    isLocal: hostIp === undefined ? localPorts?.has(localPortKey(captures)) === true : isLoopback(hostIp),
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

const bridges = new WeakMap<readonly Network[], ReadonlyMap<string, Network>>();

/** Networks by bridge, the first of a name, computed once as {@link namesIn}. */
function byBridge(networks: readonly Network[]): ReadonlyMap<string, Network> {
  const found =
    bridges.get(networks) ?? new Map(networks.toReversed().map((network) => [network.bridge, network]));
  bridges.set(networks, found);
  return found;
}

const known = new WeakMap<readonly NamedAddress[], ReadonlyMap<string, string>>();

/** Names by address, computed once: a flushed table needs hundreds. */
function namesIn(containers: readonly NamedAddress[]): ReadonlyMap<string, string> {
  const names =
    known.get(containers) ??
    new Map(containers.map(({ address, container }) => [canonicalBlock(address), container]));
  known.set(containers, names);
  return names;
}

/** Unless configured otherwise Docker gives a bridge the first address of its subnet; of the default /16 that is x.y.0.1. */
const gatewayGuess = (ip: string): string =>
  /^172\.\d+\./.test(ip) ? ip.replace(/^(\d+\.\d+)\..*$/, '$1.0.1') : "its bridge's own address";

/**
 * u32 and the bytecode of Engines up to 23 hold the VNI in the upper three of four bytes
 * (docs/reference/docker-iptables.md#encrypted-overlays).
 */
function overlayOf(found: string | undefined, rule: string, networks: readonly Network[]): string {
  const isShifted = found?.startsWith('0x') === true || rule.includes('--bytecode "6,');
  const vni = found === undefined ? '?' : String(Number(found) / (isShifted ? 256 : 1));
  const overlay = found === undefined ? undefined : networks.find(({ vnis }) => vnis.includes(Number(vni)));
  return `the encrypted overlay ${overlay === undefined ? '' : `${overlay.name} `}(VNI ${vni})`;
}
