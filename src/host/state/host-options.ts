/** Where a host's state and lock lie, and how long to wait for others. */
export interface HostOptions {
  /** Baselines, journal and pending changes, normally /var/lib/rulesguard. */
  readonly stateDir: string;
  /** The lock, normally /run/rulesguard. */
  readonly runDir: string;
  /** How long to wait for another rulesguard's lock, and for the xtables lock, in seconds. */
  readonly waitSeconds: number;
}
