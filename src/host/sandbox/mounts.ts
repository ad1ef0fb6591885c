/** How a mount of the host is shown in a sandbox: under a throw-away layer, which may be written or not. */
export interface SandboxMount {
  readonly point: string;
  readonly as: 'layer' | 'readonly';
}

/** File systems that are views of the kernel or of a service, made new in a sandbox or left out of it. */
const VIEWS: ReadonlySet<string> = new Set([
  ...['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'mqueue', 'hugetlbfs', 'debugfs'],
  ...['tracefs', 'securityfs', 'pstore', 'bpf', 'configfs', 'fusectl', 'binfmt_misc', 'autofs', 'nsfs'],
  ...['efivarfs', 'rpc_pipefs', 'selinuxfs', 'ramfs'],
]);

/** Folders a sandbox has of its own. */
const OWN = /^\/(?:proc|sys|dev|run|var\/run)(?:\/|$)/;

/** A line of proc_pid_mountinfo(5). */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly readonly: boolean;
  /** Options of the file system, as `rw,memory`. */
  readonly superOptions: string;
}

/**
 * The mounts that make up the host's files, parents first: each needs an overlay of its own, which does not show what is mounted
 * on it. Containers' own roots (overlays below the first) are left out: no firewall command needs them, and there may be
 * hundreds. So are FUSE file systems: the program that serves one may not answer.
 *
 * @param mountinfo - the text of /proc/self/mountinfo
 */
export function sandboxMounts(mountinfo: string): readonly SandboxMount[] {
  const last = new Map<string, Mount>();
  for (const mount of mountsIn(mountinfo)) {
    last.delete(mount.point);
    last.set(mount.point, mount);
  }
  return [...last.values()]
    .filter(
      ({ point, type }) =>
        point !== '/' &&
        !OWN.test(`${point}/`) &&
        !VIEWS.has(type) &&
        type !== 'overlay' &&
        !type.startsWith('fuse'),
    )
    .map(({ point, readonly }): SandboxMount => ({ point, as: readonly ? 'readonly' : 'layer' }))
    .sort((a, b) => (a.point < b.point ? -1 : 1));
}

/** A folder that nothing is mounted on or below, to build a sandbox on; undefined when there is none. */
export function freeFolder(mountinfo: string, isFolder: (point: string) => boolean): string | undefined {
  const points = [...mountsIn(mountinfo)].map(({ point }) => point);
  return ['/mnt', '/media', '/srv', '/opt', '/var/tmp', '/tmp', '/root', '/home'].find(
    (folder) =>
      !points.some((point) => point === folder || point.startsWith(`${folder}/`)) && isFolder(folder),
  );
}

/** All mounts: the fifth field is the mount point, the type follows the single dash. */
export function* mountsIn(mountinfo: string): Generator<Mount> {
  for (const line of mountinfo.split('\n')) {
    const [before = '', after] = line.split(' - ');
    const fields = before.split(' ');
    const [, , , , point, options = ''] = fields;
    const [type, , superOptions = ''] = after?.split(' ') ?? [];
    if (point === undefined || type === undefined) continue;
    const readonly = [options, superOptions].some((list) => list.split(',').includes('ro'));
    yield { point: unescape(point), type, readonly, superOptions };
  }
}

/** Spaces and the like are written as octal escapes. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
