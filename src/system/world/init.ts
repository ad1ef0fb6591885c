/**
 * The first process of a scratch world, as text for `sh -c`. It turns the namespaces it is started in into a copy of the
 * host, prints its process id as the host knows it, and stays until its standard input ends: whatever becomes of us, the
 * kernel then ends every process of the world and lets go of its mounts.
 *
 * Arguments: a folder to build on, then pairs of `layer` or `readonly` and a mount point, parents first.
 * Nothing is written to the host: the layers lie on a tmpfs of the world's own.
 */
export const INIT = String.raw`
set -eu
base=$1; shift
read -r hostpid rest </proc/self/stat
layer() {
  n=$((n + 1)); mkdir "up/$n" "work/$n"
  mount -t overlay -o "lowerdir=$1,upperdir=$PWD/up/$n,workdir=$PWD/work/$n" layer "$2"
}
readonly_bind() {
  mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"
}
n=0
mount -t tmpfs -o mode=755,size=512m world "$base"
cd "$base"
mkdir up work root
layer / "$PWD/root"
while [ $# -ge 2 ]; do
  if [ "$1" = layer ]; then
    layer "$2" "$PWD/root$2" 2>/dev/null || readonly_bind "$2" "$PWD/root$2" 2>/dev/null || :
  else
    readonly_bind "$2" "$PWD/root$2" 2>/dev/null || :
  fi
  shift 2
done
cd root
for folder in proc sys dev run; do [ -d "$folder" ] || mkdir "$folder"; done
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755,nosuid dev dev
for name in null zero full random urandom tty; do
  : >"dev/$name"; mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for pair in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${'$'}{pair%%:*}" "dev/${'$'}{pair#*:}"; done
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=755 run run
mkdir run/lock run/user
# What of /proc acts on the machine and not on the namespaces: to be read at most.
for name in sys bus fs irq acpi scsi; do
  if [ -d "proc/$name" ]; then readonly_bind "proc/$name" "proc/$name"; fi
done
mount --bind proc/sys/net proc/sys/net && mount -o remount,bind,rw proc/sys/net
for name in sysrq-trigger kcore keys timer_list; do
  if [ -e "proc/$name" ]; then mount --bind /dev/null "proc/$name"; fi
done
if command -v pivot_root >/dev/null; then
  mkdir .rulesguard-host
  pivot_root . .rulesguard-host
  umount -l /.rulesguard-host
  rmdir /.rulesguard-host
  enter=
else
  # util-linux 2.42 has moved pivot_root out of Debian's base system.
  mount --move . /
  enter='chroot .'
fi
# Said from inside: who is told of a world may enter it at once.
exec $enter sh -c 'echo "$0"; exec cat' "$hostpid"
`;
