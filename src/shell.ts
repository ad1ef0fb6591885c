const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as it would be typed: quoted for a shell where it has to be. */
const quoted = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Words as one command line. */
export const commandLine = (words: readonly string[]): string => words.map(quoted).join(' ');

/** A command line with values in it: names come from others, and whoever pastes it is root. */
export const sh = (parts: TemplateStringsArray, ...values: readonly (string | number)[]): string =>
  parts.map((part, i) => (i === 0 ? part : `${quoted(String(values[i - 1]))}${part}`)).join('');
