import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { timeCommand } from '../command/command-log.ts';
import { COMMAND_ENV, run, type CommandResult } from '../command/command.ts';
import { closeHandles, openHandles, type SandboxHandles, type Namespace } from './handles.ts';
import { BUILD, INIT, LAST } from './init.ts';
import { makeLimits, memoryFor, type Limits } from './limits.ts';
import { findLoader, type Loader } from './loader.ts';
import { freeFolder, sandboxMounts } from './mounts.ts';

/** A copy of this host in namespaces of its own: what happens in it touches nothing outside, and nothing of it stays. */
export interface Sandbox extends Pick<SandboxHandles, 'root' | 'proc'> {
  /** Runs one of the host's own programs in the sandbox's network namespace alone. */
  readonly onNetwork: (words: readonly [string, ...string[]], input?: string) => Promise<CommandResult>;
  /** The arguments to put before a command that is to run inside: with the sandbox's files, processes and network, and few capabilities. */
  readonly enter: readonly [string, ...string[]];
  readonly limits: Limits;
  /** Ends every process inside, and with them the sandbox. */
  readonly end: () => Promise<void>;
}

/** Why there is no sandbox, in one sentence. */
export interface NoSandbox {
  readonly reason: string;
  readonly details: readonly string[];
  /** How the sandbox was being made when it failed: in a user namespace of its own, or without. */
  readonly failedAs?: 'user' | 'plain';
}

/** nsenter's options for namespaces. */
const OPTIONS = { mnt: 'mount', net: 'net', pid: 'pid', ipc: 'ipc', uts: 'uts', user: 'user' } as const;

/**
 * The capabilities a firewall command may need. Left out is all that reaches beyond a namespace: modules, mounts, devices, raw
 * memory, tracing, the clock, file handles.
 */
const CAPABILITIES = [
  ...['net_admin', 'net_raw', 'net_bind_service', 'chown', 'dac_override', 'fowner', 'fsetid'],
  ...['setuid', 'setgid', 'setpcap', 'kill', 'audit_write'],
];

/** Milliseconds a sandbox may take to start (60 to 150 measured; seconds on an emulated host), and to end. */
const PATIENCE = 60_000;
const LAST_PATIENCE = 5_000;
const MEBIBYTE = 1024 ** 2;

/** Makes a sandbox. Without root it tries a user namespace. Leaves nothing on the host, not even when killed. */
export async function createSandbox(): Promise<Sandbox | NoSandbox> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  const base = freeFolder(mountinfo, isFolder);
  if (base === undefined)
    return noWorld('there is no folder to build a sandbox on', [
      'Each of /mnt, /media, /srv, /opt, /var/tmp, /tmp, /root, /home is missing or has mounts.',
    ]);
  const loader = await findLoader();
  if (typeof loader === 'string') return noWorld('no sandbox can be closed off here', [loader]);
  const memory = await memoryFor();
  const limits = makeLimits(mountinfo, memory);
  const attempt = async (users: 'user' | 'plain'): Promise<Raised | NoSandbox> =>
    raise(mountinfo, base, loader, memory, users).catch(async (error: unknown) => {
      await limits.remove();
      throw error;
    });
  let made = await attempt('user');
  // A kernel, a container or a security module may allow a user namespace and then refuse what is needed inside it.
  if ('reason' in made && made.failedAs === 'user') made = await attempt('plain');
  if ('reason' in made) {
    await limits.remove();
    return made;
  }
  const { pid, handles, end } = made;
  await Promise.all(limits.joins.map((file) => writeFile(file, String(pid)).catch(() => undefined)));
  return {
    ...sandboxBehind(handles, loader, limits),
    end: async () => {
      await end();
      await limits.remove();
      await closeHandles(handles);
    },
  };
}

const noWorld = (reason: string, details: readonly string[]): NoSandbox => ({ reason, details });

interface Raised {
  readonly pid: number;
  readonly handles: SandboxHandles;
  readonly end: () => Promise<void>;
}

/** Starts the first process of a sandbox, and does what it asks until the sandbox is up. */
async function raise(
  mountinfo: string,
  base: string,
  loader: Loader,
  memory: number,
  users: 'user' | 'plain',
): Promise<Raised | NoSandbox> {
  const mark = `.rulesguard-${randomBytes(8).toString('hex')}`;
  const size = String(Math.floor(memory / 2 / MEBIBYTE));
  const isRoot = process.geteuid?.() === 0;
  const words = [
    ...['--pdeathsig', 'KILL', ...loader.close, 'unshare'],
    ...(isRoot ? [] : ['--user', '--map-root-user']),
    ...['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
    ...['sh', '-c', INIT, 'sh', BUILD, LAST, mark, base, size, users],
    ...sandboxMounts(mountinfo).flatMap(({ point, as }) => [as, point]),
  ];
  const logged = timeCommand(['setpriv', ...words]);
  const child = execa('setpriv', words, {
    env: COMMAND_ENV,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    buffer: { stdout: false },
    maxBuffer: 65_536,
  });
  void child.then(logged);
  child.stdin.on('error', () => undefined);
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const end = async (): Promise<void> => {
    child.stdin.end();
    const last = setTimeout(() => child.kill('SIGKILL'), LAST_PATIENCE);
    await child;
    clearTimeout(last);
  };
  try {
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = await lines.next();
    const [id = '', kind] = first.done === true ? [] : first.value.split(' ');
    const pid = Number.parseInt(id, 10);
    if (kind === 'user') {
      await mapAsOurs(pid).catch(() => undefined);
      child.stdin.write('\n');
    }
    const second = await lines.next();
    if (second.done === true) {
      child.stdin.end();
      const { stderr } = await child;
      const isLate = child.killed;
      const said = stderr.split('\n').filter((line) => line.trim() !== '');
      return {
        reason: 'no sandbox could be made here',
        details: isLate ? [`It was not up within ${String(PATIENCE / 1000)} s.`, ...said] : said,
        ...(!isLate && kind === 'user' ? { failedAs: kind } : {}),
      };
    }
    const handles = await openHandles(pid, mark, kind === 'user' || !isRoot);
    if (handles !== undefined) return { pid, handles, end };
    await end();
    return noWorld('the sandbox ended before it could be entered', []);
  } catch (error) {
    await end();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Maps all our ids into a user namespace, each to itself (user_namespaces(7)). */
async function mapAsOurs(pid: number): Promise<void> {
  for (const kind of ['gid_map', 'uid_map']) {
    const ours = await readFile(`/proc/self/${kind}`, 'latin1');
    const theirs = ours.split('\n').flatMap((line) => {
      const [first, , count] = line.trim().split(/\s+/);
      return first === undefined || count === undefined ? [] : [`${first} ${first} ${count}\n`];
    });
    await writeFile(`/proc/${String(pid)}/${kind}`, theirs.join(''));
  }
}

function sandboxBehind(handles: SandboxHandles, loader: Loader, limits: Limits): Omit<Sandbox, 'end'> {
  const pathOf = ({ fd }: { readonly fd: number }): string => `/proc/${String(process.pid)}/fd/${String(fd)}`;
  const through = [...handles.namespaces].map(([name, handle]) => `--${OPTIONS[name]}=${pathOf(handle)}`);
  const hasOwnUsers = handles.namespaces.has('user');
  const netOf = (names: readonly Namespace[]): readonly string[] =>
    [...handles.namespaces]
      .filter(([name]) => names.includes(name))
      .map(([name, handle]) => `--${OPTIONS[name]}=${pathOf(handle)}`);
  // Root of the host controls the sandbox's network anyway; another user has to be root of the sandbox.
  const network = process.geteuid?.() === 0 ? netOf(['net']) : [...netOf(['user', 'net']), PRESERVE];
  return {
    root: handles.root,
    proc: handles.proc,
    limits,
    onNetwork: (words, input) =>
      run(['nsenter', ...network, ...words], {
        ...(input === undefined ? {} : { input }),
        // The host's xtables lock protects the host's rules; here it must neither be waited for nor held.
        env: { XTABLES_LOCKFILE: '/proc/self/ns/net' },
        timeout: 120_000,
      }),
    enter: [
      'setpriv',
      ...[
        '--pdeathsig',
        'KILL',
        'sh',
        '-c',
        JOIN,
        'sh',
        String(limits.joins.length),
        ...limits.joins,
        'nsenter',
      ],
      ...through,
      ...(hasOwnUsers ? [PRESERVE] : []),
      `--root=${pathOf(handles.root)}`,
      `--wd=${pathOf(handles.root)}`,
      '--',
      ...['setpriv', `--bounding-set=-all,+${CAPABILITIES.join(',+')}`, '--inh-caps=-all', '--'],
      ...loader.seal,
    ],
  };
}

const PRESERVE = '--preserve-credentials';

/** A script: joins control groups (their number is the first argument), asks to be killed first when memory runs out, then runs the command. */
const JOIN =
  'echo 1000 >/proc/self/oom_score_adj; n=$1; shift; while [ $n -gt 0 ]; do echo $$ >"$1"; shift; n=$((n - 1)); done 2>/dev/null; exec "$@"';

function isFolder(point: string): boolean {
  try {
    return statSync(point).isDirectory();
  } catch {
    return false;
  }
}
