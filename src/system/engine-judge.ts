import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isRecord, listOf, textOf, type Answers, type Inventory } from '../docker/inventory.ts';
import type { DaemonSight } from '../docker/settings.ts';
import type { Fault } from '../fault.ts';
import { ownNetns, type DaemonProcess } from './daemon.ts';
import {
  engineElsewhere,
  engineNftables,
  engineNoIptables,
  engineNotDocker,
  engineRootless,
} from './engine-faults.ts';

/**
 * Podman answers on the same paths; its components name themselves. Engines before 18.01 name none.
 *
 * @throws Fault RG_ENGINE_ANSWER
 */
export function refuseUnlessDocker(socket: string, { version, info, networks, containers }: Answers): void {
  const components = isRecord(version) ? listOf(version['Components']).filter(isRecord) : [];
  const names = components.map((one) => textOf(one['Name']));
  if (names.length > 0 && !names.includes('Engine'))
    throw engineNotDocker(socket, [`it calls itself ${names.join(', ')}`]);
  if (!isRecord(version) || textOf(version['Version']) === '')
    throw engineNotDocker(socket, ['GET /version → no version']);
  if (!isRecord(info) || !Array.isArray(networks) || !Array.isArray(containers))
    throw engineNotDocker(socket, ['GET /info, /networks, /containers/json → not what Docker answers']);
}

/** What the judgement goes by. */
export interface Evidence {
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

/** Why the Engine that answered is not the one whose rules are in this network namespace's iptables. */
export function objectionTo(evidence: Evidence): Fault | undefined {
  const { socket, inventory, info, daemons, processes, interfaces } = evidence;
  const options = isRecord(info) ? listOf(info['SecurityOptions']).map(textOf) : [];
  if (options.some((option) => /^name=rootless(?:,|$)/.test(option))) {
    const daemon = processes.find((one) => listensOn(one, socket));
    // Who has entered its namespace to run this is in the right place.
    if (daemon?.netns !== ownNetns()) return engineRootless(socket, enterRootless(socket, daemon));
  }
  const bridges = inventory.networks.map(({ bridge }) => bridge).filter((bridge) => bridge !== '');
  if (bridges.length > 0 && !bridges.some((bridge) => interfaces.has(bridge)))
    return engineElsewhere(socket, bridges, enterOther(evidence));
  if (inventory.firewallBackend.startsWith('nftables')) return engineNftables(inventory.version);
  // The API does not tell: 28.5 with --iptables=false still answers "iptables".
  return daemons.facts.iptables === false ? engineNoIptables(inventory.version) : undefined;
}

/** The network interfaces of this namespace; /sys shows those of whoever mounted it. */
export function interfacesHere(): ReadonlySet<string> {
  const lines = readFileSync('/proc/self/net/dev', 'latin1').split('\n').slice(2);
  return new Set(lines.map((line) => line.slice(0, line.indexOf(':')).trim()));
}

/** A rootless Engine's socket is in its runtime folder, which may be mounted where only it sees it. */
function listensOn({ pid, environment }: DaemonProcess, socket: string): boolean {
  const folder = environment.get('XDG_RUNTIME_DIR');
  if (folder === undefined) return false;
  const theirs = inodeOf(`/proc/${String(pid)}/root${join(folder, basename(socket))}`);
  return theirs !== undefined && theirs === inodeOf(socket);
}

function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${String(dev)}:${String(ino)}`;
  } catch {
    return undefined;
  }
}

/** RootlessKit's own process holds the namespaces; dockerd is in them too, unless its network was detached. */
function enterRootless(socket: string, daemon: DaemonProcess | undefined): string {
  const folder = dirname(socket);
  const pid = daemon === undefined ? `$(cat ${folder}/docker.pid)` : String(daemon.pid);
  const kept = daemon?.environment.get('ROOTLESSKIT_STATE_DIR');
  const isDetached = kept !== undefined && daemon?.netns === inodeOf(`/proc/${pid}/root${kept}/netns`);
  const net = isDetached ? `--net=/proc/${pid}/root${kept}/netns` : '--net';
  return `sudo nsenter --target ${pid} ${net} env DOCKER_HOST=unix://${socket} rulesguard …`;
}

function enterOther({ socket, processes }: Evidence): string {
  const [only] = processes;
  const pid = only === undefined || processes.length > 1 ? 'PID' : String(only.pid);
  const enter = `sudo nsenter --target ${pid} --net env DOCKER_HOST=unix://${socket} rulesguard …`;
  return pid === 'PID' ? `${enter}, PID being that of its dockerd (pgrep dockerd)` : enter;
}
