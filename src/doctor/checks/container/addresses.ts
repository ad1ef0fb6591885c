import type { NetworkPlace } from '../../../docker/inventory/container-answer.ts';
import { sameBlock } from '../../../net/address.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { sh } from '../../../shell.ts';
import type { NetworkLink, Route } from '../../../trace/network-state.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { ContainerFacts, Inside } from '../../facts/facts.ts';
import { flagOf, giveAddress, giveDefault, within } from './inside-commands.ts';
import { addressOf, gatewayOf, insideLinkOf, sysctl, sysctlName, type Member } from '../../lookup.ts';

const { warn, fail } = checksOf('container');

/** A container's place on a network, and the interface inside that carries it. */
interface Seat extends Member {
  readonly inside: Inside;
  readonly link: NetworkLink;
}

/**
 * What a container has lost inside of what the Engine gave it, in both families: its interface, its addresses, its default
 * routes; and whether IPv6 is switched off there.
 *
 * @param members - its places on bridge networks
 * @param outer - its places on macvlan and ipvlan networks that are not internal
 */
export function judgeAddresses(
  container: ContainerFacts,
  inside: Inside,
  members: readonly Member[],
  outer: readonly NetworkPlace[] = [],
): readonly Check[] {
  const seats = members.flatMap((member): readonly Seat[] => {
    const link = insideLinkOf(inside, member.attached) ?? inside.links.find(({ name }) => name !== 'lo');
    // Without any interface it is judged with the links: there is nothing an address could be on.
    return link === undefined ? [] : [{ ...member, inside, link }];
  });
  const down = seats.filter(({ link }) => !link.up);
  const lost = FAMILIES.filter((family) => seats.some((seat) => hasLost(seat, family)));
  return [
    ...down.map(judgeDown),
    ...seats.filter(({ link }) => link.up).flatMap(judgeSeat),
    // Routes go with the address they stand on.
    ...FAMILIES.filter((family) => down.length === 0 && !lost.includes(family)).flatMap((family) =>
      judgeDefault(container, inside, seats, outer, family),
    ),
  ];
}

/** Whether the Engine gave it an address of that family which it does not have. */
function hasLost({ attached, link }: Seat, family: Family): boolean {
  const given = addressOf(attached, family);
  return given !== '' && !link.addresses.some(({ address }) => sameBlock(address, given));
}

const offPath = (dev: string): string => `ipv6/conf/${dev}/disable_ipv6`;

/**
 * Whether the kernel has IPv6 switched off on an interface inside. Only its own setting shows it: Engine 20.10 leaves `all` and
 * `default` at 1 in every container, and switches IPv6 on where a network has it.
 */
const isOff = (inside: Inside, dev: string): boolean => sysctl(inside, offPath(dev)) === '1';

/** What gives back an address of one family, and the default route that went with it. */
const giveBack = (seat: Seat, family: Family): readonly string[] => [
  giveAddress(seat, family, seat.inside, seat.link.name),
  ...giveRoute(seat, family),
];

/** Where another network's default route still stands, that is the one to keep. */
const giveRoute = (seat: Seat, family: Family): readonly string[] =>
  defaultsOf(seat.inside, family).length > 0 ? [] : giveDefault(seat, family, seat.inside, seat.link.name);

function judgeDown(seat: Seat): Check {
  const { container, network, inside, link } = seat;
  const { name } = container;
  // The kernel takes IPv6 addresses off an interface that goes down, and the routes of both families.
  const isSixDue = hasLost(seat, 'ipv6') && !isOff(inside, link.name);
  return fail('container-interface-down', `${link.name} inside ${name} is down`, {
    about: name,
    impairs: [name],
    meaning: `${name} is cut off from network ${network.name}`,
    evidence: [`${link.name}: DOWN`],
    remedies: [
      untried(
        'inside',
        'set it up',
        within(inside, sh`ip link set dev ${link.name} up`),
        ...giveRoute(seat, 'ipv4'),
        ...(isSixDue ? giveBack(seat, 'ipv6') : []),
      ),
    ],
  });
}

function judgeSeat(seat: Seat): readonly Check[] {
  const isSixOff = isOff(seat.inside, seat.link.name) && hasLost(seat, 'ipv6');
  const lost = FAMILIES.filter((family) => hasLost(seat, family) && !(family === 'ipv6' && isSixOff));
  return [
    ...(lost.length > 0 ? [judgeLost(seat, lost)] : []),
    ...(isSixOff ? [judgeOff(seat, startedOff(seat))] : []),
  ];
}

function judgeLost(seat: Seat, lost: readonly Family[]): Check {
  const { container, attached, network, link } = seat;
  const { name } = container;
  const given = listNames(lost.map((family) => addressOf(attached, family)));
  return fail(
    'container-address-missing',
    `${name} has lost its ${lost.length === 1 ? 'address' : 'addresses'} ${given} on network ${network.name}`,
    {
      about: name,
      impairs: [name],
      meaning: 'what is sent to it is not received',
      evidence: [
        `${link.name} inside has ${link.addresses.map(({ address }) => address).join(', ') || 'no address'}`,
      ],
      remedies: [untried('inside', 'restore it', ...lost.flatMap((family) => giveBack(seat, family)))],
    },
  );
}

/** The setting it was started with that has IPv6 switched off; undefined where none has. */
function startedOff({ container, link }: Seat): string | undefined {
  const sysctls = container.sysctls ?? {};
  return ['all', link.name]
    .map((dev) => `net.ipv6.conf.${dev}.disable_ipv6`)
    .find((setting) => sysctls[setting] === '1');
}

function judgeOff(seat: Seat, started: string | undefined): Check {
  const { container, attached, network, inside, link } = seat;
  const { name } = container;
  const setting = `${sysctlName(offPath(link.name))} = 1 inside`;
  if (started !== undefined)
    return warn('container-ipv6-off', `IPv6 is switched off inside ${name}, as it was started`, {
      about: name,
      meaning: `the Engine gave it ${attached.ipv6} all the same: what is sent there finds nobody`,
      evidence: [setting, `--sysctl ${started}=1`],
      remedies: [advise(`if it should have IPv6, run ${name} again without --sysctl ${started}`)],
    });
  const devs = [link.name, ...(isOff(inside, 'lo') ? ['lo'] : [])];
  return fail('container-ipv6-off', `IPv6 is switched off on ${link.name} inside ${name}`, {
    about: name,
    impairs: [name],
    meaning: `by IPv6 it reaches nobody on network ${network.name}, and nobody reaches it`,
    evidence: [setting, `the Engine gave it ${attached.ipv6}`],
    remedies: [
      untried(
        'inside',
        'enable it, and restore what went with it',
        ...devs.map((dev) => within(inside, sh`sysctl -w ${sysctlName(offPath(dev))}=0`)),
        ...giveBack(seat, 'ipv6'),
      ),
    ],
  });
}

const ANYWHERE = { ipv4: '0.0.0.0/0', ipv6: '::/0' } as const;
/** What the kernel gives a route that names no metric. */
const USUAL_METRIC = { ipv4: 0, ipv6: 1024 } as const;

const defaultsOf = ({ routes }: Inside, of: Family): readonly Route[] =>
  routes.filter(({ family, to, type: kind }) => family === of && to === ANYWHERE[of] && kind === 'unicast');

/** Where a container sends what is not its own networks'. */
function judgeDefault(
  { name, attachments }: ContainerFacts,
  inside: Inside,
  seats: readonly Seat[],
  outer: readonly NetworkPlace[],
  family: Family,
): readonly Check[] {
  const [first, ...others] = seats.filter(
    ({ attached, network }) => gatewayOf(attached, family) !== '' && !network.internal,
  );
  if (first === undefined) return [];
  const found = defaultsOf(inside, family);
  // Engine 29 leaves the way out to such a network, even where it has no gateway to lead it to.
  const isOuter = outer.some((one) => addressOf(one, family) !== '' && gatewayOf(one, family) === '');
  if (found.length === 0 && isOuter) return [];
  const due = listNames([first, ...others].map(({ attached }) => gatewayOf(attached, family)));
  const by = family === 'ipv4' ? '' : 'by IPv6 ';
  const facets = { about: name, impairs: [name] };
  const back = giveDefault(first, family, inside, first.link.name);
  if (found.length === 0)
    return [
      fail('container-no-default-route', `${name} has no ${by === '' ? '' : 'IPv6 '}default route`, {
        ...facets,
        meaning: `${by}it answers its own network only: the outside, and clients of its published ports, get no reply`,
        evidence: [`ip ${flagOf(family)}route inside: no default`, `the Engine gave it ${due}`],
        remedies: [untried('inside', 'restore it', ...back)],
      }),
    ];
  const least = Math.min(...found.map(({ metric }) => metric));
  const taken = found.filter(({ metric }) => metric === least);
  const known = attachments.map((attached) => gatewayOf(attached, family)).filter((via) => via !== '');
  // Networks of other drivers may lead it outside, and so may a tunnel of its own.
  const isRight = ({ via, dev }: Route): boolean =>
    known.some((gateway) => sameBlock(gateway, via)) || !seats.some(({ link }) => link.name === dev);
  if (taken.some(isRight)) return [];
  // A route of another metric stays beside the one restored, and goes before it.
  const out = taken
    .filter(({ metric }) => metric < USUAL_METRIC[family])
    .map(({ via, dev, metric }) => within(inside, takeOut(family, via, dev, metric)));
  return [
    fail(
      'container-wrong-gateway',
      `${name} sends ${by}to ${taken[0]?.via || 'no gateway'} what it should send to ${due}`,
      {
        ...facets,
        meaning: 'its packets to the outside, and its replies to clients there, get lost',
        evidence: taken.map(
          ({ via, dev }) => `ip ${flagOf(family)}route inside: default via ${via} dev ${dev}`,
        ),
        remedies: [untried('inside', 'restore it', ...out, ...back)],
      },
    ),
  ];
}

const takeOut = (family: Family, via: string, dev: string, metric: number): string =>
  `ip ${flagOf(family)}route del default${via === '' ? '' : sh` via ${via}`}${sh` dev ${dev} metric ${metric}`}`;
