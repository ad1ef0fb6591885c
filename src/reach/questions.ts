import { bridgesIn } from '../docker/inventory/set-aside.ts';
import type { PublishedIntent } from '../docker/intent/values.ts';
import { isLoopback } from '../net/address.ts';
import { familyOf, type Family } from '../net/family.ts';
import type { End } from './alike/end.ts';
import type { AskedFor, Asker, Cell, Relation, Spot } from './cell.ts';
import {
  askingSpots,
  bridgesByContainer,
  clientAskers,
  doorsOf,
  outsideAskers,
  type Asking,
  type OutsideAsker,
} from './askers.ts';
import type { Promises } from './should.ts';
import { hasRoute, hostAddresses, proxiedSpots, publishedSpots, spotsOf } from './spots.ts';
import { containerTargets, type ContainerTarget } from './targets.ts';
import type { Terrain } from './terrain.ts';

/** Somebody asks something; what is meant for the port, where a published one is asked. */
export interface Question {
  readonly asker: Asker;
  readonly asked: AskedFor;
  readonly proto: Cell['proto'];
  readonly published: PublishedIntent | undefined;
}

/** Questions that fare alike and are meant alike. */
export interface QuestionGroup {
  /** One of them, which stands for all. */
  readonly question: Question;
  /** How many there are. */
  readonly size: number;
  readonly members: () => readonly Question[];
}

/** Who asks on this host: outside by each interface that is a door, and of containers that must fare alike one of each network. */
export const askingOf = (
  { inventory, netState, named }: Terrain,
  promises: Promises,
  classify: Classify,
): Asking => {
  const { family } = promises.intent;
  const open = doors({ inventory, netState }, family);
  const outside = outsideAskers(netState, family, open);
  const clients = clientAskers(netState, family, named?.clients ?? [], open);
  const spots = spotsOf(inventory.endpoints, promises);
  return { outside: [...outside, ...clients], containers: askingSpots(spots, classify, named?.containers) };
};

/** Interfaces by which packets come from outside, those of Docker's networks left out. */
export const doors = ({ inventory, netState }: Pick<Terrain, 'inventory' | 'netState'>, family: Family) =>
  doorsOf(netState, family, bridgesIn(inventory));

/**
 * Names the class of an end of a packet: two ends of one class fare alike, and are meant alike.
 *
 * @param asked - the protocol and the address of this host that a published port is asked by, where one is
 */
export type Classify = (end: End, asked?: { readonly proto: string; readonly at: string }) => string;

/**
 * Every question of one family, those together that must fare alike and are meant alike.
 *
 * @param asking - who asks; of those outside only they whose interface is a door here
 */
export function questionGroups(
  terrain: Terrain,
  promises: Promises,
  asking: Asking,
  classify: Classify,
): readonly QuestionGroup[] {
  const { inventory, netState } = terrain;
  const { family } = promises.intent;
  const spots = spotsOf(inventory.endpoints, promises);
  const open = new Set(doors(terrain, family).map(({ name }) => name));
  const outside = asking.outside.filter((asker) => open.has(asker.interface));
  const bridgesOf = bridgesByContainer(spots);
  const targets = containerTargets({
    spots,
    ports: publishedSpots(inventory.ports, spots, promises),
    hosts: hostAddresses(netState, family, inventory),
    family,
    portsUnknown: inventory.portsUnknown ?? [],
    askedPorts: terrain.askedPorts ?? [],
    proxied: family === 'ipv6' ? proxiedSpots(terrain) : [],
  });
  const groups = new Map<string, ContainerTarget[]>();
  const meant = new Map<PublishedIntent, string>();
  for (const target of targets) {
    const { published } = target;
    const meaning = published === undefined ? '' : (meant.get(published) ?? meaningOf(published));
    if (published !== undefined) meant.set(published, meaning);
    const key = targetKey(target, meaning, classify);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(target);
  }
  return [
    ...[...groups.values()].flatMap((group) => askedBy(group, { ...asking, outside }, bridgesOf)),
    ...outwards({ spots, outside, terrain, family, classify }),
  ];
}

function targetKey({ asked, proto }: ContainerTarget, meaning: string, classify: Classify): string {
  const { spot, port, what } = asked;
  const isPublished = what === 'published';
  const { address } = spot;
  if (isPublished && asked.proxied !== undefined)
    return [
      ...[what, proto, spot.bridge, asked.at, asked.proxied.binding.proxyAnswers],
      // By IPv6 to this host, and from there in IPv4.
      classify({ address: '', port: asked.hostPort, hostPort: asked.hostPort }, { proto, at: asked.at }),
      classify({ address, port, hostPort: 0 }),
    ].join('\n');
  return [
    ...[what, proto, spot.bridge, isPublished ? asked.at : ''],
    isPublished
      ? classify({ address, port, hostPort: asked.hostPort }, { proto, at: asked.at })
      : classify({ address, port, hostPort: 0 }),
    // The container itself asks too, from a port that nobody names.
    isPublished ? classify({ address, port: 0, hostPort: 0 }) : '',
    meaning,
  ].join('\n');
}

/** What is meant for a port, whichever it is. */
const meaningOf = ({ binding, closedDirectly }: PublishedIntent): string =>
  JSON.stringify([closedDirectly, binding && { ...binding, port: 0 }]);

const HOST: Asker = { by: 'host' };

/** Everybody asks the members of a group, which are on one network. */
function askedBy(
  group: readonly ContainerTarget[],
  { outside, containers }: Asking,
  bridgesOf: ReadonlyMap<string, ReadonlySet<string>>,
): readonly QuestionGroup[] {
  const [first] = group;
  if (first === undefined) return [];
  const { asked } = first;
  const fixed = [...outside, HOST].flatMap((asker) => groupFrom(group, asker));
  // Nobody but the host asks a loopback address and expects a container's port there.
  if (asked.what === 'published' && isLoopback(asked.at)) return fixed;
  const { bridge } = asked.spot;
  const others = [...containers].flatMap(([from, classes]) =>
    classes.flatMap((all) => {
      if (from === bridge)
        return groupOf(group, ({ asked: { spot: to } }) =>
          containerAsker(
            all.find(({ container }) => container !== to.container),
            'same-network',
          ),
        );
      // A container asks one of its own networks there, not by way of another.
      const spot = all.find(({ container }) => bridgesOf.get(container)?.has(bridge) !== true);
      return groupFrom(group, containerAsker(spot, 'other-network'));
    }),
  );
  const itself =
    asked.what === 'published' && asked.proxied === undefined
      ? groupOf(group, ({ asked: { spot } }) => containerAsker(spot, 'itself'))
      : [];
  return [...fixed, ...others, ...itself];
}

const containerAsker = (spot: Spot | undefined, is: Relation): Asker | undefined =>
  spot === undefined ? undefined : { by: 'container', spot, is };

/** One who asks every member. @param asker - undefined where there is none */
function groupFrom(group: readonly ContainerTarget[], asker: Asker | undefined): readonly QuestionGroup[] {
  const [first] = group;
  if (first === undefined || asker === undefined) return [];
  const members = (): readonly Question[] => group.map((target) => ({ asker, ...target }));
  return [{ question: { asker, ...first }, size: group.length, members }];
}

/** @param askerOf - who asks a member; undefined where nobody of a class can */
function groupOf(
  group: readonly ContainerTarget[],
  askerOf: (target: ContainerTarget) => Asker | undefined,
): readonly QuestionGroup[] {
  const members = (): readonly Question[] =>
    group.flatMap((target) => {
      const asker = askerOf(target);
      return asker === undefined ? [] : [{ asker, ...target }];
    });
  const first = group.find((target) => askerOf(target) !== undefined);
  if (first === undefined) return [];
  const asker = askerOf(first);
  const size = group.filter((target) => askerOf(target) !== undefined).length;
  return asker === undefined ? [] : [{ question: { asker, ...first }, size, members }];
}

/** What containers outwards are made of. */
interface OutwardParts {
  readonly spots: readonly Spot[];
  readonly outside: readonly OutsideAsker[];
  readonly terrain: Terrain;
  readonly family: Family;
  readonly classify: Classify;
}

/** Containers to the outside, and to their name servers. */
function outwards({ spots, outside, terrain, family, classify }: OutwardParts): readonly QuestionGroup[] {
  const far = [...new Set(outside.flatMap(({ address, from }) => (from === 'guests' ? [] : [address])))];
  const servers = terrain.nameServers.filter(
    (one) => familyOf(one) === family && !isLoopback(one) && hasRoute(terrain.netState, family, one),
  );
  const groups = new Map<string, Spot[]>();
  for (const spot of spots) {
    const key = `${spot.bridge} ${classify({ address: spot.address, port: 0, hostPort: 0 })}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(spot);
  }
  const outwardGroup = (group: readonly Spot[], asked: AskedFor, proto: Cell['proto']): QuestionGroup[] => {
    const members = group.map((spot): Question => ({
      asker: { by: 'container', spot, is: 'none' },
      asked,
      proto,
      published: undefined,
    }));
    return members[0] === undefined
      ? []
      : [{ question: members[0], size: members.length, members: () => members }];
  };
  return [...groups.values()].flatMap((group) => [
    ...far.flatMap((address) =>
      outwardPorts(terrain).flatMap(({ proto, port }) =>
        outwardGroup(group, { what: 'outside', address, ...(port !== undefined && { port }) }, proto),
      ),
    ),
    ...servers.flatMap((address) => outwardGroup(group, { what: 'name-server', address }, 'udp')),
  ]);
}

/** The protocols and ports that are asked outside: those whose port is not said are the usual ones. */
const outwardPorts = ({
  askedPorts = [],
}: Terrain): readonly { readonly proto: Cell['proto']; readonly port?: number }[] => [
  { proto: 'tcp' },
  { proto: 'udp' },
  ...askedPorts.filter(
    ({ proto, port }) => !(proto === 'tcp' && port === 443) && !(proto === 'udp' && port === 53),
  ),
];
