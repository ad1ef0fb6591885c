import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { environmentOf, factsOf, type Launch } from '../../docker/daemon-facts.ts';
import type { DaemonFacts, DaemonSight } from '../../docker/settings.ts';
import {
  holdsSocket,
  identityOf,
  isOfThisHost,
  ownerOfProgram,
  type SocketIdentity,
} from './daemon-trust.ts';
import { readRegular } from '../files/regular-file.ts';
import { judgePath } from '../files/trusted-path.ts';

/** A dockerd process of this machine: root's, or of the user who owns the socket that was asked. */
export interface DaemonProcess {
  readonly pid: number;
  readonly uid: number;
  /** Its network namespace, or the one its rules are in where it was detached. */
  readonly netns: string;
  readonly environment: ReadonlyMap<string, string>;
  /** Whether it is the one that answers on the socket that was asked. */
  readonly holds: boolean;
  /** Whether it is in this host's own mount, pid and user namespaces: one in a container is root's too. */
  readonly isOfThisHost: boolean;
}

/** The identity of our own network namespace. */
export const ownNetns = (): string => netnsAt('/proc/self/ns/net');

/**
 * The dockerd processes whose rules are in this network namespace, and how the one behind the socket, else the only one of this
 * host, was started. Never throws: what cannot be read is not certain.
 *
 * @param all - as {@link daemonProcesses} lists them
 */
export function sightOf(all: readonly DaemonProcess[]): DaemonSight {
  const here = attempt(ownNetns);
  const ours = all.filter(({ netns }) => netns === here);
  const believed = believedOf(ours);
  const [only] = believed;
  return {
    count: only === undefined ? 0 : ours.length,
    facts: only === undefined || believed.length > 1 ? {} : factsOfProcess(only),
  };
}

/** How many dockerd processes have their rules in this network namespace; those of another pid namespace are not seen. */
export function countHere(all: readonly DaemonProcess[] = daemonProcesses(undefined)): number {
  const here = attempt(ownNetns);
  return all.filter(({ netns }) => netns === here).length;
}

/** Of several processes those that answer on the socket, else those of this host. */
export function believedOf(all: readonly DaemonProcess[]): readonly DaemonProcess[] {
  const holders = all.filter(({ holds }) => holds);
  return holders.length > 0 ? holders : all.filter((one) => one.isOfThisHost);
}

/**
 * Every dockerd process whose arguments may be trusted: root's; another user's only where it answers on the socket that was
 * asked, which DOCKER_HOST then names and that user owns.
 *
 * @param socket - that is asked, where it is known
 * @param named - the processes of that name, where someone has listed them already
 */
export function daemonProcesses(
  socket: string | undefined,
  named: readonly string[] = processesNamed(),
): readonly DaemonProcess[] {
  if (named.length === 0) return [];
  const target = socket === undefined ? undefined : identityOf(socket);
  return named.flatMap((pid) => {
    // Between fork and exec a child of dockerd's (iptables, a shim) has its name too.
    const parent = statFields(pid)?.[PARENT];
    if (parent !== undefined && named.includes(parent)) return [];
    const one = daemonFrom(pid, target);
    return one === undefined ? [] : [one];
  });
}

/**
 * Whether a question would have systemd start dockerd (docker.socket): systemd holds the socket, and no dockerd does. Who stopped it did not mean that.
 *
 * @param systemd - its process id
 */
export function wouldStart(socket: string, systemd = '1'): boolean {
  const identity = identityOf(socket);
  return (
    identity !== undefined &&
    !daemonProcesses(socket).some(({ holds }) => holds) &&
    holdsSocket(systemd, identity)
  );
}

function daemonFrom(pid: string, target: SocketIdentity | undefined): DaemonProcess | undefined {
  const uid = ownerOfProgram(pid, 'dockerd');
  if (uid === undefined || (uid !== 0 && uid !== target?.uid)) return undefined;
  const holds = target !== undefined && holdsSocket(pid, target);
  if (uid !== 0 && !holds) return undefined;
  const environment = environmentOf(textOf(`/proc/${pid}/environ`) ?? '');
  const netns = attempt(() => netnsOf(pid, environment));
  if (netns === undefined) return undefined;
  return { pid: Number(pid), uid, netns, environment, holds, isOfThisHost: uid === 0 && isOfThisHost(pid) };
}

/** The arguments of a process: a megabyte is more than any daemon has. */
const MOST = 1024 * 1024;

const textOf = (path: string): string | undefined => readRegular(path, MOST)?.toString('latin1');

const processesNamed = (): readonly string[] =>
  (attempt(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name) && isDockerd(name));

const NAME = Buffer.from('dockerd\n', 'latin1');
const name = Buffer.alloc(NAME.length + 1);

/** Read into one buffer that is kept: 1 to 3 ms among 290 processes, a third of what readFile takes; 12 ms among 1,300. */
function isDockerd(pid: string): boolean {
  const file = attempt(() => openSync(`/proc/${pid}/comm`, 'r'));
  if (file === undefined) return false;
  const length = attempt(() => readSync(file, name, 0, name.length, 0)) ?? 0;
  closeSync(file);
  return NAME.equals(name.subarray(0, length));
}

/**
 * A rootless daemon may stay in the host's namespace while its bridges are in one that RootlessKit keeps
 * (docs/reference/docker-iptables.md#elsewhere).
 */
function netnsOf(pid: string, environment: ReadonlyMap<string, string>): string {
  const kept = environment.get('ROOTLESSKIT_STATE_DIR');
  const own = netnsAt(`/proc/${pid}/ns/net`);
  if (kept === undefined) return own;
  const detached = attempt(() => netnsAt(`/proc/${pid}/root${kept}/netns`));
  const [device] = own.split(':');
  return detached?.startsWith(`${String(device)}:`) === true ? detached : own;
}

/** What identifies the network namespace at a path below /proc. @throws Error of the file system */
export const netnsAt = (path: string): string => {
  const { dev, ino } = statSync(path);
  return `${String(dev)}:${String(ino)}`;
};

const PARENT = 1;
const START = 19;
/** Clock ticks of /proc a second: 100 on every architecture Node runs on. */
const TICKS = 100;

/** The fields of /proc/PID/stat from the third on; the second may hold spaces and parentheses. */
function statFields(pid: string | number): readonly string[] | undefined {
  return textOf(`/proc/${String(pid)}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
}

function factsOfProcess({ pid, uid, environment }: DaemonProcess): DaemonFacts {
  const proc = `/proc/${String(pid)}`;
  const cmdline = textOf(`${proc}/cmdline`);
  if (cmdline === undefined || cmdline === '') return {};
  const args = cmdline.replace(/\0$/, '').split('\0').slice(1);
  const launch: Launch = { args, environment, readConfig: (path) => readConfig(proc, uid, path) };
  return factsOf(launch);
}

/**
 * A configuration file as the daemon read it at its start: `{}` for none. Undefined where it may have changed since, where
 * somebody else may write it, and where it is not a regular file: a pipe would block us, a device has no end.
 */
function readConfig(proc: string, uid: number, path: string): unknown {
  const started = startOf(proc);
  if (started === undefined || !path.startsWith('/')) return undefined;
  const root = `${proc}/root`;
  const { real, stats, weakness } = judgePath(path, { root, uid });
  if (weakness !== undefined) return undefined;
  // ctime: a file moved into place keeps its mtime.
  if (stats === undefined) {
    const folder = judgePath(dirname(path), { root, uid });
    return folder.stats === undefined || folder.stats.ctimeMs < started ? {} : undefined;
  }
  if (!stats.isFile() || stats.ctimeMs >= started) return undefined;
  const text = readRegular(`${root}${real}`, MOST, false)?.toString('utf8');
  return text === undefined ? undefined : attempt(() => JSON.parse(text) as unknown);
}

/** When a process started, in milliseconds since 1970, accurate to 20 ms. */
function startOf(proc: string): number | undefined {
  const ticks = Number(statFields(readPid(proc))?.[START]);
  const uptime = Number(textOf('/proc/uptime')?.split(' ')[0]);
  const started = Date.now() - (uptime - ticks / TICKS) * 1000;
  return Number.isNaN(started) ? undefined : started;
}

const readPid = (proc: string): string => proc.slice('/proc/'.length);

function attempt<Value>(body: () => Value): Value | undefined {
  try {
    return body();
  } catch {
    return undefined;
  }
}
