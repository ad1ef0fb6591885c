import { blockOf, sameBlock } from '../../net/address.ts';
import { familyOf } from '../../net/family.ts';
import type { LiveNetwork } from '../../docker/inventory/inventory.ts';
import type { Route } from '../../trace/network-state.ts';
import { inBlock } from '../../trace/routing/addresses.ts';
import { generalRoute } from '../../trace/routing/route.ts';
import { sh } from '../../shell.ts';
import { masqueraded } from '../checks/host/masquerade.ts';
import type { Check } from '../diagnosis.ts';
import { isUnseen } from '../facts/facts.ts';
import { isOwnAddress, membersOf } from '../lookup.ts';
import type { Followed } from '../paths/follow.ts';
import { holding } from '../paths/routes.ts';
import { harmless } from '../remedies/offer.ts';
import { isListed } from '../target/listed.ts';
import { checksOf } from '../checks/check.ts';
import { advise, proposal } from '../remedies/proposal.ts';
import { asideCheck, placesAside, unlistedWords } from './aside.ts';
import { isNear, wiresOf, wireWith } from './door.ts';
import type { PeerCause, PeerHost, WirePacket } from './peer.ts';
import { routeLines } from './wire.ts';

const { fail, unknown } = checksOf('wire');

/** The destination of a question is no address of the host that was asked, nor of a container's that is followed there. */
export const elsewhere = (packet: Pick<WirePacket, 'address'>, asked: PeerHost): PeerCause => ({
  place: 'asked',
  host: asked.about.host,
  check: undecided(packet, asked) ?? nobodys(packet, asked),
});

/** Where not all addresses of a host are known, or a container has it that packets are not followed to, nothing is wrong for all that is known. */
function undecided(
  { address }: Pick<WirePacket, 'address'>,
  { about: { host }, facts }: PeerHost,
): Check | undefined {
  const told = (why: string): Check =>
    unknown('address-elsewhere', `cannot tell whether ${host} or a container there has ${address}: ${why}`, {
      about: address,
      always: true,
    });
  if (isUnseen(facts, 'interfaces')) return told('its interfaces could not be read');
  if (!isListed(facts)) return told(unlistedWords(facts));
  return facts.containers.flatMap((container) => {
    const [place] = placesAside(container, facts).filter(({ attached: { ipv4, ipv6 } }) =>
      [ipv4, ipv6].some((own) => own !== '' && sameBlock(own, address)),
    );
    return place === undefined ? [] : [asideCheck(container, place)];
  })[0];
}

const nobodys = (packet: Pick<WirePacket, 'address'>, asked: PeerHost): Check =>
  fail(
    'address-elsewhere',
    `${packet.address} is no address of ${asked.about.host}, nor of a container there`,
    {
      about: packet.address,
      meaning: 'packets for it do not come to that host, or it has lost the address',
      evidence: wiresOf(asked.facts)
        .slice(0, 4)
        .map(
          ({ name, addresses }) =>
            `${name}: ${addresses.flatMap(({ address, scope }) => (scope === 'global' ? [address] : [])).join(', ') || 'no address'}`,
        ),
      remedies: [
        advise('give the host its address back in its network configuration, or ask for one that it has'),
      ],
    },
  );

/** The destination is an address of the asking host itself: nothing leaves it. */
export const here = (
  { address }: Pick<WirePacket, 'address'>,
  asking: PeerHost,
  asked: PeerHost,
): PeerCause => {
  const both = isOwnAddress(asked.facts.netState, address);
  return {
    place: 'asking',
    host: asking.about.host,
    check: fail('address-here', `${address} is an address of ${asking.about.host} itself`, {
      about: address,
      meaning: both
        ? `${asked.about.host} has it too; whoever asks for it on ${asking.about.host} gets that host`
        : `packets for it do not leave for ${asked.about.host}`,
      remedies: [advise(`ask for an address that ${asked.about.host} alone has`)],
    }),
  };
};

/** A network of a host's own in which it looks for an address of the other. */
interface OwnNetwork {
  readonly network: LiveNetwork;
  readonly subnet: string;
  /** Its bridge has that very address. */
  readonly isOwn: boolean;
}

function homeFor(address: string, { facts }: PeerHost): OwnNetwork | undefined {
  const found = generalRoute(facts.netState, address);
  if ((found.kind !== 'unicast' && found.kind !== 'local') || found.route.via !== '') return undefined;
  const { dev, to } = found.route;
  const network = facts.networks.find(({ bridge }) => bridge !== '' && bridge === dev);
  return network && { network, subnet: subnetWith(address, network) ?? to, isOwn: found.kind === 'local' };
}

const subnetWith = (address: string, { subnets }: Pick<LiveNetwork, 'subnets'>): string | undefined =>
  subnets.find((subnet) => inBlock(address, blockOf(subnet)) === true);

/** The asking host looks for the destination in a network of its own, so that nothing leaves it. */
export function keptHere(
  { address }: Pick<WirePacket, 'address'>,
  out: Followed | undefined,
  asking: PeerHost,
  asked: PeerHost,
): readonly PeerCause[] {
  const home = homeFor(address, asking);
  const led = out?.path.last.outInterface ?? '';
  if (home === undefined || (led !== '' && led !== home.network.bridge)) return [];
  const isNeighbour = out?.path.packet.inInterface === home.network.bridge;
  const isTaken = membersOf(asking.facts).some(({ attached: { ipv4, ipv6 } }) =>
    [ipv4, ipv6].some((own) => own !== '' && sameBlock(own, address)),
  );
  return [
    {
      ...{ place: 'asking', host: asking.about.host },
      check: overlapping(address, home, asking, {
        meaning: `that network holds ${home.subnet}: packets for ${asked.about.host} do not leave ${asking.about.host}`,
        // Who is on that network asks there without any route, and a container there would lose its packets.
        remedies: isNeighbour || isTaken ? [] : routesOut(address, asking, asked),
        instead: isOwnAddress(asked.facts.netState, address)
          ? ''
          : `ask for a port that ${asked.about.host} publishes, at an address of ${asked.about.host} itself, or `,
      }),
    },
  ];
}

/** The host that is asked looks for who asks in a network of its own, so that no answer leaves it. */
export function keptThere(source: string, asking: PeerHost, asked: PeerHost): readonly PeerCause[] {
  const home = homeFor(source, asked);
  if (home === undefined) return [];
  if (isOwnAddress(asking.facts.netState, source))
    return [
      {
        ...{ place: 'asked', host: asked.about.host },
        check: overlapping(source, home, asked, {
          meaning: `that network holds ${home.subnet}: answers to ${asking.about.host} do not leave ${asked.about.host}`,
          remedies: home.isOwn ? [] : routesOut(source, asked, asking),
        }),
      },
    ];
  const network = asking.facts.networks.find((one) => subnetWith(source, one) !== undefined);
  const subnet = network && subnetWith(source, network);
  return [
    {
      ...{ place: 'between', host: asking.about.host },
      check: overlapping(source, home, asked, {
        meaning: `networks of both hosts hold ${home.subnet}, and packets of ${asking.about.host} leave with the container's own address`,
        remedies:
          network === undefined || subnet === undefined
            ? []
            : masqueraded(subnet, network.bridge, asking.facts),
      }),
    },
  ];
}

function overlapping(
  address: string,
  { network: { name, bridge } }: OwnNetwork,
  { about: { host }, facts }: PeerHost,
  { meaning, remedies, instead = '' }: Pick<Check, 'meaning' | 'remedies'> & { readonly instead?: string },
): Check {
  const words =
    name === 'bridge'
      ? `give ${bridge} of ${host} another subnet (bip in /etc/docker/daemon.json)`
      : `make network ${name} of ${host} again with another --subnet`;
  return fail('wire-overlap', `${host} looks for ${address} on ${bridge}, in its own network ${name}`, {
    ...{ about: name, meaning },
    evidence: routeLines(address, { facts }),
    remedies: [...remedies, advise(`${remedies.length > 0 ? 'or ' : instead}${words}`)],
  });
}

/** The route by which one address would leave a host without its own network, where it leads to the other host. */
function routesOut(address: string, from: PeerHost, to: PeerHost): Check['remedies'] {
  const family = familyOf(address);
  const wires = wiresOf(from.facts);
  const [usual] = holding(address, from.facts.netState).filter(
    ({ table, type, dev }) =>
      table === 'main' && type === 'unicast' && wires.some(({ name }) => name === dev),
  );
  const link = wires.find(({ name }) => name === usual?.dev);
  if (usual === undefined || link === undefined) return [];
  // Only the other host passes on what is for a container of its own.
  const via =
    wireWith(address, to.facts) !== undefined
      ? usual.via
      : wiresOf(to.facts)
          .flatMap(({ addresses }) => addresses)
          .find((own) => own.family === family && own.scope === 'global' && isNear(link, own.address))
          ?.address;
  if (via === undefined) return [];
  const route: Route = {
    ...usual,
    to: `${address}/${family === 'ipv6' ? '128' : '32'}`,
    via,
    prefSource: '',
    flags: [],
  };
  const [ip, by] = [family === 'ipv6' ? 'ip -6' : 'ip', via === '' ? '' : sh` via ${via}`];
  return harmless(
    [
      proposal(`lead ${address} out of ${from.about.host}; for good in your network configuration`, {
        command: `${ip} ${sh`route replace ${route.to}`}${by} ${sh`dev ${link.name}`}`,
        change: { of: 'route', op: 'add', route },
      }),
    ],
    from.facts,
  );
}
