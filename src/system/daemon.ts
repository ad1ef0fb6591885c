import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { environmentOf, factsOf, type Launch } from '../docker/daemon-facts.ts';
import type { DaemonFacts, DaemonSight } from '../docker/settings.ts';

/** A dockerd process of this machine. */
export interface DaemonProcess {
  readonly pid: number;
  /** Of its network namespace, or of the one its rules are in where it was detached. */
  readonly netns: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** What identifies the network namespace we are in. */
export const ownNetns = (): string => netnsAt('/proc/self/ns/net');

/**
 * The dockerd processes whose rules are in this network namespace, and of the only one what it was started with. Never
 * throws: what cannot be read is not certain.
 *
 * @param all - as {@link daemonProcesses} lists them
 */
export function sightOf(all: readonly DaemonProcess[]): DaemonSight {
  const here = attempt(ownNetns);
  const ours = all.filter(({ netns }) => netns === here);
  const [only] = ours;
  return { count: ours.length, facts: only === undefined || ours.length > 1 ? {} : factsOfProcess(only) };
}

/**
 * Every dockerd process that this process may look into.
 *
 * @param named - the processes of that name, where someone has listed them already
 */
export function daemonProcesses(named: readonly string[] = processesNamed()): readonly DaemonProcess[] {
  return named.flatMap((pid) => {
    // Between fork and exec a child of dockerd's (iptables, a shim) bears its name too.
    const parent = statFields(pid)?.[PARENT];
    if (parent !== undefined && named.includes(parent)) return [];
    const environment = environmentOf(attempt(() => readFileSync(`/proc/${pid}/environ`, 'latin1')) ?? '');
    const netns = attempt(() => netnsOf(pid, environment));
    return netns === undefined ? [] : [{ pid: Number(pid), netns, environment }];
  });
}

const processesNamed = (): readonly string[] =>
  (attempt(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name) && isDockerd(name));

const NAME = Buffer.from('dockerd\n', 'latin1');
const name = Buffer.alloc(NAME.length + 1);

/** One read into a buffer that is there: 1 to 3 ms among 290 processes, a third of what readFile takes; 12 ms among 1,300. */
function isDockerd(pid: string): boolean {
  const file = attempt(() => openSync(`/proc/${pid}/comm`, 'r'));
  if (file === undefined) return false;
  const length = attempt(() => readSync(file, name, 0, name.length, 0)) ?? 0;
  closeSync(file);
  return NAME.equals(name.subarray(0, length));
}

/** A rootless daemon may stay in the host's namespace while its bridges are in one that RootlessKit keeps (docker-rules §7). */
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
  return attempt(() =>
    readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' '),
  );
}

function factsOfProcess({ pid, environment }: DaemonProcess): DaemonFacts {
  const proc = `/proc/${String(pid)}`;
  const cmdline = attempt(() => readFileSync(`${proc}/cmdline`, 'latin1'));
  if (cmdline === undefined || cmdline === '') return {};
  const args = cmdline.replace(/\0$/, '').split('\0').slice(1);
  const launch: Launch = { args, environment, readConfig: (path) => readConfig(proc, path) };
  return factsOf(launch);
}

/** A configuration file as the daemon read it at its start: `{}` for none; undefined where it may have been another. */
function readConfig(proc: string, path: string): unknown {
  const started = startOf(proc);
  const file = `${proc}/root${path}`;
  if (started === undefined) return undefined;
  // ctime: a file moved into place keeps its mtime.
  const changed = attempt(() => statSync(file).ctimeMs);
  if (changed === undefined) {
    const folder = attempt(() => statSync(dirname(file)).ctimeMs);
    return folder === undefined || folder < started ? {} : undefined;
  }
  return changed < started ? attempt(() => JSON.parse(readFileSync(file, 'utf8')) as unknown) : undefined;
}

/** When a process started, in milliseconds since 1970, to the 20 ms of its sources. */
function startOf(proc: string): number | undefined {
  const ticks = Number(statFields(readPid(proc))?.[START]);
  const uptime = Number(attempt(() => readFileSync('/proc/uptime', 'latin1'))?.split(' ')[0]);
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
