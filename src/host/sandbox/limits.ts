import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { COMMAND_ENV } from '../command/command.ts';
import { mountsIn } from './mounts.ts';

/** More than a firewall's scripts need: ufw starts 40 processes one after the other, firewalld takes 60 MB. */
export const MOST_PROCESSES = 512;
const MOST_MEMORY = 1024 ** 3;
const LEAST_MEMORY = 64 * 1024 ** 2;
/** Available memory that must be left to the host. */
const SHARE = 2;
/** A rehearsal ends when less than this part of the host's memory is available. */
const RESERVE = 20;

/** The limits of a sandbox. */
export interface Limits {
  /** The `cgroup.procs` files: a process that writes its id there joins the group, with everything it starts. */
  readonly joins: readonly string[];
  /** Whether the kernel has refused a process or ended one for its memory. */
  readonly wereHit: () => Promise<boolean>;
  /** Removes the groups. They are also removed if we are killed, once the sandbox's last process is gone. */
  readonly remove: () => Promise<void>;
}

/** A file of a group that sets a limit, by cgroup version. */
type Setting = readonly [file: string, value: (bytes: number) => string];
interface LimitKind {
  readonly limit: Setting;
  /** Set where it is there: only with accounting of swap. */
  readonly swap?: Setting;
  /** A file that counts refusals, and its keys that do; a file without keys holds one number. */
  readonly events: readonly [file: string, word: RegExp];
}
const MEMORY_2: LimitKind = {
  limit: ['memory.max', String],
  swap: ['memory.swap.max', () => '0'],
  events: ['memory.events', /^oom_kill (\d+)$/m],
};
const PIDS: LimitKind = {
  limit: ['pids.max', () => String(MOST_PROCESSES)],
  events: ['pids.events', /^max (\d+)$/m],
};
const MEMORY_1: LimitKind = {
  limit: ['memory.limit_in_bytes', String],
  swap: ['memory.memsw.limit_in_bytes', String],
  events: ['memory.oom_control', /^oom_kill (\d+)$/m],
};

/** How much memory a sandbox may take, in bytes: its processes' and what it writes. */
export async function memoryFor(): Promise<number> {
  const available = (await readMemory())?.available ?? MOST_MEMORY;
  return Math.max(LEAST_MEMORY, Math.min(MOST_MEMORY, Math.floor(available / SHARE)));
}

/** Whether the host itself is short of memory. */
export async function isMemoryShort(): Promise<boolean> {
  const memory = await readMemory();
  return memory !== undefined && memory.available < memory.total / RESERVE;
}

async function readMemory(): Promise<{ readonly total: number; readonly available: number } | undefined> {
  const text = await readFile('/proc/meminfo', 'latin1').catch(() => '');
  const [total, available] = ['MemTotal', 'MemAvailable'].map(
    (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]),
  );
  return total === undefined || available === undefined || Number.isNaN(total + available)
    ? undefined
    : { total, available };
}

/**
 * Makes control groups (v1 or v2) for a sandbox, at the top of the hierarchy: below a service's own group no limits can be
 * set. Where no groups can be made, the sandbox is watched instead.
 *
 * @param mountinfo - the text of /proc/self/mountinfo
 * @param bytes - the limit of its memory
 */
export function makeLimits(mountinfo: string, bytes: number): Limits {
  const name = `rulesguard-${String(process.pid)}-${randomBytes(4).toString('hex')}`;
  const groups: { readonly folder: string; readonly kinds: readonly LimitKind[] }[] = [];
  for (const { point, type, superOptions } of mountsIn(mountinfo)) {
    if (type !== 'cgroup2' && !(type === 'cgroup' && /(?:^|,)(?:memory|pids)(?:,|$)/.test(superOptions)))
      continue;
    const folder = join(point, name);
    const kinds = makeGroup(folder, bytes);
    if (kinds.length > 0) groups.push({ folder, kinds });
  }
  const folders = groups.map(({ folder }) => folder);
  const janitor = folders.length === 0 ? undefined : startJanitor(folders);
  return {
    joins: folders.map((folder) => join(folder, 'cgroup.procs')),
    wereHit: async () => {
      const counts = await Promise.all(
        groups.flatMap(({ folder, kinds }) => kinds.map(({ events }) => countOf(folder, events))),
      );
      return counts.some((count) => count > 0);
    },
    remove: async () => {
      await janitor?.();
    },
  };
}

/** Makes a group if it can set any limit. Returns which limits. */
function makeGroup(folder: string, bytes: number): readonly LimitKind[] {
  try {
    mkdirSync(folder);
  } catch {
    return [];
  }
  const kinds = [MEMORY_2, MEMORY_1, PIDS].filter((kind) => isLimited(folder, kind, bytes));
  if (kinds.length === 0) rmdirSync(folder);
  return kinds;
}

function isLimited(folder: string, { limit: [file, value], swap }: LimitKind, bytes: number): boolean {
  try {
    accessSync(join(folder, file), constants.W_OK);
    writeFileSync(join(folder, file), value(bytes));
  } catch {
    return false;
  }
  try {
    if (swap !== undefined) writeFileSync(join(folder, swap[0]), swap[1](bytes));
  } catch {
    // Swap is not accounted for here.
  }
  return true;
}

async function countOf(folder: string, [file, word]: LimitKind['events']): Promise<number> {
  const text = await readFile(join(folder, file), 'latin1').catch(() => '');
  return Number(word.exec(text)?.[1] ?? 0);
}

const REMOVE = `
trap '' INT TERM HUP
read -r ended
for group; do
  n=0
  # Busy until the last process is gone.
  until rmdir "$group" 2>/dev/null || [ ! -d "$group" ] || [ $n -ge 500 ]; do n=$((n + 1)); sleep 0.02; done
done`;

/** Removes folders of groups once their last process is gone, also if we were killed. Returns a function that stops the wait. */
function startJanitor(folders: readonly string[]): () => Promise<void> {
  const child = execa('sh', ['-c', REMOVE, 'sh', ...folders], {
    env: COMMAND_ENV,
    reject: false,
    detached: true,
    cleanup: false,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  child.stdin.on('error', () => undefined);
  return async () => {
    child.stdin.end();
    await child;
  };
}
