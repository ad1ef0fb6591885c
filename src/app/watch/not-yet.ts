/** Milliseconds: the first pause, and the longest. */
const FIRST = 250;
const LONGEST = 4_000;
/** After so long it is told. */
const TOLD = 30_000;

/** How long watch waits for a dockerd that starts or stops: ever longer. Milliseconds of a clock that never goes back. */
export class NotYet {
  private waiting: { readonly since: number; readonly pause: number } | undefined;
  private isTold = false;

  /** It is not over. @returns when to look again */
  again(now: number): number {
    const { since, pause } = this.waiting ?? { since: now, pause: FIRST };
    this.waiting = { since, pause: Math.min(pause * 2, LONGEST) };
    return now + pause;
  }

  /** Whether it takes so long that nothing more is waited for, and somebody should know. */
  isLong(now: number): boolean {
    return this.waiting !== undefined && now - this.waiting.since >= TOLD;
  }

  /** Whether it is to be told: once for each wait. */
  tells(): boolean {
    const isFirst = !this.isTold;
    this.isTold = true;
    return isFirst;
  }

  over(): void {
    this.waiting = undefined;
    this.isTold = false;
  }
}
