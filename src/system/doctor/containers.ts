import type { LiveNetwork } from '../../docker/inventory.ts';
import {
  inspectedFrom,
  lacksIpv6,
  needsInspection,
  runs,
  wantedOf,
  type Inspected,
  type Listed,
} from '../../doctor/containers-from.ts';
import { isUntold, type ContainerFacts, type Inside, type Untold } from '../../doctor/facts.ts';
import { getJson } from '../engine-http.ts';
import { atMost } from './at-most.ts';
import { lookInDepth } from './depth.ts';
import { lookInside } from './inside.ts';
import { orUntold } from './untold.ts';

/** How many containers' inspections are under way at once. */
const AT_ONCE = 16;
/** How many namespaces are looked at in depth at once: two processes of the machine each. */
const DEEP_AT_ONCE = 4;
/** Up to so many running containers are all looked at in depth. */
const FEW = 8;
/** As askEngine's; in milliseconds. */
const PATIENCE = 5_000;

/** What a look at the containers goes by. */
export interface Sighting {
  readonly socket: string;
  readonly listed: readonly Listed[];
  readonly networks: readonly LiveNetwork[];
  /** A process of each container, by the container's id. */
  readonly processes: ReadonlyMap<string, number>;
  /** Names or ids of the containers and networks that were asked for. */
  readonly wanted: readonly string[];
}

/** Looks at every container, from the Engine's side and from inside. */
export async function lookAtContainers(sighting: Sighting): Promise<readonly ContainerFacts[]> {
  const { listed, networks, wanted } = sighting;
  const meant = new Set(wanted.flatMap((word) => [...wantedOf(word, listed, networks)]));
  const running = listed.filter(runs);
  const isDeep = ({ id }: Listed): boolean => meant.has(id) || running.length <= FEW;
  const [first, insides] = await Promise.all([
    inspectAll(
      sighting.socket,
      listed.filter((one) => needsInspection(one, networks, meant)),
    ),
    lookIntoAll(sighting, running, isDeep),
  ]);
  const lacking = running.filter((one) => !first.has(one.id) && lacks(one, insides.get(one.id)));
  const inspected = new Map([...first, ...(await inspectAll(sighting.socket, lacking))]);
  return listed.map(({ publishes: _, ...one }) => ({
    ...one,
    wanted: undefined,
    ...inspected.get(one.id),
    inside: insides.get(one.id),
  }));
}

const lacks = (one: Listed, inside: Inside | Untold | undefined): boolean =>
  inside !== undefined && !isUntold(inside) && lacksIpv6(one, inside);

/** By id; without those that are gone, and those the Engine will not speak of. */
async function inspectAll(socket: string, all: readonly Listed[]): Promise<ReadonlyMap<string, Inspected>> {
  const found = new Map<string, Inspected>();
  await atMost(AT_ONCE, all, async ({ id }) => {
    const path = `/containers/${encodeURIComponent(id)}/json`;
    const asked = getJson({ socket, path, patience: PATIENCE, mayBeGone: true });
    const answer = await orUntold(asked.then((body) => ({ body })));
    const inspected = isUntold(answer) ? undefined : inspectedFrom(answer.body);
    if (inspected !== undefined) found.set(id, inspected);
  });
  return found;
}

type Insides = ReadonlyMap<string, Inside | Untold>;

const SHARED = 'container:';

/** By id. One that uses the host's network has no inside of its own; one that uses another's has the other's. */
async function lookIntoAll(
  { listed, processes }: Sighting,
  running: readonly Listed[],
  isDeep: (one: Listed) => boolean,
): Promise<Insides> {
  const ownerOf = ({ id, networkMode }: Listed): string => {
    if (!networkMode.startsWith(SHARED)) return id;
    const other = networkMode.slice(SHARED.length);
    return listed.find((one) => one.id === other || one.name === other)?.id ?? id;
  };
  const inhabited = running.filter(({ networkMode }) => networkMode !== 'host');
  const byId = new Map(listed.map((one) => [one.id, one]));
  const deep = new Set(inhabited.filter(isDeep).map(ownerOf));
  const owners = [...new Set(inhabited.map(ownerOf))];
  const serving = new Set(inhabited.filter(({ publishes }) => publishes).map(ownerOf));
  const shallow = await Promise.all(
    owners.map(
      async (id) => [id, await lookInto(processes.get(id), serving.has(id) || deep.has(id))] as const,
    ),
  );
  const seen = await atMost(DEEP_AT_ONCE, shallow, async ([id, inside]) => {
    const one = byId.get(id);
    const isMeant =
      !isUntold(inside) &&
      (deep.has(id) || inside.links.length === 0 || (one !== undefined && lacksIpv6(one, inside)));
    return [id, isMeant ? await lookInDepth(inside) : inside] as const;
  });
  const byOwner = new Map(seen);
  return new Map(
    inhabited.flatMap((one) => {
      const inside = byOwner.get(ownerOf(one));
      return inside === undefined ? [] : [[one.id, inside] as const];
    }),
  );
}

async function lookInto(pid: number | undefined, listeners: boolean): Promise<Inside | Untold> {
  if (pid === undefined)
    return {
      untold: 'no process of it can be seen from here',
      hint: 'Run rulesguard on the Docker host itself, as root, and not in a container.',
    };
  return (await lookInside(pid, listeners)) ?? { untold: 'it ended while it was looked at' };
}
