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
}

const of = (
  serves: Purpose['serves'],
  { written = 'expected', provesBridge = false }: Partial<Omit<Purpose, 'serves'>> = {},
): Purpose => ({ serves, written, provesBridge });

const PROVES = { provesBridge: true } as const;
const PARTLY = { written: 'partly' } as const;
const NEVER = { written: 'never' } as const;

/**
 * What single rules of Docker's are for: every purpose there is. Tables over them are total (`Record<PurposeId, …>`): a new
 * purpose without its text, its consequence, what it serves or whether it is written does not compile, and neither does a
 * misspelt one.
 */
export const PURPOSES = {
  'forward-user': of('daemon'),
  'forward-forward': of('daemon'),
  'forward-isolation': of('daemon'),
  'forward-ingress': of('ingress'),
  'forward-overlay': of('overlay', NEVER),
  'forward-docker': of('network', PROVES),
  'forward-set-docker': of('daemon'),
  'forward-set-established': of('daemon'),
  'forward-established': of('network'),
  'forward-out': of('network'),
  'forward-any-out': of('network'),
  'forward-icc-accept': of('network'),
  'forward-icc-drop': of('network'),

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

  'raw-endpoint': of('address'),
  'raw-port': of('port'),
  'raw-trusted': of('address'),
  'raw-loopback': of('loopback-port'),
  'raw-loopback-wsl': of('loopback-port', PARTLY),

  'port-accept': of('port', PROVES),
  'link-accept': of('link'),
  'routed-icmp': of('network'),
  'unpublished-drop': of('network', PROVES),
  'unprotected-accept': of('network', PROVES),
  'bridge-docker': of('network', PROVES),
  'bridge-established': of('network', PROVES),
  'mark-accept': of('daemon'),
  'jump-ingress': of('ingress'),
  'jump-established': of('daemon'),
  'jump-isolation': of('daemon'),
  'jump-bridge': of('daemon'),
  'network-out': of('network'),
  'network-icc-drop': of('network'),
  'network-icc-accept': of('network'),
  'internal-drop': of('network', PROVES),
  'isolation-stage-2': of('network', PROVES),
  'routed-established': of('network'),
  'routed-return': of('network'),
  'isolation-drop': of('network', PROVES),
  'isolation-pair-drop': of('network', NEVER),
  'isolation-return': of('daemon'),
  'user-return': of('daemon'),

  'ingress-accept': of('ingress'),
  'ingress-established': of('ingress'),
  'ingress-dnat': of('ingress'),
  'ingress-return': of('ingress'),
  'ingress-nat-return': of('ingress'),
} as const satisfies Readonly<Record<string, Purpose>>;

export type PurposeId = keyof typeof PURPOSES;

/** The level of the rules of one purpose. */
export const levelOf = (id: PurposeId): Level => LEVEL_OF[PURPOSES[id].serves];
