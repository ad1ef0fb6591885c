import { BY_PROXY, INTO, OUT, SAME_BRIDGE, inTurn, reload, sh, type Deed, type Plant } from './plant.ts';

const NO_IPTABLES = ['--iptables=false', '--ip6tables=false'];

/** Begins the daemon again, with further arguments, whether it runs or not; containers live on. */
export const restart =
  (...args: readonly string[]): Deed =>
  async ({ engine }) => {
    // Fails where it does not run.
    await engine.daemon.stop().catch(() => undefined);
    await engine.daemon.start(args);
  };

const FLUSH = 'nft flush ruleset; conntrack -F 2>/dev/null';

/** The daemon itself, and its options. */
export const ENGINE: readonly Plant[] = [
  {
    name: 'dockerd stopped',
    code: 'engine-down',
    plant: ({ engine }) => engine.daemon.stop(),
    undo: restart(),
    byHand: restart(),
    // Containers live on and their rules stand; docker-proxy and the name server end with the daemon.
    broken: [...BY_PROXY, 'desk → name of shop'],
  },
  {
    name: 'dockerd told to write no rules',
    code: 'iptables-off',
    plant: inTurn(restart(...NO_IPTABLES), sh(FLUSH)),
    undo: inTurn(restart(), reload),
    byHand: restart(),
    // Nothing keeps networks apart any more.
    broken: [
      ...INTO,
      ...OUT,
      ...['host → own:8080', 'client → api6:9000', 'api → client6'],
      '* another network',
    ],
  },
  {
    name: 'dockerd told to write no rules, and policy DROP',
    code: 'iptables-off',
    plant: inTurn(restart(...NO_IPTABLES), sh(`${FLUSH}; iptables -P FORWARD DROP`)),
    undo: inTurn(restart(), reload),
    byHand: restart(),
    broken: [...INTO, ...OUT, ...SAME_BRIDGE, 'host → own:8080', 'client → api6:9000', 'api → client6'],
  },
];
