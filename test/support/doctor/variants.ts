import { BANNED } from '../matrix/city.ts';
import { settleNeighbours } from '../incident/neighbours.ts';
import { withFirewalld } from './firewalld.ts';
import { HEALTHY_CONTAINERS } from './healthy-containers.ts';
import type { HealthyScene } from './healthy-scene.ts';
import { restart } from './plants/engine.ts';
import { BY_PROXY, inTurn, lax, reload, sh } from './plants/plant.ts';

const rules = (name: string, script: string): HealthyScene => ({ name, make: sh(script), undo: reload });

const scripts = (name: string, make: string, undo: string): HealthyScene => ({
  name,
  make: sh(make),
  undo: lax(undo),
});

const MANY = String.raw`ipset create crowd hash:ip
perl -e 'print "add crowd 198.18.$_.$_\n" for 1 .. 250' | ipset restore
perl -e 'print "*filter\n:crowd - [0:0]\n", (map { "-A crowd -s 198.18.0.0/16 -p tcp -m tcp --dport $_ -j DROP\n" } 1 .. 500),
  "-A crowd -m set --match-set crowd src -j DROP\n-I FORWARD -j crowd\nCOMMIT\n"' | iptables-restore --noflush`;

const UFW = `iptables -N ufw-before-forward
iptables -N ufw-user-forward
iptables -N ufw-reject-forward
iptables -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A ufw-before-forward -j ufw-user-forward
iptables -A FORWARD -j ufw-before-forward
iptables -A FORWARD -j ufw-reject-forward`;

const NATIVE = `nft -f - <<'EOF'
table inet filter {
  chain input { type filter hook input priority filter; policy accept; ct state invalid drop; tcp dport 23 drop; }
  set banned { type ipv4_addr; flags timeout; elements = { 203.0.113.66 timeout 1h } }
  chain forward { type filter hook forward priority filter; policy accept; ip saddr 198.18.0.0/15 drop; ip saddr @banned drop; }
}
EOF`;

/** As libvirt writes it for its network, since 10.4. */
const LIBVIRT = `nft -f - <<'EOF'
table ip libvirt_network {
  chain forward { type filter hook forward priority filter; policy accept; }
  chain guest_nat {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 counter masquerade
  }
}
EOF`;

/** As wg-quick writes it, and as LXD, podman and many a router do. */
const WIREGUARD = `nft -f - <<'EOF'
table ip wg-quick-wg0 {
  chain preraw {
    type filter hook prerouting priority raw; policy accept;
    iifname != "wg0" ip daddr 10.9.0.2 fib saddr type != local drop
  }
  chain premangle { type filter hook prerouting priority mangle; policy accept; meta l4proto udp meta mark set ct mark; }
  chain postmangle {
    type filter hook postrouting priority mangle; policy accept;
    meta l4proto udp meta mark 0xca6c ct mark set meta mark
  }
}
table inet x {
  chain p { type nat hook postrouting priority srcnat; policy accept; oifname "eth0" masquerade; }
}
EOF`;

const RULES: readonly HealthyScene[] = [
  rules("the user's DROP of one address in DOCKER-USER", `iptables -I DOCKER-USER -s ${BANNED} -j DROP`),
  rules("ufw's chains at the end of FORWARD", UFW),
  rules(
    'foreign ACCEPT rules',
    // One of all packets would open every port of every container to the outside.
    'iptables -I FORWARD -i eth0 -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -I INPUT -i lo -j ACCEPT',
  ),
  rules(
    'SNAT for another subnet',
    'iptables -t nat -I POSTROUTING -s 10.8.0.0/24 -o eth0 -j SNAT --to-source 192.0.2.10',
  ),
  rules('MASQUERADE for all', 'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE'),
  rules('policy DROP of FORWARD in both families', 'iptables -P FORWARD DROP; ip6tables -P FORWARD DROP'),
  rules("a table of nftables' own that lets containers pass", NATIVE),
  rules(
    "firewalld's own table, bridges in its zone trusted",
    withFirewalld('{ "docker0", "front0", "back0" }'),
  ),
  rules("libvirt's table of nftables' own, which masquerades", LIBVIRT),
  rules("WireGuard's table, which marks, and a table that masquerades all", WIREGUARD),
  { name: '500 foreign rules and a set', make: sh(MANY), undo: inTurn(reload, lax('ipset destroy crowd')) },
  {
    name: 'ufw, fail2ban, libvirt and a user beside Docker',
    make: ({ engine }) => settleNeighbours(engine),
    undo: reload,
  },
  scripts(
    'a rule in iptables-legacy that concerns nobody',
    'iptables-legacy -A INPUT -s 198.18.0.0/15 -j DROP',
    'iptables-legacy -F',
  ),
];

const HOSTS: readonly HealthyScene[] = [
  scripts(
    "a VPN's route beside the networks",
    'ip tuntap add dev tun0 mode tun; ip addr add 10.8.0.1/24 dev tun0; ip link set tun0 up; ip route add 10.9.0.0/16 dev tun0',
    'ip link del tun0',
  ),
  scripts(
    'rp_filter loose',
    'put 2 ipv4/conf/all/rp_filter ipv4/conf/eth0/rp_filter',
    'put 0 ipv4/conf/all/rp_filter ipv4/conf/eth0/rp_filter',
  ),
  scripts(
    'rp_filter strict, one way only',
    'put 1 ipv4/conf/all/rp_filter ipv4/conf/eth0/rp_filter',
    'put 0 ipv4/conf/all/rp_filter ipv4/conf/eth0/rp_filter',
  ),
];

const hairpins = (state: 'on' | 'off'): string =>
  String.raw`for port in $(ip -o link show type veth | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
  ip link set dev "$port" type bridge_slave hairpin ${state} || true
done`;

const DAEMONS: readonly HealthyScene[] = [
  { name: 'dockerd restarted, containers lived on', make: restart(), undo: reload },
  {
    name: 'userland-proxy=false',
    // Containers that lived on have ports that send nothing back to themselves; those started without a proxy do.
    make: inTurn(restart('--userland-proxy=false'), lax(hairpins('on'))),
    // Loopback by the kernel wants a setting of the bridges that the Engine does not take back.
    undo: inTurn(
      restart(),
      lax(hairpins('off')),
      lax('for bridge in docker0 front0 back0; do put 0 ipv4/conf/$bridge/route_localnet; done'),
      reload,
    ),
    // Without a proxy the kernel translates what the proxy would have answered.
    otherwise: [...BY_PROXY, 'host → own:8080'],
  },
];

/** Every machine that is well in its own way. Those that restart the daemon come last. */
export const HEALTHY_SCENES: readonly HealthyScene[] = [
  ...RULES,
  ...HOSTS,
  ...HEALTHY_CONTAINERS,
  ...DAEMONS,
];
