import type { LiveNetwork } from '../../../docker/inventory/inventory.ts';
import { blockOf, canonicalBlock, type AddressBlock } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import type { NetworkLink } from '../../../trace/network-state.ts';
import { addBridge, attachUp, giveAddress, setUp } from '../../remedies/links.ts';
import { tried } from '../../remedies/offer.ts';
import type { RemedyStep } from '../../remedies/proposal.ts';
import { setSysctl } from '../../remedies/routing.ts';
import { checksOf } from '../check.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { within } from '../container/inside-commands.ts';
import { namesIn } from './kernel-settings.ts';
import { bridgeNetworks, insideOf, isBare, linkOf, membersOf, sysctlName, vethOf } from '../../lookup.ts';

const { ok, fail } = checksOf('host');

/** An address that a bridge should have, with its prefix length. */
interface Gateway {
  readonly family: Family;
  readonly address: string;
  readonly length: number;
}

/** Every bridge of Docker's: there, up, with its addresses. */
export function judgeBridges(facts: Facts): readonly Check[] {
  const networks = bridgeNetworks(facts);
  const checks = networks.flatMap((network) => judgeBridge(network, facts));
  if (networks.length === 0 || checks.length > 0) return checks;
  return [
    ok(
      'bridges',
      networks.length === 1
        ? 'the bridge is there, up, with its addresses'
        : `all ${String(networks.length)} bridges are there, up, with their addresses`,
    ),
  ];
}

function judgeBridge(network: LiveNetwork, facts: Facts): readonly Check[] {
  const { bridge, name } = network;
  const link = linkOf(facts.netState, bridge);
  const facets = { about: name, impairs: namesIn(facts, network) };
  const missing = missingFrom(link, gatewaysOf(network, facts));
  const give = missing.map((gateway) => giveAddress(bridge, gateway));
  if (link === undefined)
    return [
      fail('bridge-missing', `${bridge}, the bridge of network ${name}, is gone`, {
        ...facets,
        meaning: `no container of ${name} reaches anything`,
        evidence: [`ip link show ${bridge}: does not exist`],
        remedies: rebuild(network, facts, give),
      }),
    ];
  if (!link.up)
    return [
      fail('bridge-down', `${bridge}, the bridge of network ${name}, is down`, {
        ...facets,
        meaning: `no container of ${name} reaches anything`,
        evidence: [`${bridge}: DOWN`],
        // The kernel takes IPv6 addresses off an interface that goes down.
        remedies: tried('set it up', [setUp(bridge), ...give], facts),
      }),
    ];
  const off = `ipv6/conf/${bridge}/disable_ipv6`;
  if (network.ipv6 && !isBare(network, 'ipv6') && facts.netState.sysctls.get(off) === '1')
    return [
      fail('ipv6-disabled', `IPv6 is switched off on ${bridge}, the bridge of network ${name}`, {
        ...facets,
        meaning: `containers of ${name} reach nobody by IPv6`,
        evidence: [`${sysctlName(off)} = 1`],
        remedies: tried('switch it on', [setSysctl(off, '0'), ...give], facts),
      }),
    ];
  return missing.map(({ address, length }, i) =>
    fail(
      'bridge-address-missing',
      `${bridge} has lost its address ${address}, the gateway of network ${name}`,
      {
        ...facets,
        meaning: `containers of ${name} have no gateway, and the host has no route to them`,
        evidence: [
          `${bridge} has ${link.addresses.map((one) => `${one.address}/${String(one.length)}`).join(', ') || 'no address'}, not ${address}/${String(length)}`,
        ],
        remedies: tried('restore it', give.slice(i, i + 1), facts),
      },
    ),
  );
}

function gatewaysOf(network: LiveNetwork, facts: Facts): readonly Gateway[] {
  const blocks = network.subnets.flatMap((subnet) => blockOf(subnet) ?? []);
  // Engines do not report every gateway they chose themselves; its containers' default routes lead there.
  const given = membersOf(facts)
    .filter((member) => member.network.id === network.id && !network.internal)
    .flatMap(({ attached }) => [attached.gateway, attached.gateway6]);
  const all = [...network.gateways, ...given]
    .map((text) => text.replace(/\/.*$/, ''))
    .filter((text) => text !== '');
  const found = all.flatMap((address): readonly Gateway[] => {
    const own = blockOf(address);
    const block = own && blocks.find((one) => holds(one, own));
    if (block === undefined || isBare(network, block.family)) return [];
    return block.family === 'ipv6' && !network.ipv6
      ? []
      : [{ family: block.family, address, length: block.length }];
  });
  return [...new Map(found.map((one) => [canonicalBlock(one.address), one])).values()];
}

const holds = (block: AddressBlock, one: AddressBlock): boolean => {
  const bits = BigInt((block.family === 'ipv4' ? 32 : 128) - block.length);
  return block.family === one.family && block.base >> bits === one.base >> bits;
};

/** IPv6 addresses are spelled in many ways: compared as bits. */
function missingFrom(link: NetworkLink | undefined, gateways: readonly Gateway[]): readonly Gateway[] {
  const present = new Set((link?.addresses ?? []).map(({ address }) => blockOf(address)?.base));
  return gateways.filter(({ address }) => !present.has(blockOf(address)?.base));
}

function rebuild(network: LiveNetwork, facts: Facts, give: readonly RemedyStep[]): readonly Remedy[] {
  const { bridge, id } = network;
  const members = membersOf(facts).filter((member) => member.network.id === id);
  const veths = members.flatMap((member) => vethOf(member, facts)?.name ?? []);
  const insides = members.flatMap(({ container }) => insideOf(container) ?? []);
  return tried(
    'recreate it and attach the containers again',
    [
      addBridge(bridge),
      ...give,
      setUp(bridge),
      ...veths.map((veth) => attachUp(veth, bridge)),
      // The bridge has another hardware address now: what its containers know of their gateway is wrong for a while.
      ...insides.map((inside): RemedyStep => ({
        command: within(inside, 'ip neigh flush all'),
        change: { of: 'inside' },
      })),
    ],
    facts,
  );
}
