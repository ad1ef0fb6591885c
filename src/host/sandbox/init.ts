/**
 * The first process of a sandbox, as three scripts for `sh -c`, each started by the one before. It leaves the
 * host's file tree first and builds the rest from inside, so that no symbolic link, whoever swaps it, leads back out.
 *
 * Its lines to us: its process id on the host and `user` or `plain`; after `user` it waits for a line that says that its
 * user namespace has been mapped; then `up`. It runs until its standard input ends: however this program ends, the kernel
 * then ends every process of the sandbox and releases its mounts. Nothing is written to the host: the layers are on a
 * tmpfs of the sandbox's own.
 *
 * Arguments of the first: the texts of the second and third, a mark to make in the sandbox's root, a folder to build on, the
 * size of the layers in MiB, `user` or `plain` for whether a user namespace may be tried, then pairs of `layer` or
 * `readonly` and a mount point, parents first. On failure standard error names the step.
 */
export const INIT = String.raw`
set -eu
trap '[ $? = 0 ] || echo "It failed at: $at" >&2' EXIT
at='the first layer'
build=$1 last=$2 mark=$3 base=$4 size=$5 users=$6; shift 6
read -r hostpid rest </proc/self/stat
# Where what nobody needs to read goes: a root's own /dev/null, below what is mounted there, cannot be opened.
exec 3>/dev/null
mount -t tmpfs -o "nosuid,nodev,mode=755,size=${'$'}{size}m,nr_inodes=100k" sandbox "$base"
cd "$base"
mkdir up up/0 work work/0 root
mount -t overlay -o nosuid,nodev,lowerdir=/,upperdir=up/0,workdir=work/0 sandbox root
cd root
at='leaving the files of the host'
mkdir .rulesguard-host
if command -v pivot_root >&3; then
  pivot_root . .rulesguard-host
  enter=
else
  # util-linux 2.42 has moved pivot_root out of Debian's base system.
  mount --rbind / .rulesguard-host
  mount --move . /
  enter='chroot .'
fi
exec $enter sh -c "$build" sh "$last" "$mark" "$base" "$hostpid" "$users" "$@"
`;

/** From here on `/` is the sandbox's. What cannot have a layer is left out: a bind mount would be the host's own file. */
export const BUILD = String.raw`
set -eu
trap '[ $? = 0 ] || echo "It failed at: $at" >&2' EXIT
at='the layers over mounts'
last=$1 mark=$2 base=$3 hostpid=$4 users=$5; shift 5
cd /
host=/.rulesguard-host
layers=$host$base
n=0
while [ $# -ge 2 ]; do
  options=nosuid,nodev
  [ "$1" = layer ] || options=$options,ro
  # A mount point that is not where it was: somebody has put a link in its way.
  if cd -P "$host$2" 2>&3; then
    if [ "$PWD" = "$host$2" ]; then
      n=$((n + 1)); mkdir "$layers/up/$n" "$layers/work/$n"
      mount -t overlay -o "$options,lowerdir=.,upperdir=$layers/up/$n,workdir=$layers/work/$n" layer "$2" 2>&3 || :
    fi
  elif [ -f "$host$2" ] && [ ! -L "$host$2" ]; then
    cp -p "$host$2" "$2" 2>&3 || :
  fi
  cd /
  shift 2
done
at=/dev
for folder in proc sys dev run; do [ -d "$folder" ] || mkdir "$folder"; done
mount -t tmpfs -o mode=755,nosuid,noexec,size=1m,nr_inodes=256 dev /dev
# By the umask, not by -m: that would need /proc.
umask 0
for node in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod "/dev/${'$'}{node%:*}" c 1 "${'$'}{node#*:}" 2>&3 || {
    # Without root nobody can make one; nor can anybody change the host's then.
    : >"/dev/${'$'}{node%:*}"; mount --bind "$host/dev/${'$'}{node%:*}" "/dev/${'$'}{node%:*}"
  }
done
mknod /dev/tty c 5 0 2>&3 || :
umask 022
mkdir /dev/pts /dev/shm
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=620 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
for pair in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${'$'}{pair%%:*}" "/dev/${'$'}{pair#*:}"; done
mount -t tmpfs -o mode=1777,nosuid,nodev,size=64m,nr_inodes=4k shm /dev/shm
at=/proc
# Before the host's is gone: without root the kernel gives a new one only to who can see an old one.
mount -t proc -o nosuid,nodev,noexec proc /proc
# What of /proc acts on the machine and not on the namespaces is to be read at most, and what tells of it not even that.
for name in kcore keys key-users kmsg timer_list sched_debug; do
  if [ -e "/proc/$name" ]; then mount --bind /dev/null "/proc/$name"; fi
done
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,ro /proc
at='/sys of the host'
# To be covered by the one of the sandbox's network; were it read-only, mount (2.41) would be refused another.
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
at=/run
mount -t tmpfs -o mode=755,nosuid,nodev,size=32m,nr_inodes=4k run /run
mkdir /run/lock /run/user
if [ -d "$host/run/systemd/system" ]; then mkdir -p /run/systemd/system; fi
at='letting go of the host'
umount -l "$host"
rmdir "$host"
: >"/$mark"
if [ "$users" = user ] && unshare --user true 2>&3; then user=--user kind=user; else user= kind=plain; fi
at='the last namespaces'
exec unshare $user --mount --net --ipc --uts sh -c "$last" sh "$hostpid" "$kind" 3>&-
`;

/**
 * In namespaces owned by a user namespace of the sandbox, where one is allowed: the kernel then treats its root as an
 * unprivileged user, and it cannot change what was mounted before.
 */
export const LAST = `
set -eu
trap '[ $? = 0 ] || echo "It failed at: $at" >&2' EXIT
at='the user namespace'
echo "$1 $2"
if [ "$2" = user ]; then read -r mapped; fi
at=/sys
# Where that is refused even without a user namespace, the host's is to be read: its interfaces have the same names.
if ! mount -t sysfs -o ro,nosuid,nodev,noexec sysfs /sys; then
  [ "$2" = plain ] || exit 1
  mount -o remount,bind,ro /sys
fi
at='settings of the network'
# Of the network's settings, those that are one for all namespaces, in this kernel or in older ones.
for name in nf_conntrack_max netfilter/nf_conntrack_max netfilter/nf_conntrack_expect_max netfilter/nf_conntrack_buckets netfilter/nf_hooks_lwtunnel; do
  file=/proc/sys/net/$name
  if [ -w "$file" ]; then mount --bind "$file" "$file"; mount -o remount,bind,ro "$file"; fi
done
echo up
exec cat
`;
