/** Docker must have been quiet for so long, in milliseconds: a deployment is recorded once, at its end; one that never ends, after so long. */
const QUIET = 10_000;
const LONGEST = 300_000;
/** At most so often; and so often though nothing was seen, for the operator's own rules in DOCKER-USER. */
const SELDOM = 60_000;
const HOUR = 3_600_000;

/**
 * When watch has a baseline recorded: once the host was found whole and what Docker requires may have changed. What is damaged or still
 * changing `snapshot` itself refuses.
 */
export class BaselineDue {
  private isWhole = false;
  private changes: { readonly first: number; readonly newest: number } | undefined = { first: 0, newest: 0 };
  private last = Number.NEGATIVE_INFINITY;

  /** Docker did something. @param now - milliseconds of a clock that begins with this process, and never goes back */
  saw(now: number): void {
    this.changes = { first: this.changes?.first ?? now, newest: now };
  }

  /** A look has ended. */
  looked(isWhole: boolean): void {
    this.isWhole = isWhole;
  }

  /** A record was made, or there is nothing to record. @param began - what Docker did later may not be in it */
  done(began: number, now: number): void {
    this.last = now;
    const newest = this.changes?.newest ?? began;
    this.changes = newest > began ? { first: newest, newest } : undefined;
  }

  /** It could not be made, or not yet: it is due all the same. */
  tried(now: number): void {
    this.last = now;
  }

  /** The moment at which it is due; never while the host is not whole. */
  at(): number {
    if (!this.isWhole) return Number.POSITIVE_INFINITY;
    const { changes, last } = this;
    if (changes === undefined) return last + HOUR;
    return Math.max(Math.min(changes.newest + QUIET, changes.first + LONGEST), last + SELDOM);
  }
}
