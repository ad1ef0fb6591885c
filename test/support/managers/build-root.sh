#!/bin/sh
# Builds a root with firewall managers beside an Engine, once, however many test workers ask for it at the same time.
# usage: build-root.sh TARGET BASE PACKAGES FETCHED, BASE being a root of the lab, which stays untouched. FETCHED are
# packages that conflict with the others: they lie in /opt/packages for a world that installs them instead.
set -eu
target=$1 base=$2 packages=$3 fetched=$4

exec 9>"$target.lock"
flock 9
[ ! -d "$target" ] || exit 0
exec >"$target.log" 2>&1

work=$(mktemp -d)
mount -t tmpfs -o mode=755 lab "$work"
cd "$work"
mkdir upper work root
mount -t overlay -o "lowerdir=$base,upperdir=$PWD/upper,workdir=$PWD/work" lab root
mount --rbind /dev root/dev
mount -t proc proc root/proc

inside() { nice chroot root env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" 9>&-; }
# The release file of a suite that is no longer looked after says that it has expired.
apt() { inside apt-get -qq -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root "$@"; }

cat /etc/resolv.conf >root/etc/resolv.conf
# Nothing is started: there is no init here.
printf '#!/bin/sh\nexit 101\n' >root/usr/sbin/policy-rc.d
chmod 755 root/usr/sbin/policy-rc.d
apt update
# shellcheck disable=SC2086
apt install -y --no-install-recommends $packages
apt clean
mkdir root/opt/packages
# shellcheck disable=SC2086
[ -z "$fetched" ] || inside sh -c "cd /opt/packages && apt-get -qq -o APT::Sandbox::User=root download $fetched"
rm -rf root/var/cache/apt root/var/lib/apt/lists root/etc/resolv.conf

umount root/proc
umount -l root/dev
# Only the rename makes a root visible: an interrupted build is thrown away by the next one.
rm -rf "$target.building"
cp -a root "$target.building"
mv "$target.building" "$target"
cd /
umount -l "$work/root" "$work"
rmdir "$work"
