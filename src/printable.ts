// eslint-disable-next-line no-control-regex -- control bytes are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
/** Marks that turn the direction of writing, begin a line, or show nothing: what follows would be read as what it is not. */
const MISLEADING = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const byte = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
const unit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text in which every character shows, and none does anything to the terminal or the line it is printed on. */
const escaped = (text: string): string =>
  /^[\u0020-\u007e]*$/.test(text) ? text : text.replaceAll(CONTROL, byte).replaceAll(MISLEADING, unit);

/**
 * Bytes of a rule as safe text: UTF-8 where they are UTF-8, latin1 else, and every control character escaped: a comment may
 * hold an escape sequence for the terminal of whoever reads the report. A sentence of ours around such bytes, which holds
 * characters that are no bytes, is kept, and each run of bytes in it is read by itself.
 */
export function printable(bytes: string): string {
  if (/^[\u0020-\u007e]*$/.test(bytes)) return bytes;
  return escaped(
    /[\u0100-\uffff]/.test(bytes) ? bytes.replaceAll(/[\u0080-\u00ff]+/g, decoded) : decoded(bytes),
  );
}

function decoded(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(
      Uint8Array.from(bytes, (char) => char.charCodeAt(0)),
    );
  } catch {
    return bytes;
  }
}

// eslint-disable-next-line no-control-regex -- control bytes are what this looks for
const BELOW = /[\u0000-\u0008\u000b-\u001f]/g;
/** But for the colours that paintWith makes. */
// eslint-disable-next-line no-control-regex -- control bytes are what this looks for
const BELOW_UNPAINTED = /\u001b(?!\[(?:1|2|22|3[1-3]|39)m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f]/g;
const BEYOND = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * The last look at what is printed, whoever made it and whatever it is: our lines stay, and our colours where there are any,
 * and every other character that does something becomes one that shows. Inside JSON, where what is below a space is escaped
 * already, this is an escape of JSON's own, so that it still reads as the same text.
 */
export const harmless = (output: string, painted = false): string =>
  output.replaceAll(painted ? BELOW_UNPAINTED : BELOW, byte).replaceAll(BEYOND, unit);

/** As {@link escaped}, every text of a parsed document, the names of its fields too. */
export function escapedTexts(value: unknown): unknown {
  if (typeof value === 'string') return escaped(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(escapedTexts);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [escaped(name), escapedTexts(inner)]),
  );
}

/** Whether a text of JSON holds, written out or as an escape, a character that {@link escaped} changes. */
export const mayMislead = (json: string): boolean => SUSPECT.test(json);

const SUSPECT =
  /\\[bfnrt]|\\u(?:00[0189][\da-f]|007f|061c|20[0-6][\da-f]|feff)|[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/i;
