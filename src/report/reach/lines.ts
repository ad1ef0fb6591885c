import { printable } from '../text.ts';

/** Columns of a terminal. */
export const COLUMNS = 80;

/** A line with as many names as fit: `…: web 8080, shop 8081, … +22`. */
export function listed(headline: string, names: readonly string[], columns = COLUMNS): string {
  const [first, ...rest] = names.map(printable);
  if (first === undefined || first === '' || headline.includes(first)) return headline;
  let line = `${headline}: ${first}`;
  if (`${line}${rest.length > 0 ? `, … +${String(rest.length)}` : ''}`.length > columns) return headline;
  for (const [i, name] of rest.entries()) {
    const left = rest.length - i - 1;
    const longer = `${line}, ${name}`;
    if (`${longer}${left > 0 ? `, … +${String(left)}` : ''}`.length > columns)
      return `${line}, … +${String(left + 1)}`;
    line = longer;
  }
  return line;
}

/** A line, cut off where there is no more room. */
export const clipped = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, room - 1)}…`;
