import type { EngineReply } from '../../docker/engine-reply.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { StoredBaseline } from '../../reconcile/stored-baseline.ts';
import type { HostRules, Variant } from '../../firewall/iptables/text/model.ts';
import type { Input } from '../../host/command/stdin.ts';
import type { Rehearsed } from '../../host/sandbox/rehearse.ts';
import type { SandboxCommand } from '../../host/sandbox/run-in-sandbox.ts';
import type { Impact } from '../../reconcile/impact.ts';
import type { Surroundings } from '../../reconcile/known-names.ts';
import type { Observer } from '../ports.ts';

/** A firewall change, as it is asked for. */
export interface Change {
  readonly words: readonly [string, ...string[]];
  readonly input: Input;
}

/** What a change is compared with: Docker's rules as they are now, and names to describe them with. */
export interface ChangeContext {
  readonly stored: StoredBaseline | undefined;
  readonly live: Live;
  /** The other variant's rules, where it holds any. */
  readonly other: Live | undefined;
  readonly engine: EngineReply;
  readonly before: OwnedHost;
  readonly surroundings: Surroundings;
}

/** What a change would do to Docker's rules. */
export type Forecast =
  | {
      readonly known: true;
      /** `memory`: computed, as the kernel would; `rehearsal`: done for real in a sandbox. */
      readonly by: 'memory' | 'rehearsal';
      readonly impact: Impact;
      readonly rules: HostRules;
    }
  | {
      readonly known: false;
      /** Why it cannot be predicted, in one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
      /** What it would do all the same, where that much is known: enough to refuse, not to let through. */
      readonly impact: Impact | undefined;
    };

/** What guarding a change touches of a host. `real-change-host.ts` wires the real one. */
export interface ChangeHost extends Observer {
  /** The rules of the variant that is not Docker's, where it holds any. */
  readonly readOther: (variant: Variant) => Promise<Live | undefined>;
  /** The variant that a bare `iptables` of this name or path speaks to; undefined when it is no iptables. */
  readonly variantOf: (program: string) => Promise<Variant | undefined>;
  /** Runs a change in a sandbox. */
  readonly rehearse: (
    rehearsal: Pick<SandboxCommand, 'words' | 'input' | 'seconds'>,
    live: Live,
    other: Live | undefined,
  ) => Promise<Rehearsed>;
  /** Makes the change. Returns the command's exit code as a shell gives it. */
  readonly launch: (change: Change) => Promise<number>;
}
