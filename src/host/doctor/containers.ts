import { containersOf, matchName } from '../../doctor/target/names.ts';
import { inspectedContainerFrom, type InspectedContainer } from '../../docker/inventory/container-answer.ts';
import type { LiveNetwork } from '../../docker/inventory/inventory.ts';
import { lacksIpv6, needsInspection, runs, type Listed } from '../../doctor/facts/containers.ts';
import {
  isUnavailable,
  type ContainerFacts,
  type Inside,
  type Unavailable,
} from '../../doctor/facts/facts.ts';
import { ENGINE_PATIENCE, getJson } from '../engine/http.ts';
import { atMost } from './at-most.ts';
import { readInDepth } from './depth.ts';
import { readNetns } from './inside.ts';
import { orUnavailable } from '../../doctor/facts/unavailable.ts';

/** How many containers' inspections are under way at once. */
const AT_ONCE = 16;
/** How many namespaces are read in depth at once, by two processes each. */
const DEEP_AT_ONCE = 4;
/** Up to so many running containers are all read in depth. */
const FEW = 8;
/** What is to be read of which containers. */
export interface ContainersQuery {
  readonly socket: string;
  readonly listed: readonly Listed[];
  readonly networks: readonly LiveNetwork[];
  /** A process of each container, by the container's id. */
  readonly processes: ReadonlyMap<string, number>;
  /** Names or ids of containers and networks that the diagnosis is about. */
  readonly named: readonly string[];
}

/** Reads every container, from the Engine's side and from inside. */
export async function readContainers(query: ContainersQuery): Promise<readonly ContainerFacts[]> {
  const { listed, networks, named } = query;
  const targets = new Set(
    named
      .flatMap((name) => containersOf(matchName(name, { containers: listed, networks }), listed))
      .map(({ id }) => id),
  );
  const running = listed.filter(runs);
  const isDeep = ({ id }: Listed): boolean => targets.has(id) || running.length <= FEW;
  const [first, insides] = await Promise.all([
    inspectAll(
      query.socket,
      listed.filter((one) => needsInspection(one, networks, targets)),
    ),
    readInsides(query, running, isDeep),
  ]);
  const lacking = running.filter((one) => !first.has(one.id) && lacks(one, insides.get(one.id)));
  const inspected = new Map([...first, ...(await inspectAll(query.socket, lacking))]);
  return listed.map(({ publishes: _, ...one }) => ({
    ...one,
    requestedPorts: undefined,
    ...inspected.get(one.id),
    inside: insides.get(one.id),
  }));
}

const lacks = (one: Listed, inside: Inside | Unavailable | undefined): boolean =>
  inside !== undefined && !isUnavailable(inside) && lacksIpv6(one, inside);

/** What the diagnosis takes from an inspection. */
type Inspection = Pick<InspectedContainer, 'requestedPorts' | 'exposed' | 'sysctls'>;

/** By id; without those that are gone, and those the Engine will not speak of. */
async function inspectAll(socket: string, all: readonly Listed[]): Promise<ReadonlyMap<string, Inspection>> {
  const found = new Map<string, Inspection>();
  await atMost(AT_ONCE, all, async ({ id }) => {
    const path = `/containers/${encodeURIComponent(id)}/json`;
    const asking = getJson({ socket, path, patience: ENGINE_PATIENCE, mayBeGone: true });
    const reply = await orUnavailable(asking.then((body) => ({ body })));
    const inspected = isUnavailable(reply) ? undefined : inspectedContainerFrom(reply.body);
    if (inspected === undefined) return;
    const { requestedPorts, exposed, sysctls } = inspected;
    found.set(id, { requestedPorts, exposed, sysctls });
  });
  return found;
}

type Insides = ReadonlyMap<string, Inside | Unavailable>;

const SHARED = 'container:';

/** By id. One that uses the host's network has no inside of its own; one that uses another's has the other's. */
async function readInsides(
  { listed, processes }: ContainersQuery,
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
      async (id) => [id, await readNetnsOf(processes.get(id), serving.has(id) || deep.has(id))] as const,
    ),
  );
  const seen = await atMost(DEEP_AT_ONCE, shallow, async ([id, inside]) => {
    const one = byId.get(id);
    const isMeant =
      !isUnavailable(inside) &&
      (deep.has(id) || inside.links.length === 0 || (one !== undefined && lacksIpv6(one, inside)));
    return [id, isMeant ? await readInDepth(inside) : inside] as const;
  });
  const byOwner = new Map(seen);
  return new Map(
    inhabited.flatMap((one) => {
      const inside = byOwner.get(ownerOf(one));
      return inside === undefined ? [] : [[one.id, inside] as const];
    }),
  );
}

async function readNetnsOf(pid: number | undefined, listeners: boolean): Promise<Inside | Unavailable> {
  if (pid === undefined)
    return {
      unavailable: 'no process of it can be seen from here',
      hint: 'Run rulesguard on the Docker host itself, as root, and not in a container.',
    };
  return (await readNetns(pid, listeners)) ?? { unavailable: 'it ended while it was read' };
}
