import {
  BY_PROXY,
  INTO_WEB,
  OUT_OF_WEB,
  SHOP_ALONE,
  SIX,
  WEB_ALONE,
  ofScripts,
  sh,
  type Plant,
} from './plant.ts';

const MATE_OUT = 'mate → shop:8081 by host';

/** Bridges, what hangs on them, and the containers' ends. */
export const LINKS: readonly Plant[] = [
  ofScripts(
    'docker0 down',
    'bridge-down',
    ['ip link set docker0 down', 'ip link set docker0 up'],
    [...WEB_ALONE, MATE_OUT],
  ),
  ofScripts(
    'bridge of a network down',
    'bridge-down',
    ['ip link set front0 down', 'ip link set front0 up'],
    SHOP_ALONE,
    { target: 'front' },
  ),
  ofScripts(
    'veth moved to another bridge',
    'veth-elsewhere',
    ['ip link set "$(veth shop)" master back0', 'ip link set "$(veth shop)" master front0'],
    SHOP_ALONE,
    { target: 'shop' },
  ),
  ofScripts(
    'veth detached from its bridge',
    'veth-detached',
    ['ip link set "$(veth web)" nomaster', 'ip link set "$(veth web)" master docker0'],
    WEB_ALONE,
  ),
  ofScripts(
    'veth down',
    'veth-down',
    ['ip link set "$(veth shop)" down', 'ip link set "$(veth shop)" up'],
    SHOP_ALONE,
    { target: 'shop' },
  ),
  ofScripts(
    'bridge port disabled',
    'port-not-forwarding',
    ['bridge link set dev "$(veth web)" state 0', 'bridge link set dev "$(veth web)" state 3'],
    WEB_ALONE,
    { target: 'web' },
  ),
  ofScripts(
    'bridge ports isolated from each other',
    'port-isolated',
    [
      'bridge link set dev "$(veth shop)" isolated on; bridge link set dev "$(veth desk)" isolated on',
      'bridge link set dev "$(veth shop)" isolated off; bridge link set dev "$(veth desk)" isolated off',
    ],
    ['desk → shop'],
    { target: 'shop', from: 'desk' },
  ),
  ofScripts(
    'address of docker0 removed',
    'bridge-address-missing',
    ['ip addr del 172.17.0.1/16 dev docker0', 'ip addr add 172.17.0.1/16 brd 172.17.255.255 dev docker0'],
    [...INTO_WEB, ...OUT_OF_WEB, 'host → web', 'host → own:8080', 'web → host service', MATE_OUT],
  ),
  ofScripts(
    'IPv6 address of a bridge removed',
    'bridge-address-missing',
    ['ip addr del fd00:6::1/64 dev back0', 'ip addr add fd00:6::1/64 dev back0 nodad'],
    [...SIX, 'host → api6'],
    { target: 'back' },
  ),
  ofScripts(
    'IPv6 switched off on a bridge',
    'ipv6-disabled',
    [
      'put 1 ipv6/conf/back0/disable_ipv6',
      'put 0 ipv6/conf/back0/disable_ipv6; ip addr add fd00:6::1/64 dev back0 nodad',
    ],
    [...SIX, 'host → api6'],
    { target: 'api' },
  ),
  ofScripts(
    'veth deleted',
    'container-interface-missing',
    ['ip link del "$(veth shop)"', 'docker restart -t 1 shop >/dev/null'],
    SHOP_ALONE,
    { target: 'shop' },
  ),
  ofScripts(
    'bridge deleted',
    'bridge-missing',
    [
      'ip link del front0',
      `ip link add front0 type bridge
      ip addr add 172.28.1.1/24 brd 172.28.1.255 dev front0
      ip link set front0 up
      for one in shop desk; do
        ip link set "$(veth $one)" master front0
        inside $one ip neigh flush all
      done`,
    ],
    SHOP_ALONE,
    { target: 'front' },
  ),
  ofScripts(
    "the container's interface down",
    'container-interface-down',
    [
      'inside web ip link set eth0 down',
      'inside web ip link set eth0 up; inside web ip route add default via 172.17.0.1',
    ],
    WEB_ALONE,
    { target: 'web' },
  ),
  ofScripts(
    "the container's address gone",
    'container-address-missing',
    [
      'inside shop ip addr del 172.28.1.11/24 dev eth0',
      `inside shop ip addr add 172.28.1.11/24 brd 172.28.1.255 dev eth0
      inside shop ip route add default via 172.28.1.1`,
    ],
    SHOP_ALONE,
    { target: 'shop' },
  ),
  ofScripts(
    "the container's default route gone",
    'container-no-default-route',
    ['inside web ip route del default', 'inside web ip route add default via 172.17.0.1'],
    [...INTO_WEB, ...OUT_OF_WEB, 'host → own:8080', 'web → host service'],
    { target: 'web' },
  ),
  ofScripts(
    "the container's default route leads to nobody",
    'container-wrong-gateway',
    [
      'inside shop ip route replace default via 172.28.1.99',
      'inside shop ip route replace default via 172.28.1.1',
    ],
    ['client → shop:*', 'shop → client'],
    { target: 'shop' },
  ),
  ofScripts(
    "the container's own firewall drops",
    'container-firewall',
    ['inside web iptables -A INPUT -p tcp --dport 80 -j DROP', 'inside web iptables -F INPUT'],
    ['client → web:8080*', 'host → web', 'host → own:8080', 'mate → web'],
    { target: 'web', byHand: sh('inside web iptables -F INPUT') },
  ),
  ofScripts(
    "the container's rules for Docker's name server lost",
    'container-dns-lost',
    [
      'inside desk iptables-save -t nat >/tmp/desk-nat; inside desk iptables -t nat -F',
      'inside desk iptables -t nat -S | grep -q DOCKER_OUTPUT || inside desk iptables-restore /tmp/desk-nat',
    ],
    ['desk → name of shop'],
    { target: 'desk' },
  ),
  ofScripts(
    'docker-proxy killed',
    'proxy-gone',
    [
      String.raw`for process in /proc/[0-9]*; do
        case "$(readlink "$process/exe")" in */docker-proxy)
          if tr '\0' ' ' <"$process/cmdline" | grep -q ' -host-port 8081 '; then kill "${'${process#/proc/}'}"; fi
        esac
      done`,
      'docker restart -t 1 shop >/dev/null',
    ],
    BY_PROXY,
    { target: '127.0.0.1:8081', from: 'host' },
  ),
];
