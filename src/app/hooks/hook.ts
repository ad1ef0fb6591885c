import type { Config } from '../../host/config/defaults.ts';
import type { Fired, FiredPost, FiredPre } from '../../hooks/fired.ts';
import type { Reference } from '../../reconcile/reference.ts';
import type { Planning } from '../../reconcile/repair-plan.ts';
import type { NoticeEvent } from '../events.ts';
import type { Checked } from '../check/check.ts';
import type { CheckHost } from '../check/ports.ts';

/** How a hook is to behave: options first, then the configuration. */
export type HookSettings = Config['hook'];

/** What one half of a hook came to, and its exit code under `--strict`. */
export interface Half {
  readonly fired: { readonly pre: FiredPre } | { readonly post: FiredPost };
  readonly exit: 0 | 1;
}

/** What happens in a hook. */
export type HookEvent =
  | NoticeEvent
  /** Automatic writes are switched off. */
  | { readonly kind: 'switched-off'; readonly by: string }
  /** There is nothing to record, compare or repair. */
  | { readonly kind: 'nothing'; readonly reason: string }
  | { readonly kind: 'intact' }
  /** Damage is reported and left, as configured or because automatic writes are switched off. */
  | { readonly kind: 'damaged'; readonly checked: Checked }
  /** Docker's rules are whole, and something else decides before them. */
  | { readonly kind: 'overridden'; readonly checked: Checked }
  /** Docker's rules are whole, and what packets do could not be told. */
  | { readonly kind: 'unknown'; readonly checked: Checked }
  /** Not all could be repaired. */
  | { readonly kind: 'left' }
  /** It could not do the job; the firewall change goes on. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** When it ran could not be noted for `hook status`. */
  | { readonly kind: 'not-noted'; readonly reason: string };

/** What a hook uses of the world. */
export interface HookPort {
  readonly host: CheckHost;
  /** When the machine was booted, in milliseconds since 1970. */
  readonly booted: () => number;
  /** The newest baseline, if there is one, and the Engine. */
  readonly openReference: () => Promise<Reference>;
  readonly readFired: (target: string) => Promise<Fired | undefined>;
  readonly noteFired: (target: string, fired: Half['fired']) => Promise<void>;
  /** Records the present state if it is sound. @throws Fault RG_DAMAGED, RG_NO_DOCKER_RULES */
  readonly record: () => Promise<{ readonly verdict: 'recorded' | 'unchanged'; readonly id: string }>;
  /** Repairs, and says so. */
  readonly restore: (planning: Planning) => Promise<{ readonly isWhole: boolean; readonly repaired: number }>;
  readonly emit: (event: HookEvent) => void;
}

/** How one half of a hook is asked for. */
export interface HookRequest {
  /** Whose hook it is, for `hook status`. */
  readonly target: string;
  readonly settings: HookSettings;
  /** What switched automatic writes off; undefined where they are on. */
  readonly off: string | undefined;
}
