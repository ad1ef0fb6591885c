import type { NamedAddress, Network } from '../../../docker/inventory/inventory.ts';

/** What was known when the rules were recorded: names for what the Engine no longer lists. */
export interface Past {
  readonly networks: readonly Network[];
  readonly containers: readonly NamedAddress[];
}

/** What a leftover rule still does to packets. */
export interface Diversion {
  /** `exposure`: it opens a port of a container that does not publish it; `outage`: it takes a port from the one that does. */
  readonly severity: 'exposure' | 'outage';
  /** Which container that is. */
  readonly container: string;
}

/** What else in this network namespace may have written a rule. */
export interface CoTenants {
  /** Interfaces of this network namespace. */
  readonly interfaces: ReadonlySet<string>;
  /** No second Engine works in this network namespace. */
  readonly alone: boolean;
}
