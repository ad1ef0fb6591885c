/** What a scan of one line found. */
export interface Words {
  readonly words: readonly string[];
  /**
   * True when a quote is still open at the end: restore would swallow the newline
   * (docs/reference/iptables-text.md#words).
   */
  readonly open: boolean;
}

const SPACE = 32;
const TAB = 9;
const NEWLINE = 10;
const QUOTE = 34;
const BACKSLASH = 92;
const CARRIAGE_RETURN = 13;

const isSeparator = (code: number): boolean => code === SPACE || code === TAB || code === NEWLINE;

/**
 * Splits rule text into words exactly as iptables-restore 1.8 does: separators are space, tab and newline; only `"`
 * quotes; a backslash escapes inside quotes alone; a closing quote ends its word; `""` is an empty word.
 *
 * @param text - bytes as latin1, one rule, counters allowed
 */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let open = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (open) {
      if (code === BACKSLASH && i + 1 < text.length) {
        i++;
        word += text.charAt(i);
      } else if (code === QUOTE) {
        open = false;
        words.push(word);
        word = '';
        inWord = false;
      } else {
        word += text.charAt(i);
      }
    } else if (code === QUOTE) {
      open = true;
      inWord = true;
    } else if (isSeparator(code)) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      word += text.charAt(i);
      inWord = true;
    }
  }
  if (inWord) words.push(word);
  return { words, open };
}

/**
 * Whether a quote is open at `end`, given whether one was open at `start`. The same rules as {@link splitWords} without
 * building the words.
 */
export function quoteOpenAt(text: string, start: number, end: number, open: boolean): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) open = !open;
    else if (open && code === BACKSLASH) i++;
  }
  return open;
}

/**
 * One space between words and none around them, quoted parts kept to the byte: a hand-edited rule in save's spacing.
 *
 * @param text - one rule as latin1
 */
export function collapseSpacing(text: string): string {
  let out = '';
  let open = false;
  let pending = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A carriage return is an ordinary byte to restore; only the one that ends a line of a CRLF file is none of the rule's.
    if (!open && (isSeparator(code) || (code === CARRIAGE_RETURN && i === text.length - 1))) {
      pending = out !== '';
      continue;
    }
    if (pending) out += ' ';
    pending = false;
    out += text.charAt(i);
    if (code === QUOTE) open = !open;
    else if (open && code === BACKSLASH && i + 1 < text.length) {
      i++;
      out += text.charAt(i);
    }
  }
  return out;
}
