#!/bin/sh
# Turns the namespaces it is started in (mount, pid, net) into a small machine of its own and stays as its init.
# usage: enter-root.sh ROOT SHARED, ROOT being a Debian root used read-only, SHARED a host directory seen as /lab.
# Everything written lands on a tmpfs that dies with the mount namespace: nothing to clean up after a crash.
set -eu
root=$1 shared=$2

# /proc is still the host's, so this is our pid on the host.
read -r hostpid _ </proc/self/stat

mount -t tmpfs -o mode=755 lab "$shared/world"
cd "$shared/world"
mkdir upper work root
mount -t overlay -o "lowerdir=$root,upperdir=$PWD/upper,workdir=$PWD/work" lab root
cd root

mkdir -p lab .host
mount --bind "$shared/lab" lab
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/lock
# The host's tools and the engine's own must use one lock, as they do on a real machine.
: >>lab/xtables.lock
: >run/xtables.lock
mount --bind lab/xtables.lock run/xtables.lock

# pivot_root and not chroot: runc cannot remount / of a chroot, so no container would start.
pivot_root . .host
umount -l /.host
rmdir .host

echo "$hostpid"
exec </dev/null >/dev/null 2>&1
# As init it reaps orphaned processes of the engine (containerd's shims).
while :; do
    sleep 60 &
    wait $!
done
