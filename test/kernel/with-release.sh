#!/bin/sh
# The kernel layer with another release of iptables, as root:
#   test/kernel/with-release.sh ROOT [vitest arguments]
# ROOT is a root file system with iptables, nftables and iproute2 in it; `npm run lab -- roots` makes some.
# It is mounted read-only and only for this process: nothing in ROOT or on this machine changes.
set -eu
if [ "${RULESGUARD_PRIVATE_MOUNTS:-}" != yes ]; then
  RULESGUARD_PRIVATE_MOUNTS=yes exec unshare -m --propagation private "$0" "$@"
fi
RULESGUARD_TOOLS_ROOT=$(realpath "$1")
shift
export RULESGUARD_TOOLS_ROOT
mount --bind "$RULESGUARD_TOOLS_ROOT" "$RULESGUARD_TOOLS_ROOT"
mount -o remount,ro,bind "$RULESGUARD_TOOLS_ROOT"
mount -t proc proc "$RULESGUARD_TOOLS_ROOT/proc"
chroot "$RULESGUARD_TOOLS_ROOT" iptables -V
cd "$(dirname "$0")/../.."
exec npx vitest run --project kernel "$@"
