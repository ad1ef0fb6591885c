import { bridgesIn } from '../../../docker/inventory/set-aside.ts';
import { blockOf, formatBlock } from '../../../net/address.ts';
import { FAMILIES, type Family } from '../../../net/family.ts';
import { outsidersOf } from '../../../reach/outsiders.ts';
import { FROM_PORT, packetTo } from '../../../reach/question.ts';
import type { NetworkLink } from '../../../trace/network-state.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { isOwnAddress, uplinksOf } from '../../lookup.ts';
import { follow, pathLines, stopOf, type Followed } from '../../paths/follow.ts';
import type { PathRequest } from '../../paths/request.ts';
import { advise, proposal, type Proposal } from '../../remedies/proposal.ts';
import { insertRule, openPolicy, type RuleFields } from '../../remedies/iptables.ts';
import { offered } from '../../remedies/offer.ts';
import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { checksOf } from '../check.ts';

/** Guests of bridges that are not Docker's (libvirt's, LXD's, plain ones) and that the policy of FORWARD, which Docker closes, stops. */
export function judgeGuests(facts: Facts): readonly Check[] {
  const dockers = bridgesIn(facts);
  const { links } = facts.netState;
  return links
    .filter(
      ({ name, kind, up }) =>
        kind === 'bridge' &&
        up &&
        !dockers.has(name) &&
        links.some(({ master, up: isUp }) => master === name && isUp),
    )
    .flatMap((bridge) => FAMILIES.flatMap((family) => judgeBridge(bridge, family, facts)));
}

function judgeBridge(bridge: NetworkLink, family: Family, facts: Facts): readonly Check[] {
  const followed = guestPaths(bridge, family, facts)
    .flatMap((request) => follow(request, facts))
    .filter((one) => isByPolicy(one, facts));
  const [first] = followed;
  if (first === undefined) return [];
  const { name } = bridge;
  const six = family === 'ipv6' ? 'ipv6 ' : '';
  return [
    checksOf('host').fail(
      'guests-stopped',
      `the policy of ${six}filter FORWARD stops what hangs on ${name}, which is not Docker's`,
      {
        about: name,
        meaning:
          facts.tables === undefined
            ? 'Docker sets it to DROP and lets only its own networks through'
            : 'Docker with nftables does not set it: it may be left from when its firewall backend was iptables',
        evidence: [`-P FORWARD DROP`, ...pathLines(followed)],
        remedies: offered(
          { followed, first },
          facts,
          () => accepts(name, family, facts),
          advise(`let ${name} through in ${userChain(facts)}`),
        ),
      },
    ),
  ];
}

function isByPolicy(followed: Followed, facts: Facts): boolean {
  const stop = stopOf(followed);
  return (
    followed.outcome.is === 'stopped' &&
    stop?.hook === 'FORWARD' &&
    stop.end.rule === undefined &&
    stop.end.native === undefined &&
    stop.end.variant === facts.variant
  );
}

/** From a guest to a neighbour on its bridge, and to the outside. */
function guestPaths(bridge: NetworkLink, family: Family, facts: Facts): readonly PathRequest[] {
  const { name } = bridge;
  const [guest, neighbour] = guestsOf(bridge, family, facts);
  if (guest === undefined || neighbour === undefined) return [];
  const inPort = facts.netState.links.find(({ master, up }) => master === name && up)?.name ?? '';
  const door = { inInterface: name, inPort };
  const request = (to: string, destination: string, rest: Pick<PathRequest, 'goal' | 'answer' | 'kind'>) => ({
    name: `guest of ${name} → ${to}${family === 'ipv6' ? ' by IPv6' : ''}`,
    subjects: [name],
    shouldPass: true,
    packet: packetTo('tcp', [guest, destination, 443], door),
    ...rest,
  });
  const home = { to: 'container', bridge: name, address: guest, port: FROM_PORT } as const;
  const uplinks = uplinksOf(facts).filter((uplink) => uplink.name !== name);
  return [
    request('its neighbour', neighbour, {
      kind: 'same-network',
      goal: { to: 'container', bridge: name, address: neighbour, port: 443 },
    }),
    ...(bridge.addresses.some((one) => one.family === family && one.scope === 'global')
      ? uplinks
      : []
    ).flatMap((uplink) =>
      outsidersOf(uplink, family, facts)
        .slice(0, 1)
        .map((address) =>
          request('outside', address, {
            kind: 'outbound',
            goal: { to: 'outside', masqueraded: false },
            answer: { inInterface: uplink.name, inPort: '', goal: home },
          }),
        ),
    ),
  ];
}

/** Addresses that a guest and its neighbour could have. On a bridge without one anything could hang; IPv4 stands for it. */
function guestsOf({ addresses }: NetworkLink, family: Family, { netState }: Facts): readonly string[] {
  const own = addresses.find((one) => one.family === family && one.scope === 'global');
  if (own === undefined)
    return family === 'ipv4' && !addresses.some(({ scope }) => scope === 'global')
      ? ['198.18.0.2', '198.18.0.3']
      : [];
  const block = blockOf(`${own.address}/${String(own.length)}`);
  if (block === undefined) return [];
  const bits = family === 'ipv4' ? 32 : 128;
  const first = (block.base >> BigInt(bits - block.length)) << BigInt(bits - block.length);
  return [2n, 3n, 4n, 5n]
    .map((at) => formatBlock({ family, base: first + at, length: bits }).replace(/\/.*$/, ''))
    .filter((address) => !isOwnAddress(netState, address))
    .slice(0, 2);
}

/** Where what is to pass is accepted first: the chain of iptables that Docker keeps for it, where Docker's rules are in iptables. */
const userChain = ({ tables }: Facts): string => (tables === undefined ? USER_CHAIN : 'FORWARD');

/** Both ways of a bridge, as long as that opens no container; else what its guests ask, and the answers. */
function accepts(bridge: string, family: Family, facts: Facts): readonly Proposal[] {
  const { variant } = facts;
  if (variant === undefined) return [];
  const what = `let ${bridge} through, and in the file you keep such rules in`;
  const accept = (fields: RuleFields) =>
    insertRule(userChain(facts), fields, 'ACCEPT', { place: { variant, family, table: 'filter' }, facts });
  const answers = accept({ out: bridge, connection: ['--ctstate', 'RELATED,ESTABLISHED'] });
  const place = { variant, family, table: 'filter' };
  return [
    ...(facts.tables === undefined || facts.managers.length > 0
      ? []
      : [proposal('let packets pass: Docker needs no DROP there', openPolicy('FORWARD', place, facts))]),
    proposal(what, accept({ in: bridge }), accept({ out: bridge })),
    proposal(what, accept({ in: bridge }), answers),
    proposal(
      what,
      accept({ in: bridge, out: bridge }),
      ...uplinksOf(facts).map((uplink) => accept({ in: bridge, out: uplink.name })),
      answers,
    ),
  ];
}
