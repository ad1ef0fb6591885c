import { containersFrom } from '../../doctor/containers-from.ts';
import { isUntold, type ContainerFacts, type Facts, type Untold } from '../../doctor/facts.ts';
import { conntrackDropsFrom, reversePathDropsFrom } from '../../doctor/procfs.ts';
import { readPort } from '../../doctor/port-word.ts';
import { leftoversIn, managersIn } from '../../doctor/standing.ts';
import { readBackends } from '../kernel.ts';
import type { Measure } from '../look.ts';
import { lookAtContainers } from './containers.ts';
import { readDaemonLog } from './daemon-log.ts';
import { engineOf, hear, type Heard } from './hear.ts';
import { readProc } from './proc-file.ts';
import { lookAtProcesses, type Processes } from './processes.ts';
import { listenersOf } from './sockets.ts';
import { lookAtRules } from './standing.ts';
import { lookAtSurface, terrainOf } from './terrain.ts';
import { orUntold, unseen } from './untold.ts';

/** What is to be looked at. */
export interface GatherOptions {
  /** What Docker's rules are measured by, as for check. */
  readonly measure: Measure;
  /** The words of the command line that name somebody: containers, networks, ports. Those are looked at in depth. */
  readonly wanted: readonly string[];
}

/**
 * Looks at everything a diagnosis goes by, side by side: Docker's rules and what the Engine says, the host's packet filters,
 * interfaces and routes, every container from outside and from inside. Changes nothing, and loads no kernel module.
 *
 * What cannot be looked at is told in its place and stops nothing else.
 *
 * @throws Fault RG_PRIVILEGE when the rules may not be read: who is not root can look at nothing
 */
export async function gatherFacts({ measure, wanted }: GatherOptions): Promise<Facts> {
  const reading = orUntold(readBackends());
  const hearing = hear();
  // While others are at work this process looks at Docker's: not before they have begun.
  const walking = hearing.then(lookAtProcesses);
  const [read, standing, heard, surface, processes, log, listeners, containers] = await Promise.all([
    reading,
    lookAtRules(
      measure,
      reading,
      hearing.then(({ word }) => word),
    ),
    hearing,
    lookAtSurface(),
    walking,
    walking.then(({ daemons }) => readDaemonLog(daemons)),
    listenersOf('/proc/self'),
    containersOf(hearing, walking, wanted),
  ]);
  const { banks, backend, owned, drift, mended } = standing;
  const { terrain, unseen: hidden } = terrainOf(surface, banks);
  const { inventory } = heard.word;
  return {
    engine: engineOf(heard.word, log, processes),
    drift,
    mended,
    owned,
    backend,
    leftovers: backend === undefined ? [] : leftoversIn(banks, backend),
    terrain,
    networks: inventory?.networks ?? [],
    containers: isUntold(containers) ? [] : containers,
    ports: inventory?.ports ?? [],
    conntrack: conntrackOf(terrain.sysctls),
    conntrackDrops: conntrackDropsFrom(readProc('/proc/self/net/stat/nf_conntrack') ?? ''),
    reversePathDrops: reversePathDropsFrom(readProc('/proc/self/net/netstat') ?? ''),
    listeners,
    proxies: processes.proxies,
    managers: managersIn(banks, terrain.natives ?? []),
    unseen: [
      ...(isUntold(read) ? unseen('rules', read) : []),
      ...hidden,
      ...(isUntold(containers) ? unseen('containers', containers) : []),
    ],
  };
}

/** The containers of the Engine whose rules these are; those of another one would only mislead. */
async function containersOf(
  hearing: Promise<Heard>,
  walking: Promise<Processes>,
  wanted: readonly string[],
): Promise<readonly ContainerFacts[] | Untold> {
  const { word, list } = await hearing;
  if (word.inventory === undefined) return [];
  if (isUntold(list)) return list;
  const { networks, ports } = word.inventory;
  const asked = wanted.flatMap((one) => {
    const port = readPort(one)?.port;
    return port === undefined
      ? [one]
      : ports.flatMap(({ hostPort, container }) => (hostPort === port ? [container] : []));
  });
  return lookAtContainers({
    socket: list.socket,
    listed: containersFrom(list.body),
    networks,
    processes: (await walking).containers,
    wanted: asked,
  });
}

function conntrackOf(sysctls: ReadonlyMap<string, string>): Facts['conntrack'] {
  const [count, max] = ['count', 'max'].map((name) => sysctls.get(`netfilter/nf_conntrack_${name}`));
  return count === undefined || max === undefined ? undefined : { count: Number(count), max: Number(max) };
}
