import type { ReachState } from './state.ts';
import { load, named, nft } from './state.ts';
import { TAILSCALE, WG_QUICK } from './vpn.ts';

const filter = (text: string): string => load(`*filter\n${text}\nCOMMIT`);

/** ufw 0.36 with `default deny (incoming), deny (routed)`, as `ufw enable` writes it behind Docker's rules. */
const UFW = filter(`:ufw-before-forward - [0:0]
  :ufw-after-forward - [0:0]
  :ufw-user-forward - [0:0]
  :ufw-reject-forward - [0:0]
  :ufw-before-input - [0:0]
  :ufw-user-input - [0:0]
  :ufw-before-output - [0:0]
  -A INPUT -j ufw-before-input
  -A FORWARD -j ufw-before-forward
  -A FORWARD -j ufw-after-forward
  -A FORWARD -j ufw-reject-forward
  -A OUTPUT -j ufw-before-output
  -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  -A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT
  -A ufw-before-forward -j ufw-user-forward
  -A ufw-before-input -i lo -j ACCEPT
  -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  -A ufw-before-input -m conntrack --ctstate INVALID -j DROP
  -A ufw-before-input -j ufw-user-input
  -A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
  -A ufw-before-output -o lo -j ACCEPT`);

/** What ufw-docker adds to after.rules. */
const UFW_DOCKER = filter(`:ufw-user-forward - [0:0]
  :ufw-docker-logging-deny - [0:0]
  :DOCKER-USER - [0:0]
  -A DOCKER-USER -j ufw-user-forward
  -A DOCKER-USER -j RETURN -s 10.0.0.0/8
  -A DOCKER-USER -j RETURN -s 172.16.0.0/12
  -A DOCKER-USER -j RETURN -s 192.168.0.0/16
  -A DOCKER-USER -p udp -m udp --sport 53 --dport 1024:65535 -j RETURN
  -A DOCKER-USER -j ufw-docker-logging-deny -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -d 172.16.0.0/12
  -A DOCKER-USER -j ufw-docker-logging-deny -p udp -m udp --dport 0:32767 -d 172.16.0.0/12
  -A DOCKER-USER -j RETURN
  -A ufw-docker-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW DOCKER BLOCK] "
  -A ufw-docker-logging-deny -j DROP`);

/** Debian's firewalld (nftables): a forward chain at filter + 10 that rejects what no zone accepts. */
const firewalld = (zones: string): string =>
  nft(`table inet firewalld {
  chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_FORWARD_ZONES
    reject with icmpx admin-prohibited }
  chain filter_INPUT { type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    tcp dport 22 accept
    reject with icmpx admin-prohibited }
  chain filter_FORWARD_ZONES { ${zones} }
}`);

const FAIL2BAN = filter(`:f2b-web - [0:0]
  -I DOCKER-USER -p tcp -m multiport --dports 80,443 -j f2b-web
  -A f2b-web -s 203.0.113.77/32 -j REJECT --reject-with icmp-port-unreachable
  -A f2b-web -j RETURN`);

const LIBVIRT = `mk virbr0\n${load(`*filter
  :LIBVIRT_FWI - [0:0]
  :LIBVIRT_FWO - [0:0]
  :LIBVIRT_FWX - [0:0]
  :LIBVIRT_INP - [0:0]
  -I FORWARD -j LIBVIRT_FWO
  -I FORWARD -j LIBVIRT_FWI
  -I FORWARD -j LIBVIRT_FWX
  -I INPUT -j LIBVIRT_INP
  -A LIBVIRT_INP -i virbr0 -p udp -m udp --dport 53 -j ACCEPT
  -A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  -A LIBVIRT_FWI -o virbr0 -j REJECT --reject-with icmp-port-unreachable
  -A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT
  -A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable
  -A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT
  COMMIT
  *nat
  :LIBVIRT_PRT - [0:0]
  -A POSTROUTING -j LIBVIRT_PRT
  -A LIBVIRT_PRT -s 192.168.122.0/24 -d 224.0.0.0/24 -j RETURN
  -A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -p tcp -j MASQUERADE --to-ports 1024-65535
  -A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE
  COMMIT`)}`;

const LXD = nft(`table inet lxd {
  chain pstrt.lxdbr0 { type nat hook postrouting priority srcnat; policy accept;
    ip saddr 10.20.30.0/24 ip daddr != 10.20.30.0/24 masquerade }
  chain fwd.lxdbr0 { type filter hook forward priority filter; policy accept;
    ip version 4 oifname "lxdbr0" accept
    ip version 4 iifname "lxdbr0" accept }
  chain in.lxdbr0 { type filter hook input priority filter; policy accept;
    iifname "lxdbr0" tcp dport 53 accept
    iifname "lxdbr0" udp dport 53 accept }
}`);

const PODMAN = load(`*nat
  :NETAVARK-1D8721804F16F - [0:0]
  :NETAVARK-HOSTPORT-DNAT - [0:0]
  :NETAVARK-HOSTPORT-MASQ - [0:0]
  :NETAVARK-HOSTPORT-SETMARK - [0:0]
  :NETAVARK-DN-1D8721804F16F - [0:0]
  -A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT
  -A OUTPUT -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT
  -A POSTROUTING -j NETAVARK-HOSTPORT-MASQ
  -A POSTROUTING -s 10.88.0.0/16 -j NETAVARK-1D8721804F16F
  -A NETAVARK-1D8721804F16F -d 10.88.0.0/16 -j ACCEPT
  -A NETAVARK-1D8721804F16F ! -d 224.0.0.0/4 -j MASQUERADE
  -A NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 8443 -j NETAVARK-DN-1D8721804F16F
  -A NETAVARK-DN-1D8721804F16F -s 10.88.0.0/16 -p tcp -m tcp --dport 8443 -j NETAVARK-HOSTPORT-SETMARK
  -A NETAVARK-DN-1D8721804F16F -p tcp -m tcp --dport 8443 -j DNAT --to-destination 10.88.0.2:443
  -A NETAVARK-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
  -A NETAVARK-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000
  COMMIT
  *filter
  :NETAVARK_FORWARD - [0:0]
  -A FORWARD -j NETAVARK_FORWARD
  -A NETAVARK_FORWARD -d 10.88.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  -A NETAVARK_FORWARD -s 10.88.0.0/16 -j ACCEPT
  COMMIT`);

const K3S = load(`*nat
  :KUBE-SERVICES - [0:0]
  :KUBE-NODEPORTS - [0:0]
  :KUBE-POSTROUTING - [0:0]
  :KUBE-MARK-MASQ - [0:0]
  :FLANNEL-POSTRTG - [0:0]
  -I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
  -I OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
  -I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
  -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
  -A FLANNEL-POSTRTG -s 10.42.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully
  -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
  -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
  -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
  -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
  -A KUBE-SERVICES -d 10.43.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.0.2.1:6443
  -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
  COMMIT
  *filter
  :KUBE-FORWARD - [0:0]
  :KUBE-ROUTER-FORWARD - [0:0]
  -I FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
  -I FORWARD -m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD
  -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
  -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
  -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  -A KUBE-ROUTER-FORWARD -m mark --mark 0x20000/0x20000 -j ACCEPT
  COMMIT`);

/** What other programs on a Docker host write, as they write it. */
export const STATES_OF_NEIGHBOURS: readonly ReachState[] = named('neighbours', {
  'ufw, behind Docker': UFW,
  'ufw, INPUT and FORWARD policy DROP': `${UFW}\niptables -P INPUT DROP; iptables -P FORWARD DROP`,
  'ufw, and its reject before Docker': `${UFW}
iptables -A ufw-reject-forward -j REJECT; iptables -I FORWARD -j ufw-reject-forward`,
  'ufw-docker in DOCKER-USER': UFW_DOCKER,
  'ufw-docker, one port allowed': `${UFW_DOCKER}
iptables -A ufw-user-forward -p tcp -d 172.17.0.2 --dport 80 -j ACCEPT`,
  'firewalld, docker zone missing': firewalld('iifname "br9" accept'),
  'firewalld, docker zone in place': firewalld(
    'iifname { "docker0", "front0", "back0", "closed0" } accept; oifname { "docker0", "front0", "back0" } accept',
  ),
  'fail2ban in DOCKER-USER': FAIL2BAN,
  'fail2ban, nftables': nft(`table inet f2b-table {
    set addr-set-sshd { type ipv4_addr; elements = { 203.0.113.77 }; }
    chain f2b-chain { type filter hook input priority filter - 1; policy accept;
      tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable } }`),
  'fail2ban, nftables, before forwarding': nft(`table inet f2b-table {
    set addr-set-web { type ipv4_addr; elements = { 203.0.113.77 }; }
    chain f2b-chain { type filter hook forward priority filter - 1; policy accept;
      tcp dport 80 ip saddr @addr-set-web reject with icmp port-unreachable } }`),
  libvirt: LIBVIRT,
  LXD: LXD,
  'LXD, FORWARD of Docker flushed': `${LXD}\niptables -F FORWARD`,
  'podman (netavark, iptables)': PODMAN,
  'podman (netavark, nftables)': nft(`table inet netavark {
    chain NETAVARK-HOSTPORT-DNAT { tcp dport 8443 dnat ip to 10.88.0.2:443 }
    chain PREROUTING { type nat hook prerouting priority dstnat; policy accept; fib daddr type local jump NETAVARK-HOSTPORT-DNAT }
    chain OUTPUT { type nat hook output priority -100; policy accept; fib daddr type local jump NETAVARK-HOSTPORT-DNAT }
    chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept;
      meta mark & 0x00002000 == 0x00002000 masquerade
      ip saddr 10.88.0.0/16 ip daddr != 10.88.0.0/16 masquerade }
    chain FORWARD { type filter hook forward priority filter; policy accept;
      ip daddr 10.88.0.0/16 ct state related,established accept
      ip saddr 10.88.0.0/16 accept } }`),
  k3s: K3S,
  'k3s, and a port of a container taken by it': `${K3S}
iptables -t nat -A KUBE-NODEPORTS -p tcp --dport 8080 -j DNAT --to-destination 10.42.0.7:80`,
  tailscale: TAILSCALE,
  'tailscale with an exit node': `${TAILSCALE}\nip route add default dev tailscale0 table 52`,
  'tailscale that routes the containers away': `${TAILSCALE}\nip route add 172.16.0.0/12 dev tailscale0 table 52`,
  'wg-quick with AllowedIPs 0.0.0.0/0': WG_QUICK,
  'csf: everything flushed, then policy DROP and answers': `iptables -F; iptables -X || true
iptables -P FORWARD DROP; iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
  'OpenWrt (fw4)': nft(`table inet fw4 {
    chain forward { type filter hook forward priority filter; policy drop;
      ct state vmap { established : accept, related : accept }
      iifname "docker0" jump forward_docker
      iifname "eth0" jump forward_wan
      jump handle_reject }
    chain forward_docker { oifname "eth0" accept }
    chain forward_wan { ct status dnat accept }
    chain handle_reject { meta l4proto tcp reject with tcp reset; reject with icmpx port-unreachable } }`),
});
