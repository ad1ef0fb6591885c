/** The Engine releases of the lab, one for each layout of rules that Docker wrote (docs/reference/docker-iptables.md#eras). */
export type Era = '20.10' | '26.1' | '28.5' | '29.7';

/** Where a release comes from and which arguments it needs. */
export interface EraFacts {
  /** Debian release that ships it, together with its own iptables; of 29.7 what its root is made of. */
  readonly suite: string;
  /** Packages beyond those that every root gets. */
  readonly packages: readonly string[];
  /** Arguments with which this dockerd writes IPv6 rules; 27 and newer do so by default. */
  readonly ipv6Args: readonly string[];
  /** Arguments with which it writes none. */
  readonly noIpv6Args: readonly string[];
  /** Gateway modes, gw-priority, networks of IPv6 alone, rules in raw and in chains of Docker's own: from 28 on. */
  readonly modern: boolean;
  /** Whether each family's gateway is chosen by gw-priority alone: before 29.4.1 a network of both families comes first. */
  readonly gatewayPerFamily: boolean;
  /** Whether a `docker network create` that failed leaves its bridge, as it leaves its rules: up to 28. */
  readonly failedCreateLeavesBridge: boolean;
  /** The environment variable that names a root with this Engine: no Debian suite ships it yet. */
  readonly rootFrom?: string;
}

export const ERAS: Readonly<Record<Era, EraFacts>> = {
  '20.10': {
    suite: 'bookworm',
    packages: [],
    ipv6Args: ['--experimental', '--ip6tables'],
    noIpv6Args: [],
    modern: false,
    gatewayPerFamily: false,
    failedCreateLeavesBridge: true,
  },
  // From trixie on the client is a package of its own.
  '26.1': {
    suite: 'trixie',
    packages: ['docker-cli'],
    ipv6Args: ['--experimental', '--ip6tables'],
    noIpv6Args: [],
    modern: false,
    gatewayPerFamily: false,
    failedCreateLeavesBridge: true,
  },
  '28.5': {
    suite: 'forky',
    packages: ['docker-cli'],
    ipv6Args: [],
    noIpv6Args: ['--ip6tables=false'],
    modern: true,
    gatewayPerFamily: false,
    failedCreateLeavesBridge: true,
  },
  '29.7': {
    suite: 'forky',
    packages: [],
    ipv6Args: [],
    noIpv6Args: ['--ip6tables=false'],
    modern: true,
    gatewayPerFamily: true,
    failedCreateLeavesBridge: false,
    rootFrom: 'RULESGUARD_LAB_ROOT_29_7',
  },
};

export const ALL_ERAS = Object.keys(ERAS) as readonly Era[];
