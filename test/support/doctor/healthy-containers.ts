import { CLIENT, HOST } from '../lab/wire.ts';
import { flow } from './flows.ts';
import type { HealthyScene } from './healthy-scene.ts';
import { CROWD } from './plants/ipv6.ts';
import { inTurn, lax, published, remove, sh, start } from './plants/plant.ts';

/** A container more, and perhaps a network for it. */
const container = (
  name: string,
  called: string,
  args: string,
  rest: Partial<HealthyScene> & { readonly serve?: readonly string[]; readonly network?: string } = {},
): HealthyScene => {
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

/** Containers and networks of every kind that works. */
export const HEALTHY_CONTAINERS: readonly HealthyScene[] = [
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
    only: { eras: ['28.5', '29.7'], reason: 'older Engines give every network an IPv4 subnet' },
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
    only: { eras: ['28.5', '29.7'], reason: 'older Engines know no such mode' },
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
