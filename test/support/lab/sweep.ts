import { existsSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The name pattern of run directories, by which the next run recognises what a killed one left. */
export const RUN_PREFIX = 'rulesguard-lab-';
const CGROUPS = '/sys/fs/cgroup';

/** A process id together with its start time: ids are reused, the pair is not. */
export function processIdentity(pid: number): string | undefined {
  try {
    // The second field may hold spaces and parentheses; start time is the 20th after it.
    const fields = readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${String(pid)} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/** Every directory that is `name` in one of the machine's cgroup hierarchies (one in v2, a dozen in v1). */
function cgroupsNamed(name: string): string[] {
  if (!existsSync(CGROUPS)) return [];
  const hierarchies = readdirSync(CGROUPS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(CGROUPS, entry.name));
  return [CGROUPS, ...hierarchies].map((parent) => path.join(parent, name)).filter((dir) => existsSync(dir));
}

function removeTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(path.join(directory, entry.name));
  rmdirSync(directory);
}

function thawTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) thawTree(path.join(directory, entry.name));
  const freezer = path.join(directory, 'freezer.state');
  if (existsSync(freezer)) writeFileSync(freezer, 'THAWED');
}

/** Thaws what `docker pause` froze below the parent `name`: with cgroup v1 a frozen process cannot even be killed. */
export function thawCgroups(name: string): void {
  for (const directory of cgroupsNamed(name)) thawTree(directory);
}

/**
 * Removes the cgroups below the parent `name`: the only part of an engine that does not end with its processes and
 * namespaces. The kernel refuses while a killed process is not yet gone, so it is tried for up to five seconds.
 */
export async function removeCgroups(name: string): Promise<void> {
  for (const directory of cgroupsNamed(name)) {
    for (let attempt = 0; existsSync(directory); attempt++) {
      try {
        removeTree(directory);
      } catch (error) {
        if (attempt === 100) throw error;
        await sleep(50);
      }
    }
  }
}

/**
 * Removes what killed runs of the lab have left: cgroups and run directories. Their processes, mounts and namespaces
 * ended with them.
 */
export async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(RUN_PREFIX))) {
    const directory = path.join(tmpdir(), name);
    const owner = path.join(directory, 'owner');
    if (!existsSync(owner)) continue;
    const identity = readFileSync(owner, 'latin1');
    // Empty: its owner is about to write it.
    if (identity === '' || processIdentity(Number.parseInt(identity, 10)) === identity) continue;
    thawCgroups(name);
    await removeCgroups(name);
    rmSync(directory, { recursive: true, force: true });
  }
}
