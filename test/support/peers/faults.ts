import { IMAGE } from '../lab/engine.ts';
import { onEither } from './either-host.ts';
import type { PeerFault } from './fault.ts';
import { OVERLAPS } from './overlaps.ts';
import { FAR, NEAR, SEEN_AS } from './two-engines.ts';

/** Deletes the one rule of a chain of nat that has these words, by shell. */
const ruleGone = (chain: string, words: string) =>
  `iptables -t nat $(iptables -t nat -S ${chain} | grep -e '${words}' | sed 's/^-A/-D/')`;

export const FAULTS: readonly PeerFault[] = [
  ...onEither('host-a'),
  ...onEither('host-b'),
  {
    name: 'strict rp_filter, and the other host is routed elsewhere',
    on: 'host-b',
    break: 'ip route add 192.0.2.0/24 dev eth1; echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter',
    undo: 'ip route del 192.0.2.0/24 dev eth1; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter',
    codes: ['rp-filter', 'misrouted', 'route-overlap'],
    byHand: true,
  },
  {
    name: 'POSTROUTING was flushed',
    on: 'host-a',
    break: 'iptables -t nat -F POSTROUTING',
    codes: ['rules-lost', 'not-masqueraded'],
  },
  {
    name: 'nat was flushed',
    on: 'host-b',
    break: 'iptables -t nat -F',
    codes: ['rules-lost', 'translation-lost'],
    passes: true,
  },
  {
    name: 'the address was taken away',
    on: 'host-b',
    break: `ip addr del ${FAR}/24 dev eth0`,
    undo: `ip addr add ${FAR}/24 dev eth0; ip route replace default via 198.51.100.254`,
    codes: ['address-elsewhere'],
    byHand: true,
  },
  {
    name: 'nobody publishes the port',
    on: 'host-b',
    break: 'true',
    port: 8099,
    codes: ['not-published'],
    byHand: true,
  },
  {
    name: 'the port is published on loopback',
    on: 'host-b',
    break: 'true',
    port: 8085,
    codes: ['published-elsewhere'],
    byHand: true,
  },
  {
    name: 'the service has ended',
    on: 'host-b',
    break: 'docker stop -t 0 api',
    undo: 'docker start api',
    codes: ['not-published', 'container-stopped'],
    byHand: true,
  },
  {
    name: 'packets larger than the other end takes',
    on: 'host-b',
    break: 'ip link set eth1 mtu 1300',
    undo: 'ip link set eth1 mtu 1500',
    address: NEAR.asked,
    codes: ['wire-mtu'],
    passes: true,
  },
  {
    name: 'the asking host has the address too',
    on: 'host-a',
    break: `ip addr add ${NEAR.asked}/32 dev eth1`,
    undo: `ip addr del ${NEAR.asked}/32 dev eth1`,
    address: NEAR.asked,
    codes: ['address-here'],
    byHand: true,
  },
  {
    name: 'the interface on the wire is down',
    on: 'host-b',
    break: 'ip link set eth1 down',
    undo: 'ip link set eth1 up',
    address: NEAR.asked,
    codes: ['wire-down'],
  },
  {
    name: 'asymmetric routes, strict rp_filter',
    on: 'host-a',
    // By a mark, which rp_filter does not see: a rule by `iif docker0` leads it as well.
    break: `iptables -t mangle -I PREROUTING -i docker0 -j MARK --set-mark 7; ip rule add fwmark 7 lookup 77
      ip route add default via 192.0.2.2 dev eth0 table 77
      ip route add ${FAR} dev eth1; echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    undo: `ip rule del fwmark 7 lookup 77; ip route flush table 77
      ip route del ${FAR} dev eth1; echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter`,
    codes: ['rp-filter', 'route-asymmetric'],
    byHand: true,
  },
  {
    name: 'the rule that masquerades is gone',
    on: 'host-a',
    break: ruleGone('POSTROUTING', '-s 172.17.0.0/16 ! -o docker0'),
    codes: ['rules-lost', 'not-masqueraded'],
  },
  {
    name: 'the rule that translates the port is gone',
    on: 'host-b',
    break: ruleGone('DOCKER', '--dport 8080'),
    codes: ['rules-lost', 'translation-lost'],
    passes: true,
  },
  {
    name: 'a rule of DOCKER-USER drops the asking host',
    on: 'host-b',
    break: `iptables -I DOCKER-USER -s ${SEEN_AS} -j DROP`,
    codes: ['user-rule-stops'],
  },
  {
    name: 'two rules of DOCKER-USER drop',
    on: 'host-b',
    break: `iptables -I DOCKER-USER -s ${SEEN_AS} -j DROP; iptables -I DOCKER-USER -p tcp -s 192.0.2.0/24 -j DROP`,
    codes: ['user-rule-stops'],
  },
  {
    name: 'who asks has no network',
    on: 'host-a',
    break: `docker run -d --name lone --network none ${IMAGE} 80/tcp`,
    undo: 'docker rm -f lone',
    asker: 'lone',
    codes: ['no-network'],
  },
  {
    name: 'who publishes has no network',
    on: 'host-b',
    break: `docker run -d --name lone --network none -p 8198:80 ${IMAGE} 80/tcp`,
    undo: 'docker rm -f lone',
    port: 8198,
    codes: ['no-network'],
    byHand: true,
  },
  {
    name: 'who publishes has the network of the host',
    on: 'host-b',
    break: `docker run -d --name hosty --network host -p 8197:8080 ${IMAGE} 8188/tcp`,
    undo: 'docker rm -f hosty',
    port: 8197,
    codes: ['host-mode'],
    byHand: true,
  },
  {
    name: 'nothing listens behind the published port',
    on: 'host-b',
    break: `docker run -d --name mute -p 8190:81 ${IMAGE} 80/tcp`,
    undo: 'docker rm -f mute',
    port: 8190,
    codes: ['nothing-listens'],
    byHand: true,
  },
  {
    name: 'the network is not masqueraded',
    on: 'host-a',
    break: 'true',
    asker: 'bare',
    address: NEAR.asked,
    codes: ['masquerade-off'],
  },
  ...OVERLAPS,
];
