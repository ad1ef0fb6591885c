# shellcheck shell=bash
# Runs as a unit, as root. What steps.sh says with `step` goes to the results.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C NO_COLOR=1

# step NAME COMMAND...: runs it, and tells the test its exit code and all it said.
step() {
    local name=$1 said code
    shift
    said=$("$@" 2>&1 </dev/null | base64 -w0; exit "${PIPESTATUS[0]}")
    code=$?
    printf '@ %s %s %s\n' "$name" "$code" "$said" >>/opt/test/results
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

. /opt/test/steps.sh
printf '@ end 0 \n' >>/opt/test/results
systemctl --no-block exit
