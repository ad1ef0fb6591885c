/** What a terminal shows nothing of: the escape sequences of colours. */
// eslint-disable-next-line no-control-regex -- they begin with the control character ESC
const COLOUR = /\x1b\[[\d;]*m/g;

/**
 * Breaks a line between words where it is longer than `columns`; what follows is indented two further than the line. A word that
 * is longer by itself stays whole.
 *
 * @param columns - as a terminal shows them: colours count nothing
 */
export function breakLine(line: string, columns: number): readonly string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = '';
  for (const word of line.slice(indent.length).split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    const before = lines.length === 0 ? indent.length : indent.length + 2;
    if (current !== '' && before + longer.replace(COLOUR, '').length > columns) {
      lines.push(current);
      current = word;
    } else current = longer;
  }
  return [...lines, current].map((text, i) => `${indent}${i === 0 ? '' : '  '}${text}`);
}
