/** The Engine releases of the lab: each stands for one layout of rules that Docker wrote (docs/ARCHITECTURE.md). */
export type Era = '20.10' | '26.1' | '28.5';

/** Where a release comes from and what it has to be told. */
export interface EraFacts {
  /** Debian release that ships it, together with its own iptables. */
  readonly suite: string;
  /** Packages beyond those that every root gets. */
  readonly packages: readonly string[];
  /** What makes this dockerd write IPv6 rules; 27 and newer do so unasked. */
  readonly ipv6Args: readonly string[];
}

export const ERAS: Readonly<Record<Era, EraFacts>> = {
  '20.10': { suite: 'bookworm', packages: [], ipv6Args: ['--experimental', '--ip6tables'] },
  // From trixie on the client is a package of its own.
  '26.1': { suite: 'trixie', packages: ['docker-cli'], ipv6Args: ['--experimental', '--ip6tables'] },
  '28.5': { suite: 'forky', packages: ['docker-cli'], ipv6Args: [] },
};

export const ALL_ERAS = Object.keys(ERAS) as readonly Era[];
