import type { Era } from '../../../docker/era.ts';

/**
 * What a Docker rule hangs on: the daemon itself, one network, one endpoint of a network, the swarm routing mesh, or an
 * encrypted overlay network.
 */
export const LEVELS = ['daemon', 'network', 'endpoint', 'ingress', 'overlay'] as const;
export type Level = (typeof LEVELS)[number];

/** What must exist for Docker to require a rule, with the level that makes it. */
const LEVEL_OF = {
  daemon: 'daemon',
  network: 'network',
  address: 'endpoint',
  port: 'endpoint',
  'loopback-port': 'endpoint',
  'sctp-port': 'endpoint',
  link: 'endpoint',
  ingress: 'ingress',
  overlay: 'overlay',
} as const satisfies Readonly<Record<string, Level>>;

interface Purpose {
  readonly serves: keyof typeof LEVEL_OF;
  /**
   * `expected`: the expected rules hold it wherever it is wanted. `partly`: neither an inventory nor a daemon's process always
   * shows whether it is wanted. `never`: no Engine writes it whose rules are computed, or only under WSL2. Held against what is
   * written for every era: test/unit/firewall/iptables/expected/purposes.test.ts.
   */
  readonly written: 'expected' | 'partly' | 'never';
  /**
   * The text of such a rule alone proves that the bridge it names is Docker's: the rule is in a chain of Docker's or jumps to
   * one. A text that operators also write there by hand, to let an interface of theirs through, proves nothing.
   */
  readonly provesBridge: boolean;
  /** Which Engines write it at all, where that is not every one; held against what is written as `written` is. */
  readonly writers?: (era: Era) => boolean;
}

const of = (
  serves: Purpose['serves'],
  { written = 'expected', provesBridge = false, writers }: Partial<Omit<Purpose, 'serves'>> = {},
): Purpose => ({ serves, written, provesBridge, ...(writers === undefined ? {} : { writers }) });

const PROVES = { provesBridge: true } as const;
const PARTLY = { written: 'partly' } as const;
const NEVER = { written: 'never' } as const;

/** Up to 28.0.0 rules of single networks are in FORWARD, 28.0.0 alone asks address sets; later ones have chains of their own. */
const IN_FORWARD = { writers: ({ writing }: Era) => writing.layout !== 'chains' } as const;
const BEFORE_SETS = { writers: ({ writing }: Era) => writing.layout === 'forward' } as const;
const BY_SETS = { writers: ({ writing }: Era) => writing.layout === 'sets' } as const;
const IN_CHAINS = { writers: ({ writing }: Era) => writing.layout === 'chains' } as const;
const BY_STAGES = { writers: ({ writing }: Era) => writing.isolation === 'stages' } as const;
const CLOSES = { writers: ({ policy }: Era) => policy.closesUnpublished } as const;
const CLOSES_PORTS = { writers: ({ policy }: Era) => policy.closesDirect === 'ports' } as const;
const CLOSES_ADDRESSES = { writers: ({ policy }: Era) => policy.closesDirect === 'addresses' } as const;

/**
 * What single rules of Docker's are for: every purpose there is. Tables over them are total (`Record<PurposeId, …>`): a new
 * purpose without its text, its consequence, what it serves or whether it is written does not compile, and neither does a
 * misspelt one.
 */
export const PURPOSES = {
  'forward-user': of('daemon'),
  'forward-forward': of('daemon', IN_CHAINS),
  'forward-isolation': of('daemon', IN_FORWARD),
  'forward-ingress': of('ingress', IN_FORWARD),
  'forward-overlay': of('overlay', NEVER),
  'forward-docker': of('network', { ...PROVES, ...BEFORE_SETS }),
  'forward-set-docker': of('daemon', BY_SETS),
  'forward-set-established': of('daemon', BY_SETS),
  'forward-established': of('network', BEFORE_SETS),
  'forward-out': of('network', IN_FORWARD),
  'forward-any-out': of('network', BY_SETS),
  'forward-icc-accept': of('network', IN_FORWARD),
  'forward-icc-drop': of('network', IN_FORWARD),

  'overlay-plain-drop': of('overlay'),
  'overlay-ipsec-accept': of('overlay'),
  'overlay-any-drop': of('overlay'),
  'overlay-mark': of('overlay'),
  'overlay-return': of('overlay', NEVER),
  'sctp-checksum': of('sctp-port', PARTLY),

  'nat-jump': of('daemon'),
  'nat-ingress-jump': of('ingress'),
  masquerade: of('network'),
  'hairpin-local': of('network'),
  'hairpin-port': of('port'),
  'proxy-return': of('network'),
  'wsl-return': of('daemon', NEVER),
  dnat: of('port', PROVES),

  'raw-endpoint': of('address', CLOSES_ADDRESSES),
  'raw-port': of('port', CLOSES_PORTS),
  'raw-trusted': of('address', CLOSES_ADDRESSES),
  'raw-loopback': of('loopback-port', CLOSES),
  'raw-loopback-wsl': of('loopback-port', PARTLY),

  'port-accept': of('port', PROVES),
  'link-accept': of('link'),
  'routed-icmp': of('network', CLOSES),
  'unpublished-drop': of('network', { ...PROVES, ...CLOSES }),
  'unprotected-accept': of('network', { ...PROVES, ...CLOSES }),
  'bridge-docker': of('network', { ...PROVES, ...IN_CHAINS }),
  'bridge-established': of('network', { ...PROVES, ...IN_CHAINS }),
  'mark-accept': of('daemon', IN_CHAINS),
  'jump-ingress': of('ingress', IN_CHAINS),
  'jump-established': of('daemon', IN_CHAINS),
  'jump-isolation': of('daemon', IN_CHAINS),
  'jump-bridge': of('daemon', IN_CHAINS),
  'network-out': of('network', IN_CHAINS),
  'network-icc-drop': of('network', IN_CHAINS),
  'network-icc-accept': of('network', IN_CHAINS),
  'internal-drop': of('network', PROVES),
  'isolation-stage-2': of('network', { ...PROVES, ...BY_STAGES }),
  'routed-established': of('network', BY_STAGES),
  'routed-return': of('network', BY_STAGES),
  'isolation-drop': of('network', { ...PROVES, ...BY_STAGES }),
  'isolation-pair-drop': of('network', NEVER),
  'isolation-return': of('daemon', BEFORE_SETS),
  'user-return': of('daemon'),

  'ingress-accept': of('ingress'),
  'ingress-established': of('ingress'),
  'ingress-dnat': of('ingress'),
  'ingress-return': of('ingress'),
  'ingress-nat-return': of('ingress'),
} as const satisfies Readonly<Record<string, Purpose>>;

export type PurposeId = keyof typeof PURPOSES;

/** Whether Engines of an era write rules of a purpose at all. */
export const isWrittenIn = (id: PurposeId, era: Era): boolean => {
  const { writers }: Purpose = PURPOSES[id];
  return writers === undefined || writers(era);
};

/** The level of the rules of one purpose. */
export const levelOf = (id: PurposeId): Level => LEVEL_OF[PURPOSES[id].serves];
