import type { Fault, FaultCode } from '../fault.ts';
import type { Inventory } from './inventory/inventory.ts';
import type { DaemonSight } from './settings.ts';

/** What the Engine of this network namespace answered, or why there is no answer. No answer is never "no networks". */
export type EngineReply =
  | {
      readonly answered: true;
      readonly inventory: Inventory;
      readonly socket: string;
      /** The daemons found meanwhile, so that /proc need not be read twice. */
      readonly daemons: DaemonSight;
      /** The network interfaces of this namespace. */
      readonly interfaces: ReadonlySet<string>;
    }
  | NoReply;

/** No Engine of this network namespace that writes rules answered. */
export interface NoReply {
  readonly answered: false;
  readonly fault: Fault;
  /** What exists all the same, where it is the right Engine and merely writes no rules. */
  readonly inventory?: Inventory;
  /**
   * How many dockerd processes are seen in this network namespace, where there is no socket or the Engine writes no rules; undefined
   * where nobody looked.
   */
  readonly daemonCount?: number;
}

/** Faults after which there is nothing to guard, whatever a baseline has: this Engine writes no rules. */
export const KEEPS_NONE: ReadonlySet<FaultCode> = new Set(['RG_ENGINE_NO_IPTABLES']);
