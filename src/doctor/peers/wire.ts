import { blockOf } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import { inBlock } from '../../trace/routing/addresses.ts';
import type { NetworkLink, Route } from '../../trace/network-state.ts';
import { sh } from '../../shell.ts';
import { checksOf } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import { linkOf } from '../lookup.ts';
import { harmless } from '../remedies/offer.ts';
import { advise, proposal } from '../remedies/proposal.ts';
import { holding } from '../paths/routes.ts';
import { isNear, wireWith, wiresOf, type WireDoor } from './door.ts';
import type { PeerCause, PeerHost, WirePacket } from './peer.ts';

const { fail, unknown } = checksOf('wire');

/** One direction of the way over the wire. */
export interface Crossing {
  readonly packet: WirePacket;
  readonly from: PeerHost;
  readonly to: PeerHost;
  /** Where it comes in; undefined where nothing says so. */
  readonly door: WireDoor | undefined;
}

const cause = (host: PeerHost, check: Check): PeerCause => ({
  place: 'between',
  host: host.about.host,
  check,
});

/** Kinds of interfaces on which neighbours are asked for by address; into a tunnel everything goes unasked. */
const ASKING = new Set(['', 'veth', 'bridge', 'vlan', 'bond', 'team', 'macvlan']);

/**
 * Whether a packet whose destination is no address of the other host's own interfaces gets to it: to a container's own address, or an answer to
 * one that left with it. The other host must be the next hop; what a router in between knows is not seen.
 */
export function judgeCarried(
  { packet, from, to, door }: Crossing,
  way: 'there' | 'back',
): readonly PeerCause[] {
  const { address, nextHop, dev } = packet;
  if (wireWith(address, to.facts) !== undefined || door?.isDirect === true) return [];
  const [link] = wiresOf(from.facts).filter(({ name }) => name === dev);
  // What it keeps in a network of its own is told as such.
  if (link === undefined) return [];
  const subnet = subnetWith(address, to) ?? `${address}/${address.includes(':') ? '128' : '32'}`;
  const remedies = routeRemedies(subnet, link, { from, to });
  if (nextHop === '' && ASKING.has(link.kind))
    return [
      cause(
        from,
        fail('wire-nobody', `${from.about.host} asks for ${address} on ${dev} itself, where nobody has it`, {
          about: dev,
          meaning: `it is an address of a container of ${to.about.host}, behind that host: only ${to.about.host} can pass packets on to it`,
          evidence: routeLines(address, from),
          remedies,
        }),
      ),
    ];
  const router = nextHop === '' ? `what ${dev} leads to` : nextHop;
  const code = way === 'there' ? 'wire-route-there' : 'wire-route-back';
  return [
    cause(
      from,
      unknown(code, `cannot tell whether ${router} passes packets for ${subnet} on to ${to.about.host}`, {
        about: dev,
        meaning:
          way === 'there'
            ? `${from.about.host} sends packets for containers of ${to.about.host} to ${router}, whose routes are not seen`
            : `packets of ${to.about.host} leave with the container's own address, and their answers go to ${router}, whose routes are not seen`,
        evidence: routeLines(address, from),
        remedies: [
          ...remedies,
          advise(`give ${router} a route: ${subnet} via an address of ${to.about.host}`),
        ],
      }),
    ),
  ];
}

/** The route by which a host looks for an address. */
export const routeLines = (address: string, { facts }: Pick<PeerHost, 'facts'>): readonly string[] =>
  holding(address, facts.netState)
    .slice(0, 1)
    .map(({ to, via, dev }) => `route there: ${to}${via === '' ? '' : ` via ${via}`} dev ${dev}`);

/** The network of a host's that holds an address. */
const subnetWith = (address: string, { facts }: PeerHost): string | undefined =>
  facts.networks
    .flatMap(({ subnets }) => subnets)
    .find((subnet) => inBlock(address, blockOf(subnet)) === true);

/** Where both hosts are on one wire, the route that leads there without anybody in between. */
function routeRemedies(
  subnet: string,
  link: NetworkLink,
  { from, to }: Pick<Crossing, 'from' | 'to'>,
): Check['remedies'] {
  const family = familyOf(subnet);
  const gateway = wiresOf(to.facts)
    .flatMap(({ addresses }) => addresses)
    .find((own) => own.family === family && own.scope === 'global' && isNear(link, own.address));
  if (gateway === undefined) return [];
  const route: Route = {
    ...{ family, table: 'main', type: 'unicast', to: subnet, via: gateway.address, dev: link.name },
    ...{ metric: 0, prefSource: '', flags: [] },
  };
  const ip = family === 'ipv6' ? 'ip -6' : 'ip';
  return harmless(
    [
      proposal(`lead ${subnet} to ${to.about.host}; for good in your network configuration`, {
        command: `${ip} ${sh`route replace ${subnet} via ${gateway.address} dev ${link.name}`}`,
        change: { of: 'route', op: 'add', route },
      }),
    ],
    from.facts,
  );
}

/** What is wrong with the wire itself where nobody routes between both interfaces. */
export function judgeSegment({ packet, from, to, door }: Crossing): readonly PeerCause[] {
  const link = linkOf(from.facts.netState, packet.dev);
  if (link === undefined || door?.isDirect !== true) return [];
  const twice = sharedAddress(link, to);
  return [
    ...(twice === undefined
      ? []
      : [
          cause(
            from,
            fail('wire-address-twice', `${twice} is an address of both hosts`, {
              about: link.name,
              meaning: 'answers to it come to either of them, or to nobody',
              evidence: [
                `${from.about.host}: ${link.name}`,
                `${to.about.host}: ${wireWith(twice, to.facts)?.name ?? ''}`,
              ],
              remedies: [advise('give one of the hosts another address, in its network configuration')],
            }),
          ),
        ]),
    ...(link.mac !== '' && link.mac === door.link.mac && twice === undefined
      ? [
          cause(
            from,
            fail(
              'wire-mac-twice',
              `${link.name} and ${door.link.name} of both hosts have one hardware address, ${link.mac}`,
              {
                about: link.name,
                meaning:
                  'a switch sends packets for it to whichever host spoke last: one of them is a copy of the other',
                remedies: [advise('give the copy a hardware address of its own')],
              },
            ),
          ),
        ]
      : []),
  ];
}

const sharedAddress = ({ addresses }: NetworkLink, { facts }: PeerHost): string | undefined =>
  addresses.find(({ scope, address }) => scope === 'global' && wireWith(address, facts) !== undefined)
    ?.address;

/**
 * Packets larger than the other end of one wire takes: nobody tells the sender, for nobody routes them.
 *
 * @param largest - what both ends of the connection agree on, in bytes of a packet
 */
export function judgeWireMtu({ packet, from, to, door }: Crossing, largest: number): readonly PeerCause[] {
  const link = linkOf(from.facts.netState, packet.dev);
  if (link === undefined || door?.isDirect !== true) return [];
  const size = Math.min(largest, link.mtu);
  if (size <= door.link.mtu) return [];
  return [
    cause(
      to,
      fail(
        'wire-mtu',
        `packets of more than ${String(door.link.mtu)} bytes from ${from.about.host} are lost at ${door.link.name} of ${to.about.host}`,
        {
          about: door.link.name,
          meaning:
            'connections open, and hang with the first large packet: nobody in between tells the sender',
          evidence: [
            `${from.about.host}: ${link.name} mtu ${String(link.mtu)}`,
            `${to.about.host}: ${door.link.name} mtu ${String(door.link.mtu)}`,
          ],
          remedies: [
            ...harmless(
              [
                proposal(
                  `take packets as large as ${from.about.host} sends; for good in your network configuration`,
                  {
                    command: sh`ip link set dev ${door.link.name} mtu ${link.mtu}`,
                    change: { of: 'link', name: door.link.name, fields: { mtu: link.mtu } },
                  },
                ),
              ],
              to.facts,
            ),
            advise(`have ${from.about.host} send smaller ones: mtu ${String(door.link.mtu)} on ${link.name}`),
          ],
        },
      ),
    ),
  ];
}
