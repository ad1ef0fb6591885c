# shellcheck shell=bash
# The unit of watch under a real systemd: confined as it is, it repairs; it is reloaded, and started again when it hangs.
config() { mkdir -p /etc/rulesguard && echo "{\"version\": 1, \"watch\": $1}" >/etc/rulesguard/config.json; }
noted() { rulesguard log | grep -c "$1"; }
logged() { journalctl -u rulesguard-watch -o cat --no-pager | grep -F "$1"; }
more_than() { [ "$(noted "$2")" -gt "$1" ]; }

iptables-nft-restore </opt/test/ipv4.save
ip6tables-nft-restore </opt/test/ipv6.save
rulesguard snapshot >/dev/null 2>&1
config '{"mode": "repair", "onEvent": [{"program": "/usr/local/sbin/told", "kinds": ["damage"]}], "listen": "/run/rulesguard/metrics.sock"}'
printf '#!/bin/sh\ncat >/var/lib/rulesguard/told\n' >/usr/local/sbin/told
chmod 755 /usr/local/sbin/told

step install rulesguard hook install systemd
step active within 60 systemctl is-active rulesguard-watch.service
step listens within 60 logged 'source: nftables: '
iptables-nft -F FORWARD
step repaired within 60 more_than 0 REPAIRED
step rules rulesguard check
step told within 60 grep -q '"kind":"damage"' /var/lib/rulesguard/told
step journal journalctl -u rulesguard-watch RULESGUARD_KIND=repaired RULESGUARD_EFFECT=exposure -o json --no-pager
step lines sh -c 'journalctl -u rulesguard-watch -o cat --no-pager | grep -c "^repaired: "'
step metrics sh -c 'printf "GET /metrics HTTP/1.0\r\n\r\n" | timeout 5 perl -MIO::Socket::UNIX -e '\''$s = IO::Socket::UNIX->new("/run/rulesguard/metrics.sock"); print $s <STDIN>; print <$s>'\'' | grep repairs_total'
step verify systemd-analyze verify --recursive-errors=no rulesguard-watch.service
step security sh -c 'systemd-analyze security --no-pager rulesguard-watch.service | tail -n 1'

config '{"mode": "off"}'
systemctl reload rulesguard-watch
step bad within 60 logged 'what was read before holds'
config '{"mode": {"exposure": "repair", "outage": "report"}}'
systemctl reload rulesguard-watch
step good within 60 logged 'read again: mode repair exposures, report outages'

repairs=$(noted REPAIRED)
printf 'flush ruleset\n' >/etc/nftables.conf
step nftables systemctl restart nftables.service
step nftables-repaired within 120 more_than "$repairs" REPAIRED

mkdir -p /run/systemd/system/rulesguard-watch.service.d
printf '[Service]\nWatchdogSec=10\n' >/run/systemd/system/rulesguard-watch.service.d/soon.conf
systemctl daemon-reload
systemctl restart rulesguard-watch
kill -STOP "$(systemctl show --property MainPID --value rulesguard-watch)"
step watchdog within 120 logged "Failed with result 'watchdog'"
step again within 60 systemctl is-active rulesguard-watch.service
step remove rulesguard hook remove systemd
step ended within 60 sh -c '! systemctl is-active rulesguard-watch.service'

# What a package runs before it is removed, with its unit of the boot active.
mkdir -p /etc/rulesguard
printf '*filter\n:DOCKER-USER - [0:0]\nCOMMIT\n' >/etc/rulesguard/docker-user.v4
ln -s /usr/local/bin/rulesguard /usr/bin/rulesguard
rulesguard hook install boot
# What it does at boot is tried elsewhere: here it only has to be active.
mkdir -p /run/systemd/system/rulesguard-boot.service.d
printf '[Service]\nExecStart=\nExecStart=/bin/true\n' >/run/systemd/system/rulesguard-boot.service.d/only.conf
systemctl daemon-reload
step boot sh -c 'systemctl start rulesguard-boot && systemctl is-active rulesguard-boot'
sed 's/@TARGETS@/boot/; s/@INVOKE@/systemctl/' /opt/test/remove.part >/tmp/remove
step removal sh -e /tmp/remove
step boot-stopped sh -c '! systemctl is-active rulesguard-boot.service'
