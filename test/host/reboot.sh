# shellcheck shell=bash
# Docker under its own unit with the routing mesh, WireGuard, nftables.service, and a reboot.
. /mnt/docker.sh

boot1() {
    serve_both
    step snapshot rulesguard snapshot

    ip link add wg0 type wireguard
    ip addr add 10.99.0.1/24 dev wg0
    ip link set wg0 up
    ip link add dummy0 type dummy
    step rehearsed rulesguard run --dry-run -- sh -c 'ip -br link show wg0 && ip -br link show dummy0 && iptables -t nat -F DOCKER-INGRESS'
    step rehearsed-left rules

    # Nobody confirms it, and rulesguard itself is killed: systemd's timer rolls it back.
    setsid rulesguard run --mode report --confirm 60 -- iptables -N unkept 2>/tmp/waiter &
    within 600 grep -q 'Keep this change' /tmp/waiter
    step timer systemctl list-units --all --no-legend --plain 'rulesguard-pending-*.timer'
    step in-force iptables -S unkept
    kill -9 $(pgrep -f 'run --mode report --confirm')
    step rolled-back within 600 sh -c 'ls /var/lib/rulesguard/pending/*.rolled-back && ! iptables -S unkept'
    step rolled-back-check rulesguard check
    step journal journalctl -o cat -t rulesguard

    # At the next boot Debian's nftables.service flushes all rules, as it does at every reload.
    mkdir -p /etc/rulesguard
    echo '{ "version": 1, "hook": { "policies": true } }' >/etc/rulesguard/config.json
    step hook rulesguard hook install nftables
    systemctl enable -q nftables.service
    mkdir -p /etc/iptables
    setsid rulesguard run --mode report --confirm 3600 -- sh -c 'iptables -N unsettled; iptables-save >/etc/iptables/rules.v4' 2>/tmp/second &
    within 600 grep -q 'Keep this change' /tmp/second
    touch /run/test-reboots
}

boot2() {
    rm -f /run/test-reboots
    # Docker may not have created the routing mesh yet: what this prints about rules is not checked.
    step rebooted rulesguard check
    step booted within 1200 both_answer
    step booted-check is_intact both
    step boot-rules iptables -S
    step late rulesguard confirm
    step settled rulesguard rollback
    step settled-check rulesguard check

    systemctl start nftables.service
    step reload systemctl reload nftables.service
    step reloaded within 300 both_answer
    step reloaded-check rulesguard check
    step fired rulesguard hook status
}
