import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { open, readFile, readlink, writeFile, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { COMMAND_ENV, run, type CommandResult } from '../command.ts';
import { INIT } from './init.ts';
import { freeFolder, worldMounts } from './mounts.ts';

/** A copy of this host in namespaces of its own: what happens in it touches nothing outside, and nothing of it stays. */
export interface World {
  /** Its root folder as a path of ours, without a slash at the end. */
  readonly root: string;
  /** Runs one of the host's own programs in the world's network namespace alone. */
  readonly onNetwork: (words: readonly [string, ...string[]], input?: string) => Promise<CommandResult>;
  /** Words to put before a command that is to run inside: its files, processes, network, and few capabilities. */
  readonly enter: readonly [string, ...string[]];
  /** Ends every process inside, and with them the world. */
  readonly end: () => Promise<void>;
}

/** Why there is no world, in one sentence. */
export interface NoWorld {
  readonly reason: string;
  readonly details: readonly string[];
}

const NAMESPACES = ['mnt', 'net', 'pid', 'ipc', 'uts'] as const;
/** nsenter's words for them. */
const OPTIONS = { mnt: 'mount', net: 'net', pid: 'pid', ipc: 'ipc', uts: 'uts', user: 'user' } as const;

/**
 * What a firewall command may need. Left out is all that reaches past a namespace: modules, mounts, devices, raw
 * memory, tracing, the clock, file handles.
 */
const CAPABILITIES = [
  ...['net_admin', 'net_raw', 'net_bind_service', 'chown', 'dac_override', 'fowner', 'fsetid'],
  ...['setuid', 'setgid', 'setpcap', 'kill', 'audit_write'],
];

/** How long a world may take to come up, in milliseconds; 60 to 100 here. */
const PATIENCE = 20_000;

/** Makes a scratch world. Without root it tries a user namespace. Leaves nothing on the host, not even when killed. */
export async function createWorld(): Promise<World | NoWorld> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  const base = freeFolder(mountinfo, isFolder);
  if (base === undefined)
    return noWorld('there is no folder to build a scratch world on', [
      'Each of /mnt, /media, /srv, /opt, /var/tmp, /tmp, /root, /home is missing or has mounts.',
    ]);
  const mounts = worldMounts(mountinfo, isFolder).flatMap(({ point, as }) => [as, point]);
  const isRoot = process.geteuid?.() === 0;
  const child = execa(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare'],
      ...(isRoot ? [] : ['--user', '--map-root-user']),
      ...['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child'],
      ...['--propagation', 'private', 'sh', '-c', INIT, 'sh', base, ...mounts],
    ],
    {
      env: COMMAND_ENV,
      reject: false,
      stdin: 'pipe',
      stdout: 'pipe',
      buffer: { stdout: false },
      maxBuffer: 65_536,
    },
  );
  child.stdin.on('error', () => undefined);
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const end = async (): Promise<void> => {
    child.stdin.end();
    await child;
  };
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const first = await lines.next();
  clearTimeout(timer);
  const pid = first.done === true ? Number.NaN : Number.parseInt(first.value, 10);
  if (Number.isNaN(pid)) {
    const { stderr, shortMessage } = await child;
    return noWorld('no scratch world could be made here', [
      stderr.trim() || (shortMessage ?? 'no reason given'),
    ]);
  }
  const doors = await openDoors(pid, isRoot).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  if (doors === undefined) {
    await end();
    return noWorld('the scratch world ended before it could be entered', []);
  }
  return worldBehind(doors, isRoot, async () => {
    await end();
    await Promise.all([...doors.values()].map((door) => door.close()));
  });
}

const noWorld = (reason: string, details: readonly string[]): NoWorld => ({ reason, details });

type Doors = ReadonlyMap<(typeof NAMESPACES)[number] | 'user' | 'root', FileHandle>;

/**
 * The namespaces as open files. By a process id alone they would be another's, perhaps the host's, once that process had
 * died and its id was taken. A nonce written into the world proves that they are its own.
 *
 * @returns undefined when what stands there now is not the world that was made
 */
async function openDoors(pid: number, isRoot: boolean): Promise<Doors | undefined> {
  const proc = `/proc/${String(pid)}`;
  const nonce = `/run/rulesguard-${randomBytes(8).toString('hex')}`;
  const names = isRoot ? NAMESPACES : [...NAMESPACES, 'user' as const];
  const doors = new Map<(typeof NAMESPACES)[number] | 'user' | 'root', FileHandle>();
  try {
    doors.set('root', await open(`${proc}/root`, 'r'));
    for (const name of names) doors.set(name, await open(`${proc}/ns/${name}`, 'r'));
    for (const name of names) {
      const [theirs, ours] = await Promise.all([
        readlink(`/proc/self/fd/${String(doors.get(name)?.fd)}`),
        readlink(`/proc/self/ns/${name}`),
      ]);
      if (theirs === ours) throw new Error(`not a world: it shares our ${name} namespace`);
    }
    const ns = `/proc/self/fd/${String(doors.get('root')?.fd)}`;
    await writeFile(`${ns}${nonce}`, '');
    if (existsSync(`${proc}/root${nonce}`) && !existsSync(nonce)) return doors;
  } catch (error) {
    await Promise.all([...doors.values()].map((door) => door.close()));
    if (error instanceof Error && error.message.startsWith('not a world')) throw error;
    return undefined;
  }
  await Promise.all([...doors.values()].map((door) => door.close()));
  return undefined;
}

function worldBehind(doors: Doors, isRoot: boolean, end: () => Promise<void>): World {
  const pathOf = (name: Parameters<Doors['get']>[0]): string =>
    `/proc/${String(process.pid)}/fd/${String(doors.get(name)?.fd)}`;
  const user = isRoot ? [] : [`--user=${pathOf('user')}`, '--preserve-credentials'];
  const through = NAMESPACES.map((name) => `--${OPTIONS[name]}=${pathOf(name)}`);
  return {
    root: pathOf('root'),
    onNetwork: (words, input) =>
      run(['nsenter', ...user, `--net=${pathOf('net')}`, ...words], {
        ...(input === undefined ? {} : { input }),
        // The host's xtables lock guards the host's rules; here it must neither be waited for nor held.
        env: { XTABLES_LOCKFILE: '/proc/self/ns/net' },
        timeout: 120_000,
      }),
    enter: [
      'nsenter',
      ...user,
      ...through,
      `--root=${pathOf('root')}`,
      `--wd=${pathOf('root')}`,
      '--',
      ...['setpriv', `--bounding-set=-all,+${CAPABILITIES.join(',+')}`, '--inh-caps=-all', '--'],
    ],
    end,
  };
}

function isFolder(point: string): boolean {
  try {
    return statSync(point).isDirectory();
  } catch {
    return false;
  }
}
