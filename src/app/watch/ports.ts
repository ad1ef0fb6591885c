import type { NotedEffect, WatchEvent } from '../../watch/event.ts';
import type { HostLack, SettingName } from '../../watch/host-lacks.ts';
import type { WatchAction, WatchMode } from '../../watch/mode.ts';
import type { Source, Told } from '../../watch/seen.ts';
import type { Own } from '../../watch/writer.ts';

/** What a look found, as far as watch decides by it. */
export interface WatchLook {
  /** What differs, the worst first. */
  readonly effects: readonly NotedEffect[];
  /** It was made without an Engine, though a dockerd runs. */
  readonly isPastDockerd?: true;
}

/** How a look is made. */
export interface LookWays {
  /** Whether what is found wrong is looked at again, and counts only if it is found again; asked once something is found. */
  readonly isTwice: () => boolean;
  /** Whether a dockerd that runs without an answer is waited for: it may be starting or stopping. */
  readonly isPatient: boolean;
}

/** What a repair came to. */
export interface WatchRepair {
  /** Journal entries. */
  readonly journal: readonly string[];
  /** Why it is not in the journal; undefined where it is. */
  readonly unjournaled?: string | undefined;
  /** Why something is left, for people. */
  readonly left: readonly string[];
  /**
   * What packets still did otherwise when it ended: found out now, from the rules as it left them.
   *
   * @throws Fault of what could not be read beside the rules
   */
  readonly leftThen: () => Promise<readonly NotedEffect[]>;
}

/** A repair that was made before a look. */
export interface WatchFastRepair extends WatchRepair {
  /** When the loss was found, and when all was written. Milliseconds of `now`. */
  readonly found: number;
  readonly repaired: number;
  /** What packets did meanwhile: found out now, from the rules as they were. @throws Fault of what could not be read */
  readonly effects: () => Promise<readonly NotedEffect[]>;
}

/** What watch uses of the world. */
export interface WatchPort extends Own {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** The day and time. */
  readonly date: () => Date;
  /** Until a moment of `now`, or until the signal says that something was seen. */
  readonly wait: (until: number, signal: AbortSignal) => Promise<void>;
  readonly listen: (told: Told) => Source;
  /**
   * Looks at the host.
   *
   * @returns `not-yet` while dockerd starts or stops: what it will write is not lost
   * @throws Fault of what could not be read
   */
  readonly look: (ways: LookWays) => Promise<WatchLook | 'not-yet'>;
  /** What the Engine said is no longer true. */
  readonly forgetEngine: () => void;
  /** Brings Docker's rules back. @throws Fault; what was repaired until then stays, and the fault says so */
  readonly repair: () => Promise<WatchRepair>;
  /**
   * Brings back what is certainly lost of Docker's, without following packets first.
   *
   * @returns undefined where there was nothing of that kind, or any doubt: a look says more
   */
  readonly repairAtOnce: () => Promise<WatchFastRepair | undefined>;
  /** What keeps watch from writing, for people; undefined where nothing does. Asked before each repair. Never a fault. */
  readonly held: () => Promise<string | undefined>;
  /** Whether a command of ours is in the middle of a change that it announced: it judges that change itself, and a look waits for its end. */
  readonly isChanging: () => boolean;
  /** Why what is declared could not all be read by the last look, for people; undefined where it could. */
  readonly undeclared: () => string | undefined;
  /** What Docker needs of this host itself and lacks, beside rules, as doctor finds it. @throws Fault of what could not be read */
  readonly lacks: () => Promise<readonly HostLack[]>;
  /**
   * Switches settings of the kernel on, under the lock.
   *
   * @returns those that were off
   * @throws Fault of one that could not be, RG_BUSY where something keeps watch from writing
   */
  readonly switchOn: (names: readonly SettingName[]) => Promise<readonly SettingName[]>;
  /**
   * Records a baseline where what should be there has changed.
   *
   * @param signal - ends it: something else is more urgent
   * @returns whether one was: what was made ready for a repair is by the baseline before it
   * @throws Fault, of a damaged or changing state too, and of one that was ended
   */
  readonly record: (signal: AbortSignal) => Promise<boolean>;
  /** Notes an event, for the log and whoever is told. Never throws. */
  readonly note: (event: WatchEvent) => void;
}

/** How watch is to behave: asked anew each time, so that it may change while it runs. */
export interface WatchSettings {
  readonly mode: WatchMode;
  /** What is done about settings of the kernel that Docker needs and that are off. */
  readonly settings: WatchAction;
  /** How often a look is made though nothing was seen, in milliseconds. */
  readonly interval: number;
}
