import { HOST } from '../../lab/wire.ts';
import { SIX, inTurn, lax, ofScripts, remove, sh, start, type Plant } from './plant.ts';

const ADDRESS = 'inside api ip addr replace fd00:6::2/64 dev eth0 nodad';
const ROUTE = 'inside api ip -6 route replace default via fd00:6::1 dev eth0';
/** /proc/sys/net is that of whoever reads and writes it. */
const turn = (value: '0' | '1'): string =>
  `inside api sh -c 'echo ${value} >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'`;

/** So many that not each container is looked at in depth: why the address is not there has to be asked for. */
export const CROWD = ['one', 'two', 'three', 'four', 'five'];

/** What of IPv6 a container loses inside, where no rule and no path on the host shows it. */
export const SIX_INSIDE: readonly Plant[] = [
  ofScripts(
    'IPv6 address gone in the container',
    'container-address-missing',
    ['inside api ip addr del fd00:6::2/64 dev eth0', `${ADDRESS}; ${ROUTE}`],
    [...SIX, 'host → api6'],
    { target: 'api' },
  ),
  ofScripts(
    'IPv6 default route gone in the container',
    'container-no-default-route',
    ['inside api ip -6 route del default', ROUTE],
    SIX,
    { target: 'back' },
  ),
  ofScripts(
    'IPv6 default route of the container leads to nobody',
    'container-wrong-gateway',
    ['inside api ip -6 route replace default via fd00:6::99 dev eth0', ROUTE],
    SIX,
    { target: `[${HOST.ipv6}]:9000` },
  ),
  ofScripts(
    'IPv6 switched off in the container',
    'container-ipv6-off',
    [turn('1'), `${turn('0')}; ${ADDRESS}; ${ROUTE}`],
    [...SIX, 'host → api6'],
  ),
  ofScripts(
    'interface of a container with IPv6 down',
    'container-interface-down',
    [
      'inside api ip link set eth0 down',
      `inside api ip link set eth0 up; ${ADDRESS}; ${ROUTE}; inside api ip route replace default via 172.28.2.1`,
    ],
    [...SIX, 'host → api6', 'client → api:9000', 'api → client'],
    { target: 'api' },
  ),
  {
    name: 'IPv6 switched off in one container of ten',
    code: 'container-ipv6-off',
    plant: inTurn(...CROWD.map((name) => start(name, '--network bridge', [])), sh(turn('1'))),
    undo: inTurn(lax(`${turn('0')}; ${ADDRESS}; ${ROUTE}`), remove(...CROWD)),
    broken: [...SIX, 'host → api6'],
  },
];
