import { blockOf, sameBlock } from '../../../net/address.ts';
import { familyOf } from '../../../net/family.ts';
import { inBlock } from '../../../trace/routing/addresses.ts';
import { checksOf } from '../../checks/check.ts';
import { addressOf, gatewayOf, insideOf, linkInside, membersOf, type Member } from '../../lookup.ts';
import { holding } from '../../paths/routes.ts';
import { advise } from '../../remedies/proposal.ts';
import { placesAside } from '../aside.ts';
import type { PeerCause, PeerHost } from '../peer.ts';
import type { BothHosts } from '../way.ts';

const { fail, unknown } = checksOf('wire');

/** Whoever of a host has an address on a wire: a container past the host's rules, or the host itself. */
function holderOf(address: string, { about: { host }, facts }: PeerHost): string | undefined {
  const link = facts.netState.links.find(
    ({ name, addresses }) => name !== 'lo' && addresses.some((one) => sameBlock(one.address, address)),
  );
  if (link !== undefined) return `${host}: ${link.name}`;
  const bridged = new Set(membersOf(facts).map(({ attached }) => attached));
  const [found] = facts.containers.flatMap((container) =>
    placesAside(container, facts).flatMap(({ attached, network }) =>
      network.driver !== 'overlay' &&
      !bridged.has(attached) &&
      [attached.ipv4, attached.ipv6].some((own) => own !== '' && sameBlock(own, address))
        ? [`${host}: ${container.name}, ${network.driver} network ${network.name}`]
        : [],
    ),
  );
  return found;
}

/** Addresses that both hosts gave out on one wire: each Engine gives out its own, and knows nothing of the other's. */
export function judgeTwice(from: Member, to: Member, { asking, asked }: BothHosts): readonly PeerCause[] {
  const family = to.attached.ipv4 !== '' && from.attached.ipv4 !== '' ? 'ipv4' : 'ipv6';
  return [
    ...judgeHeld(addressOf(to.attached, family), asked, asking),
    ...judgeHeld(addressOf(from.attached, family), asking, asked),
  ].slice(0, 1);
}

/** Whether an address of one host's container is somebody's on the other host too. */
export function judgeHeld(address: string, own: PeerHost, other: PeerHost): readonly PeerCause[] {
  const second = address === '' ? undefined : holderOf(address, other);
  if (second === undefined) return [];
  return [
    {
      place: 'between',
      host: other.about.host,
      check: fail('wire-address-twice', `${address} is an address of both hosts`, {
        about: address,
        meaning: 'each Engine gives addresses out by itself: whoever asks gets either of the two',
        evidence: [holderOf(address, own) ?? own.about.host, second],
        remedies: [
          advise(
            'make the network again on one host with --ip-range, a part of the subnet for each host, or start one of the containers with another --ip',
          ),
        ],
      }),
    },
  ];
}

/** The number of a VLAN by Docker's way of naming one: `eth0.10`; '' for none. */
const tagOf = (parent: string): string => /\.(\d{1,4})$/.exec(parent)?.[1] ?? '';

/** Whether both ends can be on one wire: in one subnet, and of one VLAN as far as names tell. */
export function judgeTogether(from: Member, to: Member, hosts: BothHosts): readonly PeerCause[] {
  const family = familyOf(to.attached.ipv4 !== '' ? to.attached.ipv4 : to.attached.ipv6);
  const tags = [from, to].map(({ network: { parent = '' } }) => tagOf(parent));
  const ways = [
    wayTo(addressOf(to.attached, family), from, hosts.asking),
    wayTo(addressOf(from.attached, family), to, hosts.asked),
  ].flatMap((one) => one);
  if (ways.length > 0 || tags[0] === tags[1]) return ways;
  const named = ([from, to] as const).map(
    ({ network }, at) => `${network.parent ?? ''} of ${(at === 0 ? hosts.asking : hosts.asked).about.host}`,
  );
  return [
    {
      place: 'between',
      host: hosts.asked.about.host,
      check: unknown('wire-apart', `cannot tell whether ${named.join(' and ')} are one VLAN`, {
        about: to.network.name,
        meaning: 'by their names they are not; what a switch makes of tags is not seen',
        remedies: [
          advise('see the number on each host: ip -d link show; give both networks parents of one VLAN'),
        ],
      }),
    },
  ];
}

/** What is wrong with the way from a container's place to an address on the other end. */
export function wayTo(address: string, member: Member, { about: { host } }: PeerHost): readonly PeerCause[] {
  const { container, network, attached } = member;
  const { name } = container;
  const family = familyOf(address);
  const inside = insideOf(container);
  const [route] = inside === undefined ? [] : holding(address, inside);
  const isNear =
    route === undefined
      ? network.subnets.some((subnet) => inBlock(address, blockOf(subnet)) === true)
      : route.via === '' && route.dev === linkInside(member)?.name;
  if (isNear) return [];
  const gateway = route === undefined ? gatewayOf(attached, family) : route.via;
  const facets = {
    about: network.name,
    evidence: [
      `${network.name} of ${host}: ${network.subnets.join(', ')}`,
      ...(route === undefined
        ? []
        : [`route in ${name}: ${route.to}${route.via === '' ? '' : ` via ${route.via}`} dev ${route.dev}`]),
    ],
  };
  if (inside !== undefined && route === undefined)
    return [
      {
        ...{ place: 'between', host },
        check: fail('wire-apart', `${name} on ${host} has no route to ${address}`, {
          ...facets,
          meaning: 'the networks of both ends are of two subnets, and nobody leads from one into the other',
          remedies: [
            advise(
              'make both networks of one subnet, each with an --ip-range of its own, or give them a gateway that routes between both',
            ),
          ],
        }),
      },
    ];
  return [
    {
      ...{ place: 'between', host },
      check: unknown(
        'wire-apart',
        `cannot tell whether ${gateway === '' ? 'the way' : gateway} leads from ${name} on ${host} to ${address}`,
        {
          ...facets,
          meaning: 'the networks of both ends are of two subnets; who routes between them is not seen',
          remedies: [advise('look there for routes to both subnets, or make both networks of one subnet')],
        },
      ),
    },
  ];
}
