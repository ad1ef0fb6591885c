import type { HostIntent } from '../docker/intent/values.ts';
import type { Inventory } from '../docker/inventory/inventory.ts';
import type { Cell } from './cell.ts';
import type { NetworkState } from '../trace/network-state.ts';

/** All that the table of reachability is made of. */
export interface Terrain {
  readonly intent: HostIntent;
  /** What exists: who could ask, and who could be asked. */
  readonly inventory: Pick<Inventory, 'networks' | 'endpoints' | 'ports'> &
    Partial<Pick<Inventory, 'portsUnknown' | 'swarm' | 'setAside'>>;
  /** What decides about packets. */
  readonly netState: NetworkState;
  /**
   * Ports of this host that a docker-proxy serves, as {@link proxyKey} writes them; undefined where nobody looked: then it serves
   * whatever the daemon's settings have it serve.
   */
  readonly proxies: ReadonlySet<string> | undefined;
  /** Name servers that containers ask, addresses of them; empty where none is known. */
  readonly nameServers: readonly string[];
  /** Who is asked about by name, and so asks beside those who stand for others; absent for nobody. */
  readonly named?: NamedAskers;
  /** Ports that are asked of every container, and by each outside, beside those that are asked anyway. */
  readonly askedPorts?: readonly AskedPort[];
}

/** Who was named as an asker. */
export interface NamedAskers {
  /** Names of containers: of their class nobody asks for them. */
  readonly containers: ReadonlySet<string>;
  /** Addresses outside, each of which asks, and is asked by containers. */
  readonly clients: readonly string[];
}

/** A port of a protocol; 0 of one that has none. */
export interface AskedPort {
  readonly proto: Cell['proto'];
  readonly port: number;
}

/** How a port of the host's that docker-proxy may serve is known. @param address - '' for every address of the family */
export const proxyKey = (family: string, proto: string, address: string, port: number): string =>
  `${family} ${proto} ${address} ${String(port)}`;
