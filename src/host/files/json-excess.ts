/** Characters below which a text is not scanned: whatever it contains, it becomes some tens of megabytes. */
const HARMLESS = 1024 * 1024;
/** Ten thousand containers with 60 ports each have a third of this. */
const MOST_VALUES = 2_000_000;
/** An Engine's answers are eight deep. */
const MOST_DEEP = 1_000;

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Why a text must not be parsed: each `{},` in it becomes an object of 56 bytes, twenty times the text, and a nesting a
 * million deep overflows the stack of whatever recurses through it. Scans the text only, 1 ms a megabyte.
 *
 * @param text - JSON, or not
 * @param always - whether a short text is scanned too: needed where code recurses through the result
 * @returns undefined for one that may be parsed
 */
export function excessOf(text: string, always: boolean): string | undefined {
  if (text.length < HARMLESS && !always) return undefined;
  let [values, deep] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfText(text, i);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      values++;
      if (++deep > MOST_DEEP) return `lists in lists, more than ${String(MOST_DEEP)} deep`;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) deep--;
    else if (code === COLON) values++;
    if (values > MOST_VALUES) return `more than ${String(MOST_VALUES)} values`;
  }
  return undefined;
}

/** Where the string that begins at `start` ends; the end of the whole text where it does not. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
}
