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
  private tried = Number.NEGATIVE_INFINITY;

  /** Docker did something. @param now - milliseconds of a clock that begins with this process, and never goes back */
  saw(now: number): void {
    this.changes = { first: this.changes?.first ?? now, newest: now };
  }

  /** A look has ended. */
  looked(isWhole: boolean): void {
    this.isWhole = isWhole;
  }

  /** A record was made, or was not needed, or could not be made. */
  done(now: number): void {
    this.tried = now;
    this.changes = undefined;
  }

  /** The moment at which it is due; never while the host is not whole. */
  at(): number {
    if (!this.isWhole) return Number.POSITIVE_INFINITY;
    const { changes, tried } = this;
    if (changes === undefined) return tried + HOUR;
    return Math.max(Math.min(changes.newest + QUIET, changes.first + LONGEST), tried + SELDOM);
  }
}
