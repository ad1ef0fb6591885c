import { blockOf, overlap } from '../../net/address.ts';
import { familyOf, FAMILIES, type Family } from '../../net/family.ts';
import { trustedBy } from '../intent/trusted.ts';
import {
  addressIn,
  type Endpoint,
  type Inventory,
  type Link,
  type LiveNetwork,
  type PublishedPort,
} from './inventory.ts';

/**
 * What the kernel accepts as an interface's name (at most 15 bytes, no slash, colon or space), without what has another meaning
 * to iptables: `+` at the end is a wildcard, `!` negates a match, a dash begins an option.
 */
const INTERFACE = /^(?![.-])[\w.@~=,#-]{1,15}$/;

/**
 * What each backend's program takes for the name of a trusted interface, a wildcard at its end apart: nft finds Docker's without quotes
 * (tried on nft 1.0.6). iptables takes more than is let in here.
 */
const TRUSTED = {
  iptables: /^(?![.-])[\w.@~=,#*-]+$/,
  nftables: /^[A-Za-z_.][\w./-]*$/,
} as const;
const MOST_OF_A_NAME = 15;

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/** An address without a length. A leading zero is octal to some programs and decimal to others. */
export function isAddress(text: string, family: Family): boolean {
  return family === 'ipv4'
    ? IPV4.test(text) && blockOf(text) !== undefined
    : text.includes(':') && !text.includes('/') && blockOf(text) !== undefined;
}

const MOST_OF_A_VERSION = 200;
const MOST_OF_A_VNI = 0xff_ffff;

/**
 * What no Engine says of itself, so that nothing it says counts. What must not become part of a rule of one network or container is set
 * aside instead (`set-aside.ts`). Everything that rules are made of is validated in either place, so that the writers need not do it.
 *
 * @returns what and where; undefined when nothing is
 */
export const inventoryFlaw = (inventory: Inventory): string | undefined =>
  inventory.version.length > MOST_OF_A_VERSION
    ? 'a version of more than 200 characters'
    : swarmFlaw(inventory);

function first<One>(many: readonly One[], flaw: (one: One) => string | undefined): string | undefined {
  for (const one of many) {
    const found = flaw(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Some Engines write the length behind it. */
function isGateway(text: string, network: LiveNetwork): boolean {
  const address = text.replace(/\/\d+$/, '');
  if (!isAddress(address, familyOf(address))) return false;
  return isInside(address, network) || /^fe[89ab]/i.test(address);
}

function isInside(address: string, network: LiveNetwork | undefined): boolean {
  const one = blockOf(address);
  return (network?.subnets ?? []).some((subnet) => {
    const whole = blockOf(subnet);
    return whole !== undefined && one !== undefined && overlap(whole, one);
  });
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60));

/** What is wrong with a bridge network; undefined when nothing is. */
export function networkFlaw(
  network: LiveNetwork,
  { byNftables }: { readonly byNftables: boolean },
): string | undefined {
  const { bridge, subnets } = network;
  if (!INTERFACE.test(bridge)) return `its bridge ${quoted(bridge)} is no interface's name`;
  const taken = TRUSTED[byNftables ? 'nftables' : 'iptables'];
  const trusted = trustedBy(network.trustedInterfaces, { byNftables }).find(
    (one) => !taken.test(one.name) || one.name.length > MOST_OF_A_NAME,
  );
  if (trusted !== undefined) return `it trusts ${quoted(trusted.name)}, which is no interface's name`;
  const subnet = subnets.find((one) => !isSubnet(one));
  if (subnet !== undefined) return `its subnet ${quoted(subnet)} is none`;
  const gateway = network.gateways.find((one) => !isGateway(one, network));
  if (gateway !== undefined) return `its gateway ${quoted(gateway)} is none of its addresses`;
  // Nothing leaves an internal network, as whomever.
  for (const family of network.internal ? [] : FAMILIES) {
    const source = network.hostAddress[family];
    if (source !== '' && !isAddress(source, family))
      return `the host's address for it, ${quoted(source)}, is none`;
  }
  return network.flaw;
}

/** Whether a text is a block that is not all addresses: in a subnet of /0 everybody would be a container. */
export function isSubnet(text: string): boolean {
  const [address = '', length] = text.split('/');
  const block = blockOf(text);
  return block !== undefined && length !== undefined && block.length > 0 && isAddress(address, block.family);
}

/** What is wrong with a container's place on a network; undefined when nothing is. */
export function endpointFlaw(endpoint: Endpoint, network: LiveNetwork | undefined): string | undefined {
  for (const family of FAMILIES) {
    const address = addressIn(endpoint, family);
    if (address === '') continue;
    const at = `its address ${quoted(address)}`;
    if (!isAddress(address, family)) return `${at} is none`;
    if (!isInside(address, network))
      return `${at} is outside of its network ${endpoint.network.slice(0, 60)}`;
  }
  return undefined;
}

const notPort = (port: number): string | undefined =>
  Number.isInteger(port) && port > 0 && port <= 65_535 ? undefined : `${String(port)} is no port`;

/** What is wrong with a published port; undefined when nothing is. */
export function portFlaw({ port, hostIp, hostPort }: PublishedPort): string | undefined {
  if (hostIp !== '' && !isAddress(hostIp, familyOf(hostIp)))
    return `it publishes a port on ${quoted(hostIp)}, which is no address`;
  return notPort(port) ?? (hostPort === undefined ? undefined : notPort(hostPort));
}

/** What is wrong with what a container is linked for; undefined when nothing is. */
export const linkFlaw = ({ port }: Link): string | undefined => notPort(port);

function swarmFlaw({ swarm }: Inventory): string | undefined {
  const { nodeAddress, meshAddress, ingressPorts, encrypted, dataPort } = swarm;
  if (nodeAddress !== undefined && !isAddress(nodeAddress, familyOf(nodeAddress)))
    return `swarm: this node's address ${quoted(nodeAddress)} is none`;
  if (meshAddress !== undefined && !isAddress(meshAddress, 'ipv4'))
    return `swarm: the mesh's address ${quoted(meshAddress)} is none`;
  const vni = encrypted.find((one) => one.vni > MOST_OF_A_VNI);
  if (vni !== undefined) return `swarm: ${String(vni.vni)} is no overlay's number`;
  return first([dataPort, ...ingressPorts.map(({ port }) => port)], (port) => {
    const flaw = notPort(port);
    return flaw === undefined ? undefined : `swarm: ${flaw}`;
  });
}
