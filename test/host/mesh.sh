# The routing mesh with IPVS: whether the live rules equal the expected ones, and whether restore repairs damage.
. /mnt/docker.sh

save_answers() {
    node - <<'ASK'
const http = require('node:http');
const get = (path) => new Promise((resolve, reject) =>
  http.get({ socketPath: '/run/docker.sock', path }, (answer) => {
    let text = '';
    answer.on('data', (data) => (text += data));
    answer.on('end', () => resolve(JSON.parse(text)));
  }).on('error', reject));
(async () => {
  const answers = {};
  for (const path of ['/version', '/info', '/networks', '/containers/json', '/containers/json?all=true', '/services'])
    answers[path] = await get(path);
  for (const { Id } of answers['/networks'])
    for (const path of [`/networks/${Id}`, `/networks/${Id}?verbose=true`]) answers[path] = await get(path);
  for (const { Id } of answers['/containers/json?all=true']) answers[`/containers/${Id}/json`] = await get(`/containers/${Id}/json`);
  console.log(JSON.stringify(answers));
})();
ASK
}

# damaged NAME COMMAND...: what it takes away, what check says, and whether restore gives all of it back.
damaged() {
    local name=$1 before
    shift
    before=$(rules)
    "$@"
    step "$name-client" both_answer
    step "$name-check" rulesguard check
    step "$name-restore" rulesguard restore --policies
    step "$name-packets" within 300 both_answer
    step "$name-rules" diff <(echo "$before") <(rules)
}

# The resident guard as a unit of systemd: started, told of a flush, and gone again without a trace.
watched() {
    mkdir -p /etc/rulesguard
    echo '{"version": 1, "watch": {"mode": "repair"}}' >/etc/rulesguard/config.json
    local before
    before=$(ls -R /etc/systemd/system)
    step watch-install rulesguard hook install systemd
    step watch-active within 300 systemctl is-active rulesguard-watch.service
    step watch-listens within 300 sh -c 'rulesguard log | grep "nftables: "'
    iptables -t nat -F
    step watch-repaired within 600 sh -c 'rulesguard log | grep REPAIRED'
    step watch-packets within 300 both_answer
    step watch-log rulesguard log
    step watch-journal sh -c 'journalctl -u rulesguard-watch RULESGUARD_KIND=repaired -o cat --no-pager | grep -c .'
    step watch-verify systemd-analyze verify rulesguard-watch.service
    step watch-security sh -c 'systemd-analyze security rulesguard-watch.service | tail -n 1'
    reloaded
    restarted_nftables
    timed_out
    step watch-remove rulesguard hook remove systemd
    step watch-left diff <(echo "$before") <(ls -R /etc/systemd/system)
    step watch-ended within 60 sh -c '! systemctl is-active rulesguard-watch.service'
}

# A configuration that is wrong is not taken, one that is right is.
reloaded() {
    echo '{"version": 1, "watch": {"mode": "off"}}' >/etc/rulesguard/config.json
    systemctl reload rulesguard-watch
    step watch-bad within 300 sh -c 'journalctl -u rulesguard-watch -o cat --no-pager | grep "what was read before holds"'
    echo '{"version": 1, "watch": {"mode": {"exposure": "repair", "outage": "repair"}, "intervalSeconds": 60}}' >/etc/rulesguard/config.json
    systemctl reload rulesguard-watch
    step watch-good within 300 sh -c 'journalctl -u rulesguard-watch -o cat --no-pager | grep "was read again: mode repair"'
}

# Debian's unit flushes every rule there is.
restarted_nftables() {
    local repairs
    repairs=$(rulesguard log | grep -c REPAIRED)
    systemctl restart nftables.service
    step watch-nftables within 600 sh -c '[ "$(rulesguard log | grep -c REPAIRED)" -gt "$0" ]' "$repairs"
    step watch-nftables-packets within 300 both_answer
}

# A watch that hangs is ended and started again.
timed_out() {
    mkdir -p /run/systemd/system/rulesguard-watch.service.d
    printf '[Service]\nWatchdogSec=20\n' >/run/systemd/system/rulesguard-watch.service.d/soon.conf
    systemctl daemon-reload
    systemctl restart rulesguard-watch
    kill -STOP "$(systemctl show --property MainPID --value rulesguard-watch)"
    step watch-watchdog within 300 sh -c 'systemctl show --property NRestarts rulesguard-watch | grep "=[1-9]"'
    step watch-again within 300 systemctl is-active rulesguard-watch.service
    rm -r /run/systemd/system/rulesguard-watch.service.d
    systemctl daemon-reload
}

boot1() {
    serve_both
    step ipvs sh -c "nsenter --net=/run/docker/netns/ingress_sbox ipvsadm -Ln && iptables -t nat -S DOCKER-INGRESS"

    step snapshot rulesguard snapshot
    step expected is_intact engine
    step recorded is_intact both
    step nothing rulesguard restore
    step record-4 iptables-save -c
    step record-6 ip6tables-save -c
    step record-answers save_answers

    damaged nat iptables -t nat -F
    damaged all nft flush ruleset
    watched
}
