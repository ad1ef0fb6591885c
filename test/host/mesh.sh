# shellcheck shell=bash
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
    step watch-remove rulesguard hook remove systemd
    step watch-left diff <(echo "$before") <(ls -R /etc/systemd/system)
    step watch-ended within 60 sh -c '! systemctl is-active rulesguard-watch.service'
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
