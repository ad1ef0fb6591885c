import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { shapeFlaw } from '../../docker/inventory/answer-shape.ts';
import { inventoryFlaw } from '../../docker/inventory/flaw.ts';
import { inventoryFrom } from '../../docker/inventory/from-answers.ts';
import { bridgesIn, setUnsoundAside } from '../../docker/inventory/set-aside.ts';
import { isRecord, listOf, textOf, type Answers, type Inventory } from '../../docker/inventory/inventory.ts';
import type { DaemonSight } from '../../docker/settings.ts';
import type { Fault } from '../../fault.ts';
import { sh } from '../../shell.ts';
import { ownNetns, type DaemonProcess } from './daemon.ts';
import {
  engineElsewhere,
  engineFlawed,
  engineNoIptables,
  engineNotDocker,
  engineRootless,
} from './faults.ts';

/**
 * Podman answers on the same paths; its components name themselves. Engines before 18.01 name none.
 *
 * @throws Fault RG_ENGINE_ANSWER
 */
export function refuseUnlessDocker(socket: string, { version, info, networks, containers }: Answers): void {
  const components = isRecord(version) ? listOf(version['Components']).filter(isRecord) : [];
  const names = components.map((one) => textOf(one['Name']));
  if (names.length > 0 && !names.includes('Engine'))
    throw engineNotDocker(socket, [`it calls itself ${names.join(', ').slice(0, 200)}`]);
  if (!isRecord(version) || textOf(version['Version']) === '')
    throw engineNotDocker(socket, ['GET /version → no version']);
  if (!isRecord(info) || !Array.isArray(networks) || !Array.isArray(containers))
    throw engineNotDocker(socket, ['GET /info, /networks, /containers/json → not what Docker answers']);
}

/**
 * Refuses answers that no Engine gives: a field that cannot be read must not read as "nothing there".
 *
 * @param answers - as far as they are there
 * @throws Fault RG_ENGINE_ANSWER
 */
export function refuseFlawed(socket: string, answers: Partial<Answers>): void {
  const flaw = shapeFlaw(answers);
  if (flaw !== undefined) throw engineFlawed(socket, flaw);
}

/**
 * What an Engine's answers say, without what must not become part of a rule.
 *
 * @param answers - none that {@link refuseUnlessDocker} or {@link refuseFlawed} refuses
 * @throws Fault RG_ENGINE_ANSWER where it says of itself what no Engine says
 */
export function soundInventory(socket: string, answers: Answers): Inventory {
  const inventory = setUnsoundAside(inventoryFrom(answers));
  const flaw = inventoryFlaw(inventory);
  if (flaw !== undefined) throw engineFlawed(socket, flaw);
  return inventory;
}

/** What the judgement is based on. */
export interface EngineEvidence {
  readonly socket: string;
  readonly inventory: Inventory;
  readonly info: unknown;
  /** Those of this network namespace. */
  readonly daemons: DaemonSight;
  /** All of this machine. */
  readonly processes: readonly DaemonProcess[];
  /** Those of this network namespace. */
  readonly interfaces: ReadonlySet<string>;
}

/** Why the Engine that answered is not the one whose rules are in this network namespace. */
export function objectionTo(evidence: EngineEvidence): Fault | undefined {
  const { socket, inventory, info, daemons, processes, interfaces } = evidence;
  const options = isRecord(info) ? listOf(info['SecurityOptions']).map(textOf) : [];
  if (options.some((option) => /^name=rootless(?:,|$)/.test(option))) {
    const daemon = processes.find(({ holds }) => holds);
    // Whoever entered its namespace to run this is in the right place.
    if (daemon?.netns !== ownNetns()) return engineRootless(socket, enterRootless(socket, daemon));
  }
  const bridges = [...bridgesIn(inventory)];
  if (bridges.length > 0 && !bridges.some((bridge) => interfaces.has(bridge)))
    return engineElsewhere(socket, bridges, enterOther(evidence));
  // The API does not show it: 28.5 with --iptables=false still answers "iptables".
  return daemons.facts.iptables === false ? engineNoIptables(inventory.version) : undefined;
}

/** The network interfaces of this namespace; /sys would show those of the namespace that mounted it. */
export function interfacesHere(): ReadonlySet<string> {
  const lines = readFileSync('/proc/self/net/dev', 'latin1').split('\n').slice(2);
  return new Set(lines.map((line) => line.slice(0, line.indexOf(':')).trim()));
}

function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${String(dev)}:${String(ino)}`;
  } catch {
    return undefined;
  }
}

/**
 * RootlessKit's own process holds the namespaces; dockerd is in them too, unless its network was detached. The line is typed by
 * root and contains values of that user: they are quoted, so that none becomes an option or a command.
 */
function enterRootless(socket: string, daemon: DaemonProcess | undefined): string {
  const pid = daemon === undefined ? sh`"$(cat ${dirname(socket)}/docker.pid)"` : String(daemon.pid);
  const kept = daemon?.environment.get('ROOTLESSKIT_STATE_DIR');
  const isDetached = kept !== undefined && daemon?.netns === inodeOf(`/proc/${pid}/root${kept}/netns`);
  const net = isDetached ? sh`--net=${`/proc/${pid}/root${kept}/netns`}` : '--net';
  return `sudo nsenter --target ${pid} ${net} env ${sh`DOCKER_HOST=unix://${socket}`} rulesguard …`;
}

function enterOther({ socket, processes }: EngineEvidence): string {
  const holder = processes.find(({ holds }) => holds);
  const only = holder ?? (processes.length === 1 ? processes[0] : undefined);
  const pid = only === undefined ? 'PID' : String(only.pid);
  const enter = `sudo nsenter --target ${pid} --net env ${sh`DOCKER_HOST=unix://${socket}`} rulesguard …`;
  return pid === 'PID' ? `${enter}, PID being that of its dockerd (pgrep dockerd)` : enter;
}
