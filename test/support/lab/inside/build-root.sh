#!/bin/sh
# Builds one Debian root for the lab, once, however many test workers ask for it at the same time.
# usage: build-root.sh TARGET SUITE PACKAGES MIRROR...
set -eu
target=$1 suite=$2 packages=$3
shift 3

mkdir -p "$(dirname "$target")"
exec 9>"$target.lock"
flock 9
[ ! -d "$target" ] || exit 0

# A suite newer than this debootstrap has no script of its own; sid's fits every recent one.
script=sid
[ ! -e "/usr/share/debootstrap/scripts/$suite" ] || script=$suite

# Only the rename makes a root visible: an interrupted build is thrown away by the next one.
rm -rf "$target.building"
for mirror; do
    if nice debootstrap --variant=minbase --include="$packages" "$suite" "$target.building" "$mirror" "$script" >"$target.log" 2>&1 9>&-; then
        rm -rf "$target.building/var/cache/apt/archives" "$target.building/var/lib/apt/lists"
        mv "$target.building" "$target"
        exit 0
    fi
    rm -rf "$target.building"
done
echo "debootstrap of $suite failed from every mirror ($*):" >&2
tail -n 5 "$target.log" >&2
exit 1
