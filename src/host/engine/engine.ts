import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord, listOf, textOf, type Answers, type Json } from '../../docker/inventory/inventory.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import { leftOutIn } from '../../docker/inventory/left-out.ts';
import { Fault } from '../../fault.ts';
import { countHere, daemonProcesses, sightOf, wouldStart, type DaemonProcess } from './daemon.ts';
import { engineStopped } from './faults.ts';
import { ENGINE_PATIENCE, get, getJson } from './http.ts';
import { inspectAll } from './inspect.ts';
import { KEEPS_NONE } from '../../docker/engine-reply.ts';
import { interfacesHere, objectionTo, refuseFlawed, refuseUnlessDocker, soundInventory } from './judge.ts';
import { findSocket } from './socket.ts';

/**
 * Asks the Engine what exists. Paths without a version reach the newest API each Engine has: no single version fits all
 * (20.10 ends at 1.41, 29.0 begins at 1.44), and negotiating one would cost a round trip before the first question
 * (docs/reference/docker-iptables.md#api). Four questions at once; a swarm takes up to three more, and from Engine 29
 * on each container on a routed network one.
 *
 * An Engine that was stopped is not started by asking it (docker.socket).
 *
 * Never throws: a fault is part of the reply.
 *
 * @param systemd - its process id
 */
export async function askEngine(systemd = '1'): Promise<EngineReply> {
  try {
    const socket = await findSocket();
    if (wouldStart(socket, systemd)) throw engineStopped(socket);
    const { answers, processes } = await gather(socket);
    const daemons = sightOf(processes);
    const inventory = soundInventory(socket, answers);
    const interfaces = interfacesHere();
    const objection = objectionTo({ socket, inventory, info: answers.info, daemons, processes, interfaces });
    return objection === undefined
      ? { answered: true, inventory, socket, daemons, interfaces }
      : {
          answered: false,
          fault: objection,
          ...(KEEPS_NONE.has(objection.code) ? { inventory, daemonCount: countHere(processes) } : {}),
        };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const isAbsent = error.code === 'RG_ENGINE_ABSENT';
    return { answered: false, fault: error, ...(isAbsent && { daemonCount: countHere() }) };
  }
}

/** Where the kernel has none, dockerd gives up on the routing mesh before it writes a rule (seen on 20.10 and 28.5). */
const IPVS = '/proc/self/net/ip_vs';

interface Gathered {
  readonly answers: Answers;
  readonly processes: readonly DaemonProcess[];
}

async function gather(socket: string): Promise<Gathered> {
  const ask = (path: string): Promise<unknown> => getJson({ socket, path, patience: ENGINE_PATIENCE });
  const paths = ['/version', '/info', '/networks', '/containers/json'] as const;
  const asked = paths.map(ask);
  const all = Promise.allSettled(asked);
  // /proc is read while the Engine answers: /info takes it 7 to 15 ms, the lists 1 ms.
  await Promise.race(asked).catch(() => undefined);
  const processes = daemonProcesses(socket);
  await all;
  const [version, info, networks, containers] = await Promise.all(asked);
  refuseUnlessDocker(socket, { version, info, networks, containers });
  refuseFlawed(socket, { version, info, networks, containers });
  const listed = listOf(networks).filter(isRecord);
  const swarm = isRecord(info) && isRecord(info['Swarm']) ? info['Swarm'] : {};
  const isMeshed = swarm['LocalNodeState'] === 'active' && existsSync(IPVS);
  const gwbridge = listed.find((network) => network['Name'] === 'docker_gwbridge');
  const ingress = isMeshed ? listed.find((network) => network['Ingress'] === true) : undefined;
  const askNetwork = (network: Json | undefined, query: string): Promise<unknown> | undefined => {
    if (network === undefined) return undefined;
    const path = `/networks/${textOf(network['Id'])}${query}`;
    return getJson({ socket, path, patience: ENGINE_PATIENCE, mayBeGone: true });
  };
  const [inspected, gateways, services, mesh] = await Promise.all([
    inspectAll(socket, leftOutIn({ version, networks, containers }), ENGINE_PATIENCE),
    askNetwork(gwbridge, ''),
    // In a swarm without a leader managers do not answer; this node's mesh still serves, its protocols are unknown.
    isMeshed && swarm['ControlAvailable'] === true ? ask('/services').catch(() => undefined) : undefined,
    askNetwork(ingress, '?verbose=true'),
  ]);
  const more = { inspects: inspected.inspects, gwbridge: gateways, services, ingress: mesh };
  refuseFlawed(socket, more);
  return {
    answers: { version, info, networks, containers: withoutGone(containers, inspected.gone), ...more },
    processes,
  };
}

const withoutGone = (containers: unknown, gone: ReadonlySet<string>): unknown =>
  gone.size === 0
    ? containers
    : listOf(containers).filter((raw) => !isRecord(raw) || !gone.has(textOf(raw['Id'])));

const AT_ONCE = 16;
const WAIT = 10_000;
/** Milliseconds: an answer that took longer waited for the container's lock. Without a wait it takes 10. */
const WAITED = 100;
/** Milliseconds between the stop and the start of a restart, with a margin. */
const PAUSE = 50;
const TURNS = 3;
const MAX_IDLE = 50;

/**
 * Waits until dockerd is done with each of these containers, at most 10 s. It holds a container's lock while it starts or
 * stops it, and answers only afterwards: then the container's rules are all there, or all gone (measured on 20.10, 26.1 and
 * 28.5 with 60 ports: asked 40 ms into a start, stop, restart, kill or rm, it answered after 1.3 to 3 s, within 10 ms of
 * the last rule). A restart is a stop and a start, so a container that was waited for is asked once more. The wait ends when the
 * container, or the Engine, is gone.
 *
 * @param ids - of containers, running or not
 */
export async function awaitContainers(ids: readonly string[], socket: string): Promise<void> {
  const deadline = performance.now() + WAIT;
  const waiting = ids.values();
  const worker = async (): Promise<void> => {
    for (const id of waiting) await awaitOne(id, socket, deadline);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker));
}

async function awaitOne(id: string, socket: string, deadline: number): Promise<void> {
  const path = `/containers/${encodeURIComponent(id)}/json`;
  for (let turn = 0; turn < TURNS; turn++) {
    const asked = performance.now();
    if (asked >= deadline) return;
    await get({ socket, path, patience: deadline - asked }).catch(() => undefined);
    if (performance.now() - asked < WAITED) return;
    await sleep(PAUSE);
  }
}

/**
 * The containers that are not running, at most 50, the newest first: one of them may be about to start. Empty when the
 * Engine does not say.
 */
export async function listIdle(socket: string): Promise<readonly string[]> {
  const filters = JSON.stringify({ status: ['created', 'restarting', 'removing', 'exited', 'dead'] });
  const path = `/containers/json?all=1&limit=${String(MAX_IDLE)}&filters=${encodeURIComponent(filters)}`;
  const body = await getJson({ socket, path, patience: ENGINE_PATIENCE }).catch(() => []);
  return listOf(body)
    .filter(isRecord)
    .map((raw) => textOf(raw['Id']))
    .filter((id) => id !== '');
}
