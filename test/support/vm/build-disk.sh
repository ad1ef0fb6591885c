#!/bin/sh
# Makes the disk of a whole host out of its root, once, however many test workers ask for it at the same time.
# usage: build-disk.sh ROOT DISK
set -eu
root=$1 disk=$2
here=$(dirname "$(readlink -f "$0")")

exec 9>"$disk.lock"
flock 9
[ ! -e "$disk" ] || exit 0

rm -f "$disk.building"
truncate -s 4G "$disk.building"
mke2fs -q -F -t ext4 -d "$root" "$disk.building"
debugfs -w -f - "$disk.building" >/dev/null 2>&1 <<WORDS
rm /etc/hostname
write $here/hostname /etc/hostname
write $here/test.service /etc/systemd/system/test.service
symlink /etc/systemd/system/multi-user.target.wants/test.service /etc/systemd/system/test.service
WORDS
debugfs -R 'stat /etc/systemd/system/test.service' "$disk.building" 2>/dev/null | grep -q 'Type: regular'
mv "$disk.building" "$disk"
