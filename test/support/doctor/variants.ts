import type { Era } from '../lab/eras.ts';
import { BANNED } from '../matrix/city.ts';
import { CLIENT, HOST } from '../lab/wire.ts';
import { settleNeighbours } from '../incident/neighbours.ts';
import { withFirewalld } from './firewalld.ts';
import { flow, type Flow } from './flows.ts';
import { restart } from './plants-engine.ts';
import { CROWD } from './plants-six.ts';
import { BY_PROXY, inTurn, lax, published, reload, remove, sh, start, type Deed } from './plant.ts';

/** A machine that is set up in another way and works: `doctor` must find nothing. */
export interface Variant {
  readonly name: string;
  readonly target?: string;
  readonly make: Deed;
  readonly undo: Deed;
  /** Flows of what it brings along; all as they should be. */
  readonly extra?: readonly Flow[];
  /** Nothing is found, and not all can be told: exit 3. */
  readonly untold?: true;
  /** Names of steady flows that come to something else here, and are not judged. */
  readonly otherwise?: readonly string[];
  readonly only?: { readonly eras: readonly Era[]; readonly reason: string };
}

const rules = (name: string, script: string): Variant => ({ name, make: sh(script), undo: reload });

const scripts = (name: string, make: string, undo: string): Variant => ({
  name,
  make: sh(make),
  undo: lax(undo),
});

/** A container more, and perhaps a network for it. */
const container = (
  name: string,
  called: string,
  args: string,
  rest: Partial<Variant> & { readonly serve?: readonly string[]; readonly network?: string } = {},
): Variant => {
  const { serve, network, ...more } = rest;
  const create = network === undefined ? [] : [sh(`docker network create ${network} >/dev/null`)];
  const rm =
    network === undefined ? [] : [lax(`docker network rm ${network.split(' ').at(-1) ?? ''} >/dev/null`)];
  return {
    name,
    make: inTurn(...create, start(called, args, serve)),
    undo: inTurn(remove(called), ...rm),
    ...more,
  };
};

const BRIDGE = '-o com.docker.network.bridge';

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

const RULES: readonly Variant[] = [
  rules("the user's DROP of one address in DOCKER-USER", `iptables -I DOCKER-USER -s ${BANNED} -j DROP`),
  rules("ufw's chains at the end of FORWARD", UFW),
  rules(
    'foreign ACCEPT rules',
    'iptables -I FORWARD -i eth0 -o docker0 -j ACCEPT; iptables -I INPUT -i lo -j ACCEPT',
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
  { ...rules("libvirt's table of nftables' own, which masquerades", LIBVIRT), untold: true },
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

const HOSTS: readonly Variant[] = [
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

const CONTAINERS: readonly Variant[] = [
  container('icc=false, and one container', 'hermit', '--network closed', {
    network: `--subnet 172.28.3.0/24 ${BRIDGE}.enable_icc=false closed`,
  }),
  container('internal network without ports', 'vault', '--network inside', {
    network: '--internal --subnet 172.28.4.0/24 inside',
  }),
  container('macvlan network', 'vlan', '--network mac', {
    network: '-d macvlan --subnet 198.51.100.0/24 -o parent=eth0 mac',
  }),
  container('host-mode container without -p', 'hosty', '--network host', { serve: ['8188/tcp'] }),
  container('--network none', 'lone', '--network none'),
  container('container:X', 'sidecar', '--network container:mate', { serve: ['82/tcp'] }),
  {
    name: 'a job that has ended',
    make: inTurn(start('job', '--restart no'), sh('docker stop -t 1 job >/dev/null')),
    undo: remove('job'),
  },
  container('network of IPv6 alone', 'sixer', '--network six', {
    network: '--ipv6 --ipv4=false --subnet fd00:9::/64 six',
    only: { eras: ['28.5'], reason: 'older Engines give every network an IPv4 subnet' },
  }),
  {
    name: 'IPv6 switched off in one container of ten, as it was started',
    make: inTurn(
      ...CROWD.slice(1).map((name) => start(name, '--network bridge', [])),
      start('fourer', '--network back -p 8214:80 --sysctl net.ipv6.conf.all.disable_ipv6=1'),
    ),
    undo: remove('fourer', ...CROWD),
    extra: [published(8214, 'fourer')],
  },
  container('internal network with IPv6', 'cellar', '--network inside6', {
    network: '--internal --ipv6 --subnet 172.28.4.0/24 --subnet fd00:a::/64 inside6',
  }),
  container('internal network of gateway mode isolated', 'island', '--network isle', {
    network: `--internal --ipv6 --subnet 172.28.4.0/24 --subnet fd00:a::/64 ${BRIDGE}.gateway_mode_ipv4=isolated ${BRIDGE}.gateway_mode_ipv6=isolated isle`,
    only: { eras: ['28.5'], reason: 'older Engines know no such mode' },
  }),
  container('port on 127.0.0.1', 'inner', '-p 127.0.0.1:8196:80', {
    extra: [flow('host', 'loopback:8196', '127.0.0.1:8196/tcp', 'inner saw 172.17.0.1')],
  }),
  container('port on a second address', 'second', `-p ${HOST.second}:8207:80`, {
    extra: [flow('client', 'second:8207', `${HOST.second}:8207/tcp`, `second saw ${CLIENT.ipv4}`)],
  }),
  container('a smaller MTU at both ends', 'small', '--network small -p 8208:80', {
    network: '--subnet 172.28.8.0/24 -o com.docker.network.driver.mtu=1400 small',
    extra: [
      published(8208, 'small'),
      flow('client', '8208 bulk', `${HOST.ipv4}:8208/bulk`, `small saw ${CLIENT.ipv4}`),
    ],
  }),
  container('UDP service alone', 'dgram', '-p 5395:5353/udp', {
    serve: ['5353/udp'],
    extra: [published(5395, 'dgram', 'udp')],
  }),
  container('container that listens on nothing', 'quiet', '--network bridge', { serve: [] }),
  container('port exposed and not published', 'shown', '--expose 80'),
  container('a range of ports', 'range', '-p 8210-8211:80-81', {
    extra: [published(8210, 'range'), published(8211, 'range')],
  }),
  {
    name: 'container on two networks',
    make: inTurn(start('both', '--network front -p 8212:80'), sh('docker network connect bridge both')),
    undo: remove('both'),
    extra: [published(8212, 'both')],
  },
  {
    name: 'a network with IPv6, an internal one and one without',
    make: inTurn(
      sh(
        'docker network create --internal --ipv6 --subnet 172.28.4.0/24 --subnet fd00:a::/64 inside6 >/dev/null',
      ),
      start('wide', '--network front -p 8215:80'),
      sh('docker network connect inside6 wide; docker network connect back wide'),
    ),
    undo: inTurn(remove('wide'), lax('docker network rm inside6 >/dev/null')),
    extra: [published(8215, 'wide')],
  },
  {
    name: 'a macvlan network leads outside, not the bridge',
    make: inTurn(
      sh(
        'docker network create -d macvlan --ipv6 --subnet 198.51.100.0/24 --subnet fd00:b::/64 -o parent=eth0 alan >/dev/null',
      ),
      start('split', '--network back'),
      sh('docker network connect alan split'),
    ),
    undo: inTurn(remove('split'), lax('docker network rm alan >/dev/null')),
  },
  container('network with its own gateway and range', 'custom', '--network custom -p 8213:80', {
    network: `--subnet 172.28.10.0/24 --ip-range 172.28.10.128/25 --gateway 172.28.10.254 ${BRIDGE}.name=cust0 custom`,
    extra: [published(8213, 'custom')],
  }),
];

const DAEMONS: readonly Variant[] = [
  { name: 'dockerd restarted, containers lived on', make: restart(), undo: reload },
  {
    name: 'userland-proxy=false',
    make: restart('--userland-proxy=false'),
    // Loopback by the kernel wants a setting of the bridges that the Engine does not take back.
    undo: inTurn(
      restart(),
      lax('for bridge in docker0 front0 back0; do put 0 ipv4/conf/$bridge/route_localnet; done'),
      reload,
    ),
    // Without a proxy the kernel translates what the proxy would have answered.
    otherwise: [...BY_PROXY, 'host → own:8080'],
  },
];

/** Every machine that is well in its own way. Those that restart the daemon come last. */
export const VARIANTS: readonly Variant[] = [...RULES, ...HOSTS, ...CONTAINERS, ...DAEMONS];
