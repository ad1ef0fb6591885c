import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { LAB_ENV, execThrough, type Exec } from './run.ts';
import { RUN_PREFIX, processIdentity, removeCgroups, thawCgroups } from './sweep.ts';

/** A small machine: its own mounts, processes and network, with a Debian root whose changes are thrown away. */
export interface World {
  /** The name of this world's run directory and cgroup parent on the host. */
  readonly name: string;
  /** Host directory that is `/lab` inside. */
  readonly shared: string;
  /** Path of its network namespace, for `nsenter --net=`. */
  readonly netns: string;
  /** Runs a program of its own, inside. */
  readonly exec: Exec;
  /** As `exec`, but in the network namespace at `netns`: programs and files of the inside, another network. */
  execIn(netns: string): Exec;
  /** The prefix with which a command has the inside's programs and files, in the caller's network namespace. */
  readonly enter: readonly string[];
  /** Kills every process inside; mounts and namespaces go with them. */
  destroy(): Promise<void>;
}

/**
 * Starts a world on `root`, which stays untouched. It dies with this process, however that ends.
 * @throws Error with what failed when namespaces or mounts cannot be made
 */
export async function createWorld(root: string): Promise<World> {
  const directory = mkdtempSync(path.join(tmpdir(), RUN_PREFIX));
  const name = path.basename(directory);
  const shared = path.join(directory, 'lab');
  writeFileSync(path.join(directory, 'owner'), processIdentity(process.pid) ?? '');
  mkdirSync(shared);
  mkdirSync(path.join(directory, 'world'));

  const namespaces = [
    'unshare',
    '--mount',
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  const keeper = execa(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      ...namespaces,
      path.join(import.meta.dirname, 'inside/enter-root.sh'),
      root,
      directory,
    ],
    { env: LAB_ENV, extendEnv: false, reject: false, stdin: 'ignore', buffer: { stdout: false } },
  );
  const said: unknown = await Promise.race([once(keeper.stdout, 'data'), keeper]);
  const pid = Array.isArray(said) ? Number.parseInt(String(said[0]), 10) : Number.NaN;
  if (Number.isNaN(pid)) {
    keeper.kill('SIGKILL');
    const { stderr } = await keeper;
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`the lab's namespaces cannot be made: ${stderr}`);
  }

  const identity = processIdentity(pid);
  const enter = ['nsenter', '-t', String(pid), '--mount', '--pid', '--root', '--wd'];
  const netns = `/proc/${String(pid)}/ns/net`;
  const execIn = (other: string) => execThrough([...enter, `--net=${other}`, '--']);
  return {
    name,
    shared,
    netns,
    exec: execIn(netns),
    execIn,
    enter,
    async destroy() {
      thawCgroups(name);
      // When the first process of a pid namespace ends, the kernel ends all others; `unshare` then ends by itself.
      if (identity !== undefined && processIdentity(pid) === identity) process.kill(pid, 'SIGKILL');
      await keeper;
      await removeCgroups(name);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
