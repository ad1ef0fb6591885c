import type { PeerFault } from './fault.ts';
import { FAR, SEEN_AS } from './two-engines.ts';

/** The one veth of a bridge, by shell. */
const port = (bridge: string) => `$(ls /sys/class/net/${bridge}/brif | head -1)`;

/** What either host can do to what it passes on. */
export const onEither = (on: PeerFault['on']): readonly PeerFault[] => [
  { name: 'a rule of FORWARD drops', on, break: 'iptables -I FORWARD -p tcp -j DROP', codes: ['rule-stops'] },
  {
    name: 'a rule of DOCKER-USER rejects',
    on,
    break: 'iptables -I DOCKER-USER -p tcp -j REJECT',
    codes: ['user-rule-stops'],
  },
  {
    name: 'a rule of raw drops',
    on,
    break: 'iptables -t raw -I PREROUTING -i eth0 -p tcp -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'a rule of mangle drops',
    on,
    break: 'iptables -t mangle -I FORWARD -p tcp -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'answers are dropped',
    on,
    break: 'iptables -I FORWARD -m conntrack --ctstate ESTABLISHED -j DROP',
    codes: ['rule-stops'],
  },
  {
    name: 'a table of its own drops',
    on,
    break:
      "nft add table inet own; nft 'add chain inet own f { type filter hook forward priority -5; policy drop; }'",
    undo: 'nft delete table inet own',
    codes: ['native-stops', 'native-drop'],
  },
  {
    name: 'filter FORWARD was flushed',
    on,
    break: 'iptables -P FORWARD DROP; iptables -F FORWARD',
    codes: ['rules-lost'],
  },
  {
    name: 'forwarding is off',
    on,
    break: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    undo: 'echo 1 >/proc/sys/net/ipv4/ip_forward',
    codes: ['forwarding-off'],
  },
  {
    name: 'the bridge is down',
    on,
    break: 'ip link set docker0 down',
    undo: 'ip link set docker0 up',
    codes: ['bridge-down'],
  },
  {
    name: 'the veth is down',
    on,
    break: `ip link set ${port('docker0')} down`,
    undo: `ip link set ${port('docker0')} up`,
    codes: ['veth-down'],
  },
  {
    name: 'the veth hangs on no bridge',
    on,
    break: `ip link set ${port('docker0')} nomaster`,
    undo: 'for v in $(ls /sys/class/net | grep veth); do [ -e /sys/class/net/$v/master ] || ip link set $v master docker0; done',
    codes: ['veth-detached'],
  },
  {
    name: 'the veth hangs on another bridge',
    on,
    break: `ip link add other0 type bridge; ip link set other0 up; ip link set ${port('docker0')} master other0`,
    undo: 'for v in $(ls /sys/class/net/other0/brif); do ip link set $v master docker0; done; ip link del other0',
    codes: ['veth-elsewhere'],
  },
  {
    name: 'the default route is gone',
    on,
    break: 'ip route save table main default >/lab/route; ip route del default',
    undo: 'ip route restore </lab/route',
    codes: ['route-missing', 'no-default-route', 'route-lost'],
    byHand: true,
  },
  {
    name: 'a blackhole to the other host',
    on,
    break: `ip route add blackhole ${on === 'host-a' ? FAR : SEEN_AS}`,
    undo: `ip route del blackhole ${on === 'host-a' ? FAR : SEEN_AS}`,
    codes: ['route-blocked'],
  },
];
