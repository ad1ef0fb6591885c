import { describe, expect, test } from 'vitest';
import { freeFolder, sandboxMounts } from '../../../../src/host/sandbox/mounts.ts';

const line = (point: string, type: string, options = 'rw', superOptions = 'rw'): string =>
  `30 1 8:1 / ${point} ${options},relatime shared:1 - ${type} /dev/x ${superOptions}`;
const HOST = [
  line('/', 'ext4'),
  line('/proc', 'proc'),
  line('/run', 'tmpfs'),
  line('/sys/fs/cgroup', 'cgroup2'),
];

describe('which mounts of the host a sandbox shows', () => {
  test.each<[what: string, lines: readonly string[], shown: readonly (readonly [string, string])[]]>([
    ['nothing beside the root, and no view of the kernel', [], []],
    ['a file system of its own, with a layer', [line('/var', 'xfs')], [['/var', 'layer']]],
    [
      'parents first',
      [line('/var/log', 'ext4'), line('/var', 'ext4')],
      [
        ['/var', 'layer'],
        ['/var/log', 'layer'],
      ],
    ],
    ['what is read-only, as it is', [line('/usr', 'squashfs', 'ro')], [['/usr', 'readonly']]],
    [
      'a read-only file system mounted to be written',
      [line('/snap/x', 'squashfs', 'rw', 'ro')],
      [['/snap/x', 'readonly']],
    ],
    ['a file bound over another', [line('/etc/resolv.conf', 'ext4')], [['/etc/resolv.conf', 'layer']]],
    ['a name that no option could hold', [line('/srv/a:b,c', 'ext4')], [['/srv/a:b,c', 'layer']]],
    ['a name with a space', [line(String.raw`/srv/a\040b`, 'ext4')], [['/srv/a b', 'layer']]],
    ['no file system that a user’s program serves', [line('/home/me/cloud', 'fuse.sshfs')], []],
    ['no roots of containers', [line('/var/lib/docker/overlay2/1/merged', 'overlay')], []],
    ['nothing of /run', [line('/run/user/0', 'tmpfs'), line('/run/docker/netns/1', 'nsfs')], []],
    [
      'the last of two on one place',
      [line('/opt', 'ext4'), line('/opt', 'ext4', 'ro')],
      [['/opt', 'readonly']],
    ],
  ])('%s', (_, lines, shown) => {
    const found = sandboxMounts([...HOST, ...lines].join('\n'));
    expect(found.map(({ point, as }) => [point, as])).toEqual(shown);
  });
});

describe('where a sandbox is built', () => {
  test.each([
    ['the first folder without mounts', [], '/mnt'],
    ['not where something is mounted', [line('/mnt', 'ext4'), line('/media/cdrom', 'iso9660')], '/srv'],
  ])('%s', (_, lines, folder) => {
    expect(freeFolder([...HOST, ...lines].join('\n'), () => true)).toBe(folder);
  });

  test('nowhere, when there is no such folder', () => {
    expect(freeFolder(HOST.join('\n'), () => false)).toBeUndefined();
  });
});
