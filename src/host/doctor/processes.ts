import type { DockerProxy } from '../../doctor/facts/facts.ts';
import { containerOfCgroup, proxyFrom } from '../../doctor/facts/procfs.ts';
import { believedOf, daemonProcesses, netnsAt, ownNetns } from '../engine/daemon.ts';
import { ownerOfProgram } from '../engine/daemon-trust.ts';
import { listProc, readProc } from './proc-file.ts';

/** What one walk through /proc shows of Docker's processes. */
export interface Processes {
  /** A process of each container, by the container's id. */
  readonly containers: ReadonlyMap<string, number>;
  /** The dockerd processes whose rules are in this network namespace. */
  readonly daemons: readonly number[];
  /** The docker-proxy processes of this network namespace. */
  readonly proxies: readonly DockerProxy[];
}

/** There is one for each container, and none is in it. */
const SHIM = 'containerd-shim\n';

/**
 * Walks through /proc once: containers are recognised by their cgroup, which names them whatever pid namespace the Engine
 * counts its pids in. Of a container's processes the first one is taken, which others come from.
 *
 * @param socket - the Engine's, where there is one
 */
export function findProcesses(socket: string | undefined): Processes {
  const here = ownNetns();
  const containers = new Map<string, number>();
  const named: string[] = [];
  const proxies: DockerProxy[] = [];
  const pids = listProc('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of pids.sort((a, b) => Number(a) - Number(b))) {
    const comm = readProc(`/proc/${pid}/comm`);
    if (comm === 'dockerd\n') named.push(pid);
    else if (comm === 'docker-proxy\n') {
      const isProxy = isIn(pid, here) && ownerOfProgram(pid, 'docker-proxy') === 0;
      const proxy = isProxy ? proxyFrom(readProc(`/proc/${pid}/cmdline`) ?? '') : undefined;
      if (proxy !== undefined) proxies.push(proxy);
    } else if (comm !== SHIM) {
      const id = containerOfCgroup(readProc(`/proc/${pid}/cgroup`) ?? '');
      if (id !== undefined && !containers.has(id)) containers.set(id, Number(pid));
    }
  }
  const ours = daemonProcesses(socket, named).filter(({ netns }) => netns === here);
  const believed = believedOf(ours);
  // Where nothing shows which is the Engine's, that one runs is worth reporting all the same.
  const daemons = (believed.length > 0 ? believed : ours).map(({ pid }) => pid);
  return { containers, daemons, proxies };
}

function isIn(pid: string, netns: string): boolean {
  try {
    return netnsAt(`/proc/${pid}/ns/net`) === netns;
  } catch {
    return false;
  }
}
