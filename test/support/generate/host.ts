/** Rule layouts of the Engine, oldest first: 17.06, 18.05–19.03, 20.10, 24–26, 27, 28.0.1, 28.2.0, 28.2.2–28.5, 29. */
export const ERAS = ['A', 'B', 'C', 'D', 'E', 'F1', 'F2', 'F3', 'G'] as const;
export type Era = (typeof ERAS)[number];

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface Port {
  readonly protocol: Protocol;
  readonly host: number;
  readonly container: number;
  /** Bound to the loopback address only. */
  readonly loopback: boolean;
}

export interface Network {
  readonly bridge: string;
  /** Gives the subnet: 172.17+subnet.0.0/16 and fd00:dead:1+subnet::/64. */
  readonly subnet: number;
  readonly icc: boolean;
  readonly internal: boolean;
  readonly ipv6: boolean;
  /** Published ports of each endpoint. */
  readonly endpoints: readonly (readonly Port[])[];
}

export interface Daemon {
  readonly era: Era;
  readonly userlandProxy: boolean;
  /** The daemon itself turned forwarding on, and therefore set the policy. */
  readonly dropsForward: boolean;
  readonly networks: readonly Network[];
  /** Ports of ingress services; the node is no swarm node when absent. */
  readonly ingress?: readonly Port[];
  /** Identifiers of encrypted overlay networks. */
  readonly overlays: readonly number[];
}

/** Whether Docker keeps its rules in DOCKER-FORWARD (28.0.1 and later) rather than in FORWARD. */
export const isLate = (era: Era): boolean => era >= 'F';
export const ESTABLISHED = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
