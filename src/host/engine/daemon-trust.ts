import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { readRegular } from '../files/regular-file.ts';
import { judgePath } from '../files/trusted-path.ts';

const MIB = 1024 * 1024;

/** The identity of a socket's file, whatever path leads to it. */
export interface SocketIdentity {
  readonly file: string;
  readonly uid: number;
}

/** Of a path; undefined where there is nothing. */
export function identityOf(socket: string): SocketIdentity | undefined {
  try {
    const { dev, ino, uid } = statSync(socket);
    return { file: `${String(dev)}:${String(ino)}`, uid };
  } catch {
    return undefined;
  }
}

/**
 * The user of a process that runs a program of this name. A name alone proves nothing: any user's process may have it, and
 * whoever starts sudo through a link named dockerd has a process with root as its user and arguments of their choice. So all
 * four user ids must be the same, and the program file must have this name and not be set-user-ID or set-group-ID.
 *
 * @returns its user id; undefined for a process that runs another program, or may not be examined
 */
export function ownerOfProgram(pid: string, program: string): number | undefined {
  const uid = ownerOf(pid);
  if (uid === undefined) return undefined;
  try {
    const exe = `/proc/${pid}/exe`;
    // The program was upgraded while it runs.
    const path = readlinkSync(exe).replace(/ \(deleted\)$/, '');
    const isNamed = path.slice(path.lastIndexOf('/') + 1) === program;
    return isNamed && (statSync(exe).mode & LENDS_RIGHTS) === 0 ? uid : undefined;
  } catch {
    return undefined;
  }
}

/** The user of a process; undefined where its four user ids are not the same, or it is gone. */
export function ownerOf(pid: string): number | undefined {
  const status = readRegular(`/proc/${pid}/status`, MIB)?.toString('latin1') ?? '';
  const [, ...uids] = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(status) ?? [];
  const [uid] = uids;
  return uid === undefined || uids.some((one) => one !== uid) ? undefined : Number(uid);
}

/** Set-user-ID and set-group-ID. */
const LENDS_RIGHTS = 0o6000;

/** Whether a process is in the mount, pid and user namespaces of this one, or of the host's first: not in a container. */
export function isOfThisHost(pid: string): boolean {
  const own = namespacesOf(pid);
  return own !== undefined && ['self', '1'].some((other) => namespacesOf(other) === own);
}

function namespacesOf(pid: string): string | undefined {
  try {
    return ['mnt', 'pid', 'user'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`)).join(' ');
  } catch {
    return undefined;
  }
}

/** `__SO_ACCEPTCON` in the flags of /proc/net/unix: it listens. */
const LISTENING = /^[\da-f]+: [\da-f]{8} [\da-f]{8} 0001[\da-f]{4} 0001 [\da-f]{2} +(\d+) (\/.*)$/gim;
const MOST_SOCKETS = 16 * MIB;

/**
 * Whether a process holds the listening socket of a file: then this process answers there, or one that shares the socket.
 * /proc/net/unix lists each listening socket's inode and the path it was bound at, as the process that bound it saw the path:
 * below that process's root it must be the same file. The path alone would prove nothing, because others may bind the same path
 * elsewhere. dockerd opens its sockets first, so its first few descriptors are enough.
 */
export function holdsSocket(pid: string, { file }: SocketIdentity): boolean {
  const table = readRegular(`/proc/${pid}/net/unix`, MOST_SOCKETS)?.toString('latin1') ?? '';
  const bound = new Map([...table.matchAll(LISTENING)].map(([, inode = '', path = '']) => [inode, path]));
  if (bound.size === 0) return false;
  try {
    const descriptors = readdirSync(`/proc/${pid}/fd`).sort((a, b) => Number(a) - Number(b));
    return descriptors.some((descriptor) => {
      const path = bound.get(socketOf(`/proc/${pid}/fd/${descriptor}`));
      if (path === undefined) return false;
      const { stats } = judgePath(path, { kind: 'socket', root: `/proc/${pid}/root` });
      return stats !== undefined && `${String(stats.dev)}:${String(stats.ino)}` === file;
    });
  } catch {
    return false;
  }
}

/** The inode of the socket that a descriptor below /proc/PID/fd is; an empty text for anything else. */
export function socketOf(descriptor: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(descriptor))?.[1] ?? '';
  } catch {
    return '';
  }
}
