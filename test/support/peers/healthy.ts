import { IMAGE } from '../lab/engine.ts';
import { FAR, NEAR, SEEN_AS } from './two-engines.ts';

/** A pair where all is well, or where nothing on either host is amiss. */
export interface PeerHealthy {
  readonly name: string;
  readonly asker?: string;
  readonly address?: string;
  readonly port?: number;
  /** Where `make` and `undo` are run. */
  readonly where?: readonly ('host-a' | 'host-b' | 'router')[];
  readonly make?: string;
  readonly undo?: string;
  /** Whether packets pass; false where something between the hosts, which nobody sees, stops them. */
  readonly passes?: false;
}

export const HEALTHY: readonly PeerHealthy[] = [
  { name: 'a router between' },
  { name: 'one wire', address: NEAR.asked },
  {
    name: 'rules for others',
    where: ['host-b'],
    make: 'iptables -I FORWARD -s 203.0.113.99 -j DROP; iptables -I DOCKER-USER -p udp --dport 9 -j DROP',
    undo: 'true',
  },
  {
    name: 'strict rp_filter',
    where: ['host-b'],
    make: 'echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter',
    undo: 'echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter',
  },
  {
    name: 'a route of its own to the other host',
    where: ['host-a'],
    make: `ip route add ${FAR} via 192.0.2.2`,
    undo: `ip route del ${FAR} via 192.0.2.2`,
  },
  {
    name: 'INPUT closed',
    where: ['host-b'],
    make: 'iptables -P INPUT DROP',
    undo: 'iptables -P INPUT ACCEPT',
  },
  { name: 'a rule that only counts', where: ['host-a'], make: 'iptables -I FORWARD -p tcp', undo: 'true' },
  { name: 'both hosts use the same subnet and masquerade', address: NEAR.asked },
  {
    name: "a larger MTU on the asking host's interface",
    where: ['host-a'],
    make: 'ip link set eth0 mtu 9000',
    undo: 'ip link set eth0 mtu 1500',
  },
  {
    name: 'the router drops, which no host shows',
    where: ['router'],
    make: 'iptables -P FORWARD DROP',
    undo: 'iptables -P FORWARD ACCEPT',
    passes: false,
  },
  {
    name: 'the router does not forward, which no host shows',
    where: ['router'],
    make: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    undo: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
    passes: false,
  },
  {
    name: 'jumbo frames on both ends of the wire',
    address: NEAR.asked,
    where: ['host-a', 'host-b'],
    make: 'ip link set eth1 mtu 9000',
    undo: 'ip link set eth1 mtu 1500',
  },
  {
    name: 'DOCKER-USER drops another port',
    where: ['host-a', 'host-b'],
    make: 'iptables -I DOCKER-USER -p tcp --dport 8081 -j DROP',
    undo: 'true',
  },
  {
    name: 'DOCKER-USER drops the port before DNAT',
    where: ['host-b'],
    make: 'iptables -I DOCKER-USER -p tcp --dport 8080 -j DROP',
    undo: 'true',
  },
  {
    name: 'DOCKER-USER accepts all',
    where: ['host-a', 'host-b'],
    make: 'iptables -I DOCKER-USER -j ACCEPT',
    undo: 'true',
  },
  {
    name: 'a table of its own accepts',
    where: ['host-a', 'host-b'],
    make: "nft add table inet own; nft 'add chain inet own f { type filter hook forward priority -5; policy accept; }'; nft add rule inet own f tcp dport 22 drop",
    undo: 'nft delete table inet own',
  },
  {
    name: 'a routing rule for others',
    where: ['host-a', 'host-b'],
    make: 'ip route add blackhole default table 77; ip rule add from 10.9.9.0/24 lookup 77',
    undo: 'ip rule del from 10.9.9.0/24 lookup 77; ip route flush table 77',
  },
  {
    name: 'a second network beside',
    where: ['host-b'],
    make: `docker network create beside; docker run -d --name beside --network beside -p 8090:80 ${IMAGE} 80/tcp`,
    undo: 'docker rm -f beside; docker network rm beside',
  },
  {
    name: 'asymmetric routes, loose rp_filter',
    where: ['host-b'],
    make: `ip route add ${SEEN_AS} dev eth1; echo 2 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    undo: `ip route del ${SEEN_AS} dev eth1; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
  },
  {
    name: 'a routing rule by iif, strict rp_filter, asked from elsewhere',
    where: ['host-a'],
    make: `ip route add default via 192.0.2.2 dev eth0 table 77; ip rule add iif docker0 lookup 77
      ip route add ${FAR} dev eth1; echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    undo: `ip rule del iif docker0 lookup 77; ip route flush table 77
      ip route del ${FAR} dev eth1; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
  },
  {
    name: 'a routing rule by iif, strict rp_filter, answered from elsewhere',
    where: ['host-b'],
    make: `ip route add default via 198.51.100.254 dev eth0 table 77; ip rule add iif docker0 lookup 77
      ip route add 192.0.2.0/24 dev eth1; echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    undo: `ip rule del iif docker0 lookup 77; ip route flush table 77
      ip route del 192.0.2.0/24 dev eth1; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
  },
];
