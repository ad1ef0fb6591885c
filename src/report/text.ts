import type { Family } from '../net/family.ts';
import { printable } from '../printable.ts';

export { printable };

/** Colours as functions, so that report code need not know where it prints. */
export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim';
export type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  bold: [1, 22],
  dim: [2, 22],
};

/** Paints with ANSI colours, or not at all. */
export function paintWith(color: boolean): Paint {
  return (style, text) =>
    color ? `\u001b[${String(CODES[style][0])}m${text}\u001b[${String(CODES[style][1])}m` : text;
}

/** `3 rules`, `1 rule`, `2 entries`. */
export function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') && !/[aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${String(number)} ${number === 1 ? noun : plural}`;
}

/** `nat DOCKER`, with the family only where it is not IPv4. */
export function place(where: {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
}): string {
  return printable(`${where.family === 'ipv6' ? 'ipv6 ' : ''}${where.table} ${where.chain}`);
}

/** A rule without its leading `-A CHAIN`, which the heading has already. */
export function shortRule(rule: string, chain: string): string {
  const prefix = `-A ${chain} `;
  return printable(rule.startsWith(prefix) ? rule.slice(prefix.length) : rule);
}

/** How long ago something was, for people: `3 minutes`, `2 days`. */
export function age(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, unit] of units)
    if (seconds >= 2 * size || (seconds >= size && unit === 'minute'))
      return count(Math.floor(seconds / size), unit);
  return count(Math.max(0, Math.floor(seconds)), 'second');
}
