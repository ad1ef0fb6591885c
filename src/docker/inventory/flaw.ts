import { blockOf, overlap } from '../../net/address.ts';
import { familyOf, FAMILIES, type Family } from '../../net/family.ts';
import {
  addressIn,
  type Endpoint,
  type Inventory,
  type LiveNetwork,
  type PublishedPort,
} from './inventory.ts';

/**
 * What the kernel accepts as an interface's name (at most 15 bytes, no slash, colon or space), without what has another meaning
 * to iptables: `+` at the end is a wildcard, `!` negates a match, a dash begins an option.
 */
const INTERFACE = /^(?![.-])[\w.@~=,#-]{1,15}$/;

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/** An address without a length. A leading zero is octal to some programs and decimal to others. */
function isAddress(text: string, family: Family): boolean {
  return family === 'ipv4'
    ? IPV4.test(text) && blockOf(text) !== undefined
    : text.includes(':') && !text.includes('/') && blockOf(text) !== undefined;
}

const MOST_OF_A_VERSION = 200;
const MOST_OF_A_VNI = 0xff_ffff;

/**
 * What of an inventory must not become part of a rule: a name that matches more than one interface, an address outside its
 * network, a port that is none. Everything that rules are made of is validated here, so that the writers need not do it.
 *
 * @returns what and where; undefined when nothing is
 */
export function inventoryFlaw(inventory: Inventory): string | undefined {
  if (inventory.version.length > MOST_OF_A_VERSION) return 'a version of more than 200 characters';
  const bridges = inventory.networks.filter(({ driver }) => driver === 'bridge');
  const byBridge = new Map(bridges.map((network) => [network.bridge, network]));
  return (
    (byBridge.size < bridges.length ? 'two networks on one bridge' : undefined) ??
    first(bridges, networkFlaw) ??
    first(inventory.endpoints, (endpoint) => endpointFlaw(endpoint, byBridge.get(endpoint.bridge))) ??
    first(inventory.ports, portFlaw) ??
    first(inventory.links, ({ port, child }) => notPort(port, `a link to ${child.container}`)) ??
    swarmFlaw(inventory)
  );
}

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

function networkFlaw(network: LiveNetwork): string | undefined {
  const at = `network ${network.name.slice(0, 60)}`;
  const { bridge, subnets } = network;
  if (!INTERFACE.test(bridge)) return `${at}: its bridge ${quoted(bridge)} is no interface's name`;
  const trusted = network.trustedInterfaces.find((name) => !INTERFACE.test(name));
  if (trusted !== undefined) return `${at}: it trusts ${quoted(trusted)}, which is no interface's name`;
  const subnet = subnets.find((one) => !isSubnet(one));
  if (subnet !== undefined) return `${at}: its subnet ${quoted(subnet)} is none`;
  const gateway = network.gateways.find((one) => !isGateway(one, network));
  if (gateway !== undefined) return `${at}: its gateway ${quoted(gateway)} is none of its addresses`;
  for (const family of FAMILIES) {
    const source = network.hostAddress[family];
    if (source !== '' && !isAddress(source, family))
      return `${at}: the host's address for it, ${quoted(source)}, is none`;
  }
  return network.flaw === undefined ? undefined : `${at}: ${network.flaw}`;
}

/** A block that is not all addresses: in a subnet of /0 everybody would be a container. */
function isSubnet(text: string): boolean {
  const [address = '', length] = text.split('/');
  const block = blockOf(text);
  return block !== undefined && length !== undefined && block.length > 0 && isAddress(address, block.family);
}

function endpointFlaw(endpoint: Endpoint, network: LiveNetwork | undefined): string | undefined {
  for (const family of FAMILIES) {
    const address = addressIn(endpoint, family);
    if (address === '') continue;
    const at = `container ${endpoint.container.slice(0, 60)}: its address ${quoted(address)}`;
    if (!isAddress(address, family)) return `${at} is none`;
    if (!isInside(address, network))
      return `${at} is outside of its network ${endpoint.network.slice(0, 60)}`;
  }
  return undefined;
}

const notPort = (port: number, at: string): string | undefined =>
  Number.isInteger(port) && port > 0 && port <= 65_535 ? undefined : `${at}: ${String(port)} is no port`;

function portFlaw({ container, port, hostIp, hostPort }: PublishedPort): string | undefined {
  const at = `container ${container.slice(0, 60)}`;
  if (hostIp !== '' && !isAddress(hostIp, familyOf(hostIp)))
    return `${at}: it publishes a port on ${quoted(hostIp)}, which is no address`;
  return notPort(port, at) ?? (hostPort === undefined ? undefined : notPort(hostPort, at));
}

function swarmFlaw({ swarm }: Inventory): string | undefined {
  const { meshAddress, ingressPorts, encrypted, dataPort } = swarm;
  if (meshAddress !== undefined && !isAddress(meshAddress, 'ipv4'))
    return `swarm: the mesh's address ${quoted(meshAddress)} is none`;
  const vni = encrypted.find((one) => one.vni > MOST_OF_A_VNI);
  if (vni !== undefined) return `swarm: ${String(vni.vni)} is no overlay's number`;
  return first([dataPort, ...ingressPorts.map(({ port }) => port)], (port) => notPort(port, 'swarm'));
}
