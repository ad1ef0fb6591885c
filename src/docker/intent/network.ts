import { formatBlock, parseBlock } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import type { PolicyEra } from '../era.ts';
import type { LiveNetwork, Network } from '../inventory/inventory.ts';
import type { Settings } from '../settings.ts';
import { trustedBy, trusts } from './trusted.ts';
import type {
  DirectAccess,
  LeavesAs,
  MaskedSource,
  NetworkIntent,
  OpenNetwork,
  OtherNetworks,
  UnpublishedPorts,
  WithinNetwork,
} from './values.ts';

/** What decides about packets beside the networks themselves. */
export interface PolicyTerms {
  readonly era: PolicyEra;
  readonly settings: Settings;
  /** Whether the rules are in nftables' own tables. */
  readonly byNftables: boolean;
}

/** What Docker means for the packets of one bridge network in one family; undefined where it means nothing. */
export function networkIntent(
  network: LiveNetwork,
  family: Family,
  terms: PolicyTerms,
): NetworkIntent | undefined {
  const { era } = terms;
  const named = { network: network.name, bridge: network.bridge };
  if (!uses(network, family)) {
    const isKeptApart = !network.internal && family === 'ipv6' && era.keepsApart && era.keepsUnusedApart;
    return isKeptApart ? { kind: 'unused', ...named, others: 'apart' } : undefined;
  }
  const inside: WithinNetwork = network.icc ? 'open' : 'links-only';
  const subnets = subnetsOf(network, family);
  if (network.internal)
    return {
      kind: 'internal',
      ...named,
      subnets,
      inside,
      out: terms.byNftables ? 'left-to-others' : 'closed',
    };
  const leaves = leavingOf(network, family);
  const isRouted = network.gatewayMode[family] === 'routed';
  return {
    kind: 'open',
    ...named,
    subnets,
    inside,
    leaves,
    fromHost: terms.settings.userlandProxy ? undefined : maskOf(network, family),
    asksPublished: asksProxy(network, isRouted, terms) ? 'docker-proxy' : 'translation',
    unpublished: unpublishedOf(network, family, era),
    direct: directAccessOf(network, family, terms),
    others: othersOf(isRouted, era),
  };
}

/** Whether a network has addresses of a family. */
const uses = (network: LiveNetwork, family: Family): boolean =>
  family === 'ipv4' ? network.ipv4 : network.ipv6;

/** The address that hides a network's own in one family, where something does. */
export function maskOf({ hostAddress }: Pick<Network, 'hostAddress'>, family: Family): MaskedSource {
  const address = hostAddress[family];
  return address === '' ? { as: 'interface' } : { as: 'address', address };
}

/**
 * As whom packets leave a network: not masked by option, and in gateway modes `routed` and `isolated`. Not for an internal
 * one, which nothing leaves.
 */
export function leavingOf(
  network: Pick<Network, 'gatewayMode' | 'masquerade' | 'hostAddress'>,
  family: Family,
): LeavesAs {
  const mode = network.gatewayMode[family];
  const isMasked = network.masquerade && (mode === 'nat' || mode === 'nat-unprotected');
  return isMasked ? maskOf(network, family) : { as: 'itself' };
}

/**
 * Whether this host has an address on a network's bridge: not in gateway mode `isolated` (28.0 and later, which switches IPv6
 * off there), nor with `inhibit_ipv4`. Without one the host and its containers do not reach each other.
 */
export const hasHostAddress = (
  { gatewayMode, inhibitIpv4 }: Pick<Network, 'gatewayMode' | 'inhibitIpv4'>,
  family: Family,
): boolean => gatewayMode[family] !== 'isolated' && (family !== 'ipv4' || !inhibitIpv4);

/** What is closed to packets addressed to the containers of a network themselves. Gateway mode `nat` alone closes anything. */
export function directAccessOf(
  network: Pick<Network, 'gatewayMode' | 'trustedInterfaces'>,
  family: Family,
  {
    era,
    settings,
    byNftables,
  }: Pick<PolicyTerms, 'era' | 'byNftables'> & { settings: Pick<Settings, 'noRaw' | 'directRouting'> },
): DirectAccess {
  if (network.gatewayMode[family] !== 'nat' || isDirectOpen(era, settings)) return { closes: 'nothing' };
  if (era.closesDirect !== 'addresses') return { closes: era.closesDirect };
  return settings.directRouting
    ? { closes: 'nothing' }
    : { closes: 'addresses', trusted: trustedBy(network.trustedInterfaces, { byNftables }) };
}

/** Whether nothing at all is closed to packets past a bridge, not even a port on the host's loopback address. */
export const isDirectOpen = (era: PolicyEra, { noRaw }: Pick<Settings, 'noRaw'>): boolean =>
  era.closesDirect === 'nothing' || (era.directOptional && noRaw);

/**
 * Whether Docker lets the answers to a network's containers back in: not where they are addressed to the container itself, since it
 * left unmasked, and its address is closed (seen on 28.5 and 29.7).
 *
 * @param by - the interface they come in by
 */
export const answersReturn = (
  { leaves, direct }: Pick<OpenNetwork, 'leaves' | 'direct'>,
  by: string,
): boolean => leaves.as !== 'itself' || direct.closes !== 'addresses' || trusts(direct.trusted, by);

function asksProxy({ masquerade }: LiveNetwork, isRouted: boolean, { era, settings }: PolicyTerms): boolean {
  if (!settings.userlandProxy || era.proxyServes === 'none') return false;
  // By option alone: routed networks are served so as well (recorded on 28.5).
  return masquerade || (isRouted && era.proxyServes === 'routed-too');
}

function unpublishedOf({ gatewayMode }: LiveNetwork, family: Family, era: PolicyEra): UnpublishedPorts {
  if (!era.closesUnpublished) return 'left-to-host';
  switch (gatewayMode[family]) {
    case 'nat-unprotected':
      return 'open';
    case 'routed':
      return 'ping-only';
    case 'nat':
    case 'isolated':
      return 'closed';
  }
}

function othersOf(isRouted: boolean, era: PolicyEra): OtherNetworks {
  if (!era.keepsApart) return 'as-outside';
  return isRouted && era.closesUnpublished ? 'receives' : 'apart';
}

/** The subnets of one family, as the kernel masks them. */
function subnetsOf({ subnets }: LiveNetwork, family: Family): readonly string[] {
  return subnets.flatMap((subnet) => {
    const block = parseBlock(subnet);
    return block?.family === family ? [formatBlock(block)] : [];
  });
}
