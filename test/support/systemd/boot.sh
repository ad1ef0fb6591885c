#!/bin/bash
# Boots this machine's own systemd in the namespaces it is started in (mount, net, pid, ipc, uts, cgroup), on a copy of / that is gone with
# them. Usage: boot.sh FOLDER PROJECT. FOLDER/steps.sh is run there as root; what it says with `step` goes to FOLDER/results.
set -e
folder=$1 project=$2
world=$folder/world
mkdir "$world"
mount -t tmpfs -o mode=755 world "$world"
cd "$world"
mkdir upper work root
mount -t overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" root root
cd root

mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
# Nodes of its own: systemd changes mode and owner of its console.
mount -t tmpfs -o mode=755 dev dev
for node in 'null 3' 'zero 5' 'full 7' 'random 8' 'urandom 9'; do
    mknod -m 666 "dev/${node% *}" c 1 "${node#* }"
done
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for place in dev/shm run tmp; do mount -t tmpfs -o mode=755 tmpfs "$place"; done

mkdir -p opt/rulesguard opt/test usr/local/bin
cp -r "$project/bin" "$project/dist" "$project/package.json" opt/rulesguard/
chmod +x opt/rulesguard/bin/rulesguard.js
ln -sf /opt/rulesguard/bin/rulesguard.js usr/local/bin/rulesguard
mount --bind "$folder" opt/test

# Nothing of this machine's is started.
rm -rf etc/systemd/system/*.wants etc/systemd/system/default.target var/lib/rulesguard etc/rulesguard
for unit in systemd-udevd systemd-logind systemd-networkd systemd-resolved systemd-timesyncd; do
    ln -sf /dev/null "etc/systemd/system/$unit.service"
done
cat >etc/systemd/system/steps.service <<'UNIT'
[Service]
Type=exec
ExecStart=/bin/bash /opt/test/init.sh
UNIT
mkdir etc/systemd/system/multi-user.target.wants
ln -s ../steps.service etc/systemd/system/multi-user.target.wants/

mkdir .before
pivot_root . .before
umount -l .before
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target </dev/null >/dev/null 2>&1
