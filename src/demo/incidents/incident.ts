import type { DemoFirewall } from '../firewalls.ts';
import type { DemoMachine } from '../machine.ts';
import type { DemoProbe } from '../probes.ts';

/** What is played with one of Docker's firewall backends: its rules, how they are lost, and what then passes. */
export interface DemoIncident {
  readonly firewall: DemoFirewall;
  /** What it needs beside Node, `unshare`, `nsenter` and `ip`. */
  readonly tools: readonly string[];
  /** What is lost, as the demo's first line says it. */
  readonly lost: string;
  /** The version of the Engine that wrote the rules. */
  readonly engine: string;
  readonly damage: DemoDamage;
  readonly probes: readonly DemoProbe[];
  /** Writes the Engine's rules into a machine that has none. */
  load(host: DemoMachine): Promise<void>;
  /** The machine's rules without what changes by itself, and without the rule that {@link DemoDamage} adds. */
  rulesNow(host: DemoMachine): Promise<readonly string[]>;
  /** Whether the rule that {@link DemoDamage} adds is there, once. */
  hasOwnRule(host: DemoMachine): Promise<boolean>;
}

/** What somebody does to the rules. */
export interface DemoDamage {
  readonly title: string;
  readonly commands: readonly DemoCommand[];
  /** What the probes then show, in words. */
  readonly told: readonly string[];
}

/** A command of somebody's. */
export interface DemoCommand {
  /** As typed at a root prompt. */
  readonly typed: string;
  readonly words: readonly [string, ...string[]];
}
