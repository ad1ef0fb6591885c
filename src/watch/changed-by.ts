import { withAuthor } from './incidents.ts';
import type { Author } from './seen.ts';

/** Changes of rules since a moment. */
interface ChangesSince {
  /** When the first of them was seen. */
  readonly at: number;
  readonly by: readonly Author[];
}

/** Who changed rules, as far as it has yet to be told. */
export class ChangedBy {
  /** Since the last look. */
  private fresh: readonly Author[] = [];
  /** When the first change since the last look was seen. */
  private began: number | undefined;
  /** Since the damage began that is open. */
  private damage: readonly Author[] = [];
  private repair: ChangesSince | undefined;

  /** Rules changed. @param author - undefined where nobody could be named */
  saw(author: Author | undefined, now: number): void {
    this.began ??= now;
    const by = this.repair?.by ?? [];
    this.repair = {
      at: this.repair?.at ?? now,
      by: author === undefined ? by : withAuthor(by, author),
    };
    if (author === undefined) return;
    this.fresh = withAuthor(this.fresh, author);
    this.damage = withAuthor(this.damage, author);
  }

  /** A repair begins. */
  repairs(): void {
    this.repair = undefined;
  }

  /** What changed since the last repair began, and since when; undefined where nothing did. */
  sinceRepair(): ChangesSince | undefined {
    return this.repair;
  }

  /** What had been repaired was broken again: whoever did so is to blame for what is open now. */
  brokeAgain(): void {
    this.damage = this.repair?.by ?? [];
    this.fresh = this.damage;
  }

  /** When rules began to change that no look has judged; undefined where none did. */
  beganAt(): number | undefined {
    return this.began;
  }

  sinceLook(): readonly Author[] {
    return this.fresh;
  }

  sinceDamage(): readonly Author[] {
    return this.damage;
  }

  /** A look has judged all changes. @param isOver - nothing is left of the damage that a repair would be told of */
  judged(isOver: boolean): void {
    this.fresh = [];
    this.began = undefined;
    if (isOver) this.damage = [];
  }
}
