import { once } from 'node:events';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { execa } from 'execa';
import { runProgram, type ExecOptions, type Outcome } from './program.ts';

/** IP version of a ruleset. */
export type Family = 'ipv4' | 'ipv6';

/** Which of the kernel's two packet filters the tool speaks to. */
export type Variant = 'nft' | 'legacy';

/** A throw-away network namespace, gone with `dispose` or with this process, however it ends. */
export interface Netns {
  /** A path that `nsenter --net=` and `ip link set … netns` take, from any process on this machine. */
  readonly path: string;
  /** Runs a program inside. Never throws for an exit code; throws when the program cannot be started or hangs. */
  readonly exec: (file: string, args?: readonly string[], options?: ExecOptions) => Promise<Outcome>;
  /** The text of `iptables-save`; throws unless it exits 0. Further arguments as `-c` or `-t`, `nat`. */
  save(family: Family, variant: Variant, args?: readonly string[]): Promise<string>;
  /** Feeds `text` to `iptables-restore`. */
  restore(family: Family, variant: Variant, text: string, args?: readonly string[]): Promise<Outcome>;
  dispose(): Promise<void>;
}

/**
 * Where the tools come from: a root file system with another release of iptables in it and /proc mounted, or this
 * machine's own.
 */
export const TOOLS_ROOT = process.env['RULESGUARD_TOOLS_ROOT'] ?? '/';

const OWN_NETNS = '/proc/self/ns/net';

/** The one name of a tool that means the same on every distribution: `tool('ipv6', 'nft', 'save')`. */
export function tool(family: Family, variant: Variant, verb?: 'save' | 'restore'): string {
  const name = family === 'ipv4' ? 'iptables' : 'ip6tables';
  return [name, variant, ...(verb === undefined ? [] : [verb])].join('-');
}

/**
 * The environment every tool runs with. A namespace's own file serves as its lock: nobody outside takes it, and
 * nothing is left behind in /run or /tmp.
 */
export const TOOL_ENV: Readonly<Record<string, string>> = {
  PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`,
  LC_ALL: 'C',
  TZ: 'UTC',
  XTABLES_LOCKFILE: OWN_NETNS,
};

/**
 * Opens a fresh namespace and returns a file descriptor that keeps it alive.
 * A descriptor rather than a process id: an id may be handed out again, and `nsenter` would then walk into the
 * machine's own namespace; a descriptor is closed by the kernel even when this process is killed.
 */
async function openFresh(): Promise<number> {
  const holder = execa('unshare', ['-n', 'cat'], { stdin: 'pipe', env: TOOL_ENV, extendEnv: false });
  // `cat` answers only once `unshare` has become it, so the echo says that the new namespace exists.
  holder.stdin.write('ready\n');
  const started = await Promise.race([once(holder.stdout, 'data'), holder.then(() => undefined)]);
  if (started === undefined || holder.pid === undefined) throw new Error('unshare -n ended at once');
  const fd = openSync(`/proc/${String(holder.pid)}/ns/net`, 'r');
  holder.stdin.end();
  await holder;
  return fd;
}

/**
 * Makes an empty network namespace (loopback down, no rules) for a test.
 * @throws Error when the namespace cannot be made, or when it would be the machine's own
 */
export async function createNetns(): Promise<Netns> {
  const fd = await openFresh();
  const path = `/proc/${String(process.pid)}/fd/${String(fd)}`;
  if (readlinkSync(path) === readlinkSync(OWN_NETNS)) {
    closeSync(fd);
    throw new Error('refusing to test in the namespace of this machine');
  }
  let open = true;

  const exec: Netns['exec'] = async (file, args = [], options = {}) => {
    // The number of a closed descriptor may meanwhile mean anything.
    if (!open) throw new Error(`the namespace is disposed of; not running ${file}`);
    const words = ['nsenter', `--net=${path}`, `--root=${TOOLS_ROOT}`, '--', file, ...args] as const;
    return runProgram(words, TOOL_ENV, options);
  };

  return {
    path,
    exec,
    async save(family, variant, args = []) {
      const name = tool(family, variant, 'save');
      const { code, stdout, stderr } = await exec(name, args);
      if (code !== 0) throw new Error(`${name} exited with ${String(code)}: ${stderr}`);
      return stdout;
    },
    restore: (family, variant, text, args = []) =>
      exec(tool(family, variant, 'restore'), args, { input: text }),
    dispose() {
      if (open) closeSync(fd);
      open = false;
      return Promise.resolve();
    },
  };
}

/** Runs `body` in a namespace of its own and disposes of it, also when `body` throws. */
export async function withNetns<Result>(body: (ns: Netns) => Promise<Result>): Promise<Result> {
  const ns = await createNetns();
  try {
    return await body(ns);
  } finally {
    await ns.dispose();
  }
}
