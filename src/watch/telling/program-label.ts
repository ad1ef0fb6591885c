import type { Author } from '../seen.ts';

/** Programs that have a label of their own; any process may give itself a name, so the others share one. */
const MOST_PROGRAMS = 30;
/** As programs are called; the kernel keeps 15 bytes of a name, and whoever is in there may have put anything into them. */
const PLAIN = /^[\w.+-]{1,15}$/;

/** Labels of programs for metrics: never more than a few, whatever processes call themselves. */
export class ProgramLabels {
  private readonly known = new Set<string>();

  /** @returns the program's name; `unknown` where the kernel named nobody, `other` for what is no plain name or one too many */
  of(author: Pick<Author, 'name'> | undefined): string {
    if (author === undefined) return 'unknown';
    const { name } = author;
    if (!PLAIN.test(name)) return 'other';
    if (!this.known.has(name) && this.known.size >= MOST_PROGRAMS) return 'other';
    this.known.add(name);
    return name;
  }
}
