import type { EngineReply } from '../../docker/engine-reply.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { LiveFirewall } from '../../reconcile/tables/live-firewall.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { HostRules, Variant } from '../../firewall/iptables/text/model.ts';
import type { Input } from '../../host/command/stdin.ts';
import type { Rehearsed } from '../../host/sandbox/rehearse.ts';
import type { SandboxCommand } from '../../host/sandbox/run-in-sandbox.ts';
import type { Impact } from '../../reconcile/impact.ts';
import type { Surroundings } from '../../reconcile/known-names.ts';
import type { ReachChange } from '../../reach/change/cells.ts';
import type { Terrain } from '../../reach/terrain.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { Observer } from '../ports.ts';
import type { TerrainReader } from '../reach/ports.ts';

/** A firewall change, as it is asked for. */
export interface Change {
  readonly words: readonly [string, ...string[]];
  readonly input: Input;
}

/** What a change is compared with: the host as it is now, and names to describe it with. */
export interface ChangeContext {
  readonly reference: Reference;
  readonly stored: StoredBaseline | undefined;
  readonly live: LiveFirewall;
  /** The other variant's rules, where it holds any. */
  readonly other: Live | undefined;
  readonly engine: EngineReply;
  /** Docker's rules of iptables; none where its firewall backend is nftables. */
  readonly before: OwnedHost;
  readonly surroundings: Surroundings;
  /** All that decides who reaches what; undefined where no Engine says what there is, or what it means is not known. */
  readonly terrain: Terrain | undefined;
}

/** What a change does to who reaches what. */
export interface ReachForecast {
  readonly change: ReachChange;
  /** What it changes beside the rules of iptables: settings, routes, interfaces, sets, tables of nftables; one line each. */
  readonly beside: readonly string[];
  /** Of these, what nothing here says the effect of. */
  readonly unjudged: readonly string[];
  /** Ways that nobody could tell before, and that the change may concern. */
  readonly blind: number;
  /**
   * What brings every way back: a repair of Docker's rules, one of FORWARD's policies too, a rollback of all rules and sets, the commands of
   * `undo`, or none of these.
   */
  readonly wayBack: 'repair' | 'policies' | 'rollback' | 'undo' | 'none';
  /** Commands that take back what it changes beside rules, sets and tables, which no repair and no rollback does; in this order. */
  readonly undo: readonly string[];
  /** Tables of nftables that it makes, where it does nothing else: `inet mine`. */
  readonly tablesMade: readonly string[];
}

/** What a change would do to Docker's rules. */
export type Forecast =
  | {
      readonly known: true;
      /** `memory`: computed, as the kernel would; `rehearsal`: done for real in a sandbox. */
      readonly by: 'memory' | 'rehearsal';
      readonly impact: Impact;
      /** Undefined where there is no terrain to judge it by. */
      readonly reach: ReachForecast | undefined;
      readonly rules: HostRules;
    }
  | {
      readonly known: false;
      /** Why it cannot be predicted, in one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
      /** What it would do all the same, where that much is known: enough to refuse, not to let through. */
      readonly impact: Impact | undefined;
      readonly reach: ReachForecast | undefined;
    };

/** What guarding a change touches of a host. `real-change-host.ts` wires the real one. */
export interface ChangeHost extends Observer, TerrainReader {
  /** The variant that a bare `iptables` of this name or path speaks to; undefined when it is no iptables. */
  readonly variantOf: (program: string) => Promise<Variant | undefined>;
  /** Runs a change in a sandbox. */
  readonly rehearse: (
    rehearsal: Pick<SandboxCommand, 'words' | 'input' | 'seconds'>,
    live: LiveFirewall,
    other: Live | undefined,
  ) => Promise<Rehearsed>;
  /** Makes the change. Returns the command's exit code as a shell gives it. */
  readonly launch: (change: Change) => Promise<number>;
}
