/** Further away than this is another word, not a slip of the finger. */
const FARTHEST = 2;

/** The word that was probably meant; undefined when none of them is near. */
export const nearest = (typed: string, words: readonly string[]): string | undefined => near(typed, words)[0];

/**
 * The words that may have been meant, the nearest first.
 *
 * @param partsOf - what of a word may have been typed instead of all of it
 */
export function near(
  typed: string,
  words: readonly string[],
  partsOf: (word: string) => readonly string[] = () => [],
): readonly string[] {
  return words
    .map((word) => ({
      word,
      distance: Math.min(...[word, ...partsOf(word)].map((one) => editDistance(typed, one))),
    }))
    .filter(({ distance }) => distance <= FARTHEST && distance < typed.length)
    .sort((a, b) => a.distance - b.distance)
    .map(({ word }) => word);
}

/** How many characters to put in, take out, change or swap with the next to make one word of the other. */
function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const [left = 0, above = 0, diagonal = 0] = [next[j], row[j + 1], row[j]];
      const isSwapped = i > 0 && j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j];
      const swapped = isSwapped ? (before[j - 1] ?? 0) + 1 : Infinity;
      next.push(Math.min(left + 1, above + 1, diagonal + (from[i] === to[j] ? 0 : 1), swapped));
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}
