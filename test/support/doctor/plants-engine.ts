import { BY_PROXY, INTO, OUT, SAME_BRIDGE, inTurn, reload, sh, type Deed, type Plant } from './plant.ts';

const NO_IPTABLES = ['--iptables=false', '--ip6tables=false'];

/** The daemon ended and begun again; containers live on. */
const restart =
  (...args: readonly string[]): Deed =>
  async ({ engine }) => {
    await engine.daemon.stop();
    await engine.daemon.start(args);
  };

const FLUSH = 'nft flush ruleset; conntrack -F 2>/dev/null';

/** The daemon itself, and what it was told. */
export const ENGINE: readonly Plant[] = [
  {
    name: 'dockerd stopped',
    code: 'engine-down',
    plant: ({ engine }) => engine.daemon.stop(),
    undo: ({ engine }) => engine.daemon.start(),
    // Containers live on and their rules stand; docker-proxy ends with its daemon.
    broken: BY_PROXY,
  },
  {
    name: 'dockerd told to write no rules',
    code: 'engine-iptables-off',
    plant: inTurn(restart(...NO_IPTABLES), sh(FLUSH)),
    undo: inTurn(restart(), reload),
    broken: [...INTO, ...OUT, 'host → own:8080', 'client → api6:9000', 'api → client6'],
  },
  {
    name: 'dockerd told to write no rules, and policy DROP',
    code: 'forward-policy',
    plant: inTurn(restart(...NO_IPTABLES), sh(`${FLUSH}; iptables -P FORWARD DROP`)),
    undo: inTurn(restart(), reload),
    broken: [...INTO, ...OUT, ...SAME_BRIDGE, 'host → own:8080', 'client → api6:9000', 'api → client6'],
  },
];
