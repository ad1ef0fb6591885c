/** A word of nft's listing. */
export interface Token {
  readonly text: string;
  /** `end`: a line or a `;`. `handle`: the number of a rule, from the remark behind it. */
  readonly kind: 'word' | 'string' | 'mark' | 'end' | 'handle';
  /** Where it begins and ends in the listing. */
  readonly from: number;
  readonly to: number;
}

const TOKEN = /"((?:[^"\\]|\\.)*)"|# handle (\d+)|#[^\n]*|([{},])|(;|\n)|((?:[^\s{},;"#\\]|\\.)+)|[^\S\n]+/g;

/**
 * Splits what `nft list` prints into words. Within a set's braces a line's end is no end: long sets are wrapped.
 *
 * @returns undefined for text that nft does not print
 */
export function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  // What opened each brace: a block of lines (`chain x {`) or a set (`{ a, b }`).
  const open: ('block' | 'set')[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index !== at) return undefined;
    at += match[0].length;
    const [, string, handle, mark, end, word] = match;
    const token = (kind: Token['kind'], held: string): number =>
      tokens.push({ kind, text: held, from: match.index, to: at });
    if (string !== undefined) token('string', string);
    else if (handle !== undefined) token('handle', handle);
    else if (mark !== undefined) {
      if (mark === '{') open.push(/^[^\S\n]*(?:#[^\n]*)?\n/.test(text.slice(at, at + 200)) ? 'block' : 'set');
      if (mark === '}' && open.pop() === undefined) return undefined;
      token('mark', mark);
    } else if (end !== undefined) {
      if (open.at(-1) !== 'set') token('end', end);
    } else if (word !== undefined) token('word', word);
  }
  return at === text.length && open.length === 0 ? tokens : undefined;
}
