/** How a mount of the host is shown in a scratch world: with a throw-away layer over it, or as it is and not to be written. */
export interface WorldMount {
  readonly point: string;
  readonly as: 'layer' | 'readonly';
}

/** File systems that are views of the kernel or of a service, made anew in a world or left out of it. */
const VIEWS: ReadonlySet<string> = new Set([
  ...['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'mqueue', 'hugetlbfs', 'debugfs'],
  ...['tracefs', 'securityfs', 'pstore', 'bpf', 'configfs', 'fusectl', 'binfmt_misc', 'autofs', 'nsfs'],
  ...['efivarfs', 'rpc_pipefs', 'selinuxfs', 'ramfs'],
]);

/** Folders a world has of its own. */
const OWN = /^\/(?:proc|sys|dev|run|var\/run)(?:\/|$)/;
/** What an overlay's option string cannot hold. */
const AWKWARD = /[,:\\"\s]/;

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly readonly: boolean;
}

/**
 * The mounts that make up the host's files, parents first: an overlay shows one file system, not what is mounted on it.
 * Containers' own roots (overlays below the first) are left out: no firewall command needs them, and there may be hundreds.
 *
 * @param mountinfo - the text of /proc/self/mountinfo
 * @param isFolder - whether a mount point is a folder: a file that was bound over another cannot have a layer
 */
export function worldMounts(mountinfo: string, isFolder: (point: string) => boolean): readonly WorldMount[] {
  const last = new Map<string, Mount>();
  for (const mount of mountsIn(mountinfo)) {
    last.delete(mount.point);
    last.set(mount.point, mount);
  }
  const shown = [...last.values()].filter(
    ({ point, type }) =>
      point !== '/' && !OWN.test(`${point}/`) && !VIEWS.has(type) && type !== 'overlay' && !/\s/.test(point),
  );
  return shown
    .map(({ point, type, readonly }): WorldMount => {
      const layered = !readonly && !AWKWARD.test(point) && !type.startsWith('fuse') && isFolder(point);
      return { point, as: layered ? 'layer' : 'readonly' };
    })
    .sort((a, b) => (a.point < b.point ? -1 : 1));
}

/** A folder that nothing is mounted on or below, to build a world on; undefined when there is none. */
export function freeFolder(mountinfo: string, isFolder: (point: string) => boolean): string | undefined {
  const points = [...mountsIn(mountinfo)].map(({ point }) => point);
  return ['/mnt', '/media', '/srv', '/opt', '/var/tmp', '/tmp', '/root', '/home'].find(
    (folder) =>
      isFolder(folder) && !points.some((point) => point === folder || point.startsWith(`${folder}/`)),
  );
}

/** Fields of proc_pid_mountinfo(5): the fifth is the mount point, the type follows the lone dash. */
function* mountsIn(mountinfo: string): Generator<Mount> {
  for (const line of mountinfo.split('\n')) {
    const [before = '', after] = line.split(' - ');
    const fields = before.split(' ');
    const [, , , , point, options = ''] = fields;
    const [type, , superOptions = ''] = after?.split(' ') ?? [];
    if (point === undefined || type === undefined) continue;
    const readonly = [options, superOptions].some((list) => list.split(',').includes('ro'));
    yield { point: unescape(point), type, readonly };
  }
}

/** Spaces and the like stand as octal numbers. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
