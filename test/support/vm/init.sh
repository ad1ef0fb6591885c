# shellcheck shell=bash
# Runs on the guest, as root, at every boot. What the test's script says with `step` goes to the second serial line.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C NO_COLOR=1
stty -F /dev/ttyS1 raw -echo
boot=$(cat /var/lib/test-boots 2>/dev/null || echo 0)
boot=$((boot + 1))
echo "$boot" >/var/lib/test-boots
printf '@ boot%s 0 \n' "$boot" >/dev/ttyS1

if [ "$boot" = 1 ]; then
    cp /mnt/node /usr/bin/node
    cp -r /mnt/rulesguard /opt/rulesguard
    chmod +x /opt/rulesguard/bin/rulesguard.js
    ln -s /opt/rulesguard/bin/rulesguard.js /usr/local/bin/rulesguard
fi

# step NAME COMMAND...: runs it, and tells the test its exit code and all it said.
step() {
    local name=$1 said code
    shift
    said=$("$@" 2>&1 </dev/null | base64 -w0; exit "${PIPESTATUS[0]}")
    code=$?
    printf '@ %s %s %s\n' "$name" "$code" "$said" >/dev/ttyS1
}

# within SECONDS COMMAND...: tries it until it succeeds.
within() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.5
    done
}

. /mnt/scenario.sh
"boot$boot"
if [ -e /run/test-reboots ]; then
    systemctl --no-block reboot
else
    printf '@ end 0 \n' >/dev/ttyS1
    systemctl --no-block poweroff
fi
