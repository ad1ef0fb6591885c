import { isAny } from '../../net/address.ts';
import { familyOf, type Family } from '../../net/family.ts';
import type { Protocol } from '../../net/protocol.ts';
import type { PolicyEra } from '../era.ts';
import {
  addressIn,
  type Endpoint,
  type Link,
  type LiveNetwork,
  type PublishedPort,
} from '../inventory/inventory.ts';
import { directAccessOf, isDirectOpen, type PolicyTerms } from './network.ts';
import type {
  ClosedEndpoint,
  HostBinding,
  LinkIntent,
  ProxiedPort,
  ProxyAnswers,
  PublishedIntent,
} from './values.ts';

/**
 * What Docker means for one published port in one family: nothing in the other family, on an internal network, or where the
 * container has no address of the family, so that docker-proxy alone serves it (but see {@link proxiedIntent}).
 */
export function publishedIntent(
  published: PublishedPort,
  network: LiveNetwork,
  family: Family,
  terms: PolicyTerms,
): PublishedIntent | undefined {
  const { endpoint, proto, port, hostIp } = published;
  const address = endpoint === undefined ? '' : addressIn(endpoint, family);
  if (address === '' || familyOf(hostIp) !== family || network.internal) return undefined;
  const { era, settings } = terms;
  return {
    network: network.name,
    bridge: network.bridge,
    proto,
    address,
    port,
    binding: network.gatewayMode[family] === 'routed' ? undefined : bindingOf(published, family, terms),
    admitted: network.gatewayMode[family] === 'nat-unprotected' ? 'with-network' : 'by-port',
    closedDirectly: directAccessOf(network, family, terms).closes === 'ports',
    fillsChecksums:
      proto === 'sctp' &&
      (era.sctpChecksum === 'always' || (era.sctpChecksum === 'asked' && settings.sctpChecksum)),
  };
}

/**
 * A port on an IPv6 address of the host that docker-proxy asks of an address in IPv4: an Engine that writes with nftables lets packets
 * from outside to that address and port through all the same (moby 29, `setPerPortForwarding` of nftabler); with iptables it does not.
 */
export function proxiedIntent(
  { proxied, proto, port }: PublishedPort,
  network: LiveNetwork,
  { settings }: PolicyTerms,
): PublishedIntent | undefined {
  if (proxied === undefined || proxied.ipv4 === '' || network.internal || !settings.userlandProxy)
    return undefined;
  return {
    network: network.name,
    bridge: network.bridge,
    proto,
    address: proxied.ipv4,
    port,
    binding: undefined,
    admitted: network.gatewayMode.ipv4 === 'nat-unprotected' ? 'with-network' : 'by-port',
    closedDirectly: false,
    fillsChecksums: false,
  };
}

/** What of a port docker-proxy alone serves, by IPv6: nothing where it does not run, and on an internal network. */
export function proxiedPort(
  { proxied, proto, port, hostIp, hostPort }: PublishedPort,
  network: LiveNetwork,
  { era, settings }: PolicyTerms,
): ProxiedPort | undefined {
  if (proxied === undefined || hostPort === undefined || network.internal || !settings.userlandProxy)
    return undefined;
  return {
    ...{ network: network.name, bridge: network.bridge, proto, address: proxied.ipv4, port },
    binding: {
      address: isAny(hostIp) ? '' : hostIp,
      port: hostPort,
      proxyAnswers: answersOf(proto, hostIp, era),
    },
  };
}

/** What is bound to one address answers from it, and a connection has both its addresses. */
const answersOf = (proto: Protocol, hostIp: string, era: PolicyEra): ProxyAnswers =>
  proto === 'udp' && isAny(hostIp) ? era.proxyAnswers : 'as-asked';

function bindingOf(
  { hostIp, hostPort, proto }: PublishedPort,
  family: Family,
  { era, settings }: PolicyTerms,
): HostBinding | undefined {
  if (hostPort === undefined) return undefined;
  return {
    address: isAny(hostIp) ? '' : hostIp,
    port: hostPort,
    ownNetwork: settings.userlandProxy ? 'docker-proxy' : 'translation',
    proxyAnswers: answersOf(proto, hostIp, era),
    linkLocal: family === 'ipv6' && era.skipsLinkLocal ? 'docker-proxy' : 'translation',
    hairpin: era.hairpinPorts === 'always' || !settings.userlandProxy,
    closedRemotely: family === 'ipv4' && hostIp.startsWith('127.') && !isDirectOpen(era, settings),
  };
}

/** An endpoint that Docker closes to packets past its bridge; undefined where it does not, or there is no address to close. */
export function closedEndpoint(
  endpoint: Endpoint,
  network: LiveNetwork,
  family: Family,
  terms: PolicyTerms,
): ClosedEndpoint | undefined {
  const address = addressIn(endpoint, family);
  const direct = directAccessOf(network, family, terms);
  if (address === '' || network.internal || direct.closes !== 'addresses') return undefined;
  return { bridge: network.bridge, address, trusted: direct.trusted };
}

/**
 * What a `--link` lets through; undefined where all containers of the network reach each other anyway. In IPv4 alone: no other
 * addresses are handed on (moby, `AddLink` of 20.10 to 29).
 */
export function linkIntent(link: Link, network: LiveNetwork, family: Family): LinkIntent | undefined {
  const [from, to] = [addressIn(link.parent, 'ipv4'), addressIn(link.child, 'ipv4')];
  if (family !== 'ipv4' || network.icc || from === '' || to === '') return undefined;
  return { bridge: network.bridge, from, to, proto: link.proto, port: link.port };
}
