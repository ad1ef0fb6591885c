# shellcheck shell=bash
# Packages under a real systemd: dpkg's and rpm's own way through installing, upgrading, going back and removing, with the watch at work.
# The program of a package is a script that says of which version it is, in the environment of the process that it becomes.
rm /usr/local/bin/rulesguard
# Its database would be made anew each time.
rm -f /var/lib/man-db/auto-update
# A machine that is a container has one that denies all.
rm -f /usr/sbin/policy-rc.d
state=/var/lib/rulesguard
config=/etc/rulesguard/config.json

links() { find /etc/systemd/system /var/lib/systemd -name '*.wants' -o -type l -print | sort; }
# What of it is on the host, beside the package managers' own notes, and which links of systemd's have come or gone.
left() {
    find /etc /run /usr /var \( -path /var/tmp -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/rpm \) -prune -o -name '*rulesguard*' -print
    links | diff - /tmp/links
}
pid() { systemctl show --property MainPID --value rulesguard-watch; }
version() { tr '\0' '\n' <"/proc/$(pid)/environ" | grep ^PACKAGED=; }
# What each unit is, in this order: watch, boot, snapshot.
units() { for unit in watch.service boot.service snapshot.timer; do systemctl "$1" "rulesguard-$unit"; done | paste -sd' '; }
looked() { units is-enabled; units is-active; }
kept() { cat $config && sha256sum $state/baselines/*; }
same() { [ "$(kept)" = "$before" ]; }
repairs() { iptables-nft -F FORWARD && within 60 rulesguard check; }

operator() {
    iptables-nft-restore </opt/test/ipv4.save
    ip6tables-nft-restore </opt/test/ipv6.save
    echo '{"version": 1, "watch": {"mode": "repair"}}' >$config
    rulesguard snapshot >/dev/null 2>&1
    systemctl enable --now rulesguard-watch.service rulesguard-snapshot.timer >/dev/null 2>&1
    before=$(kept)
}

# through NAME INSTALL_OLD INSTALL_NEW INSTALL_BACK: from the first installation to going back.
through() {
    local name=$1 old=$2 new=$3 back=$4
    step "$name-install" $old
    step "$name-fresh" looked
    operator
    step "$name-started" version
    step "$name-upgrade" $new
    step "$name-upgraded" looked
    step "$name-version" version
    step "$name-same" same
    step "$name-repairs" repairs
    # What the operator takes back stays so.
    systemctl disable --now rulesguard-snapshot.timer >/dev/null 2>&1
    step "$name-downgrade" $back
    step "$name-downgraded" looked
    step "$name-old-version" version
    step "$name-same-again" same
}

deb='dpkg --install'
links >/tmp/links
through deb "$deb /opt/test/old.deb" "$deb /opt/test/new.deb" "$deb --force-downgrade /opt/test/old.deb"
# The operator's policy is asked before anything is started or stopped.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
running=$(pid)
step deb-policy $deb /opt/test/new.deb
step deb-policy-old test "$(pid)" = "$running"
rm /usr/sbin/policy-rc.d
step deb-remove dpkg --remove rulesguard
step deb-ended test ! -e "/proc/$running/exe"
step deb-kept same
step deb-again $deb /opt/test/new.deb
step deb-again-units looked
systemctl enable --now rulesguard-watch.service rulesguard-snapshot.timer >/dev/null 2>&1
step deb-purge dpkg --purge rulesguard
step deb-left left

rpm='rpm --force-debian --nodeps'
through rpm "$rpm --install /opt/test/old.rpm" "$rpm --upgrade /opt/test/new.rpm" "$rpm --upgrade --oldpackage /opt/test/old.rpm"
systemctl stop rulesguard-watch
step rpm-stopped-upgrade $rpm --upgrade /opt/test/new.rpm
step rpm-stopped looked
systemctl enable --now rulesguard-watch.service rulesguard-snapshot.timer >/dev/null 2>&1
mkdir -p $state/pending && echo '{}' >$state/pending/000001-20260101T000000Z.json
step rpm-refused $rpm --erase rulesguard
step rpm-refused-units looked
rm $state/pending/*.json
running=$(pid)
step rpm-erase $rpm --erase rulesguard
step rpm-ended test ! -e "/proc/$running/exe"
step rpm-kept sh -c "cat $config.rpmsave && ls $state/baselines"
rm -r /etc/rulesguard $state
step rpm-left left
