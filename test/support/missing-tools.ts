/** Words that run a program where the folders of tools hold all that they hold here, but for the files that a pattern names. */
export const without = (pattern: string): readonly string[] => [
  ...['unshare', '--mount', '--propagation', 'private', 'sh', '-c'],
  `mount -t tmpfs none /mnt && for dir in bin sbin; do
     mkdir /mnt/$dir && mount --bind /usr/$dir /mnt/$dir && mount -t tmpfs none /usr/$dir &&
     /mnt/bin/ln -s /mnt/$dir/* /usr/$dir/ || exit 99
   done && rm -f /usr/sbin/${pattern} /usr/bin/${pattern} && exec "$@"`,
  'sh',
];
