/** A look of a large host on a busy machine may take so long. Milliseconds. */
const LONGEST_LOOK = 60_000;
/** No step of watch, not even a repair beside a dockerd that keeps writing, takes longer than this once it has the lock. Milliseconds. */
const LONGEST_STEP = 300_000;

/**
 * How well watch is, by what its loop did: one answer for systemd's watchdog and for whoever asks at `/healthz`. Milliseconds of one clock that
 * never goes back.
 */
export class WatchHealth {
  private readonly now: () => number;
  /** How often a look is made though nothing was seen. */
  private readonly interval: () => number;
  private readonly longestStep: number;
  /** The last look that could be made, or the start. */
  private looked: number;
  /** When the loop last went on, and by when it does again. */
  private step: { readonly began: number; readonly until: number };

  /** @param lockWait - how long a step may wait for the lock, in milliseconds */
  constructor(now: () => number, interval: () => number, lockWait = 0) {
    [this.now, this.interval] = [now, interval];
    this.longestStep = LONGEST_STEP + lockWait;
    this.looked = now();
    this.step = { began: now(), until: now() + this.longestStep };
  }

  /** The loop goes on. */
  goesOn(): void {
    const now = this.now();
    this.step = { began: now, until: now + this.longestStep };
  }

  /** The loop has nothing to do until a moment. */
  rests(until: number): void {
    const now = this.now();
    this.step = { began: now, until: Math.max(now, until) + LONGEST_LOOK };
  }

  /** A look could be made. */
  hasLooked(): void {
    this.looked = this.now();
  }

  /** Why only a restart helps: the loop hangs. Undefined while it goes on, whatever its looks come to. */
  hangs(): string | undefined {
    const now = this.now();
    return now <= this.step.until ? undefined : `it has hung for ${seconds(now - this.step.began)}`;
  }

  /** Why watch is not well; undefined while looks are made as often as they should. */
  unwell(): string | undefined {
    const ago = this.now() - this.looked;
    const isLate = ago > this.interval() + LONGEST_LOOK;
    return this.hangs() ?? (isLate ? `no look could be made for ${seconds(ago)}: rulesguard log` : undefined);
  }
}

const seconds = (milliseconds: number): string => `${String(Math.round(milliseconds / 1000))} s`;
