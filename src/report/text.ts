import type { Family } from '../iptables/model.ts';

/** Colours as functions, so that report code never asks where it prints to. */
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

// eslint-disable-next-line no-control-regex -- control bytes are what this looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
/** Marks that turn the direction of writing, or begin a line: what follows would be read as what it is not. */
const MISLEADING = /[\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Bytes of a rule as safe text: UTF-8 where they are UTF-8, latin1 else, and every control character escaped: a comment may
 * hold an escape sequence for the terminal of whoever reads the report. A sentence of ours around such bytes, which holds
 * characters that are no bytes, is kept, and each run of bytes in it is read by itself.
 */
export function printable(bytes: string): string {
  const escaped = (text: string): string =>
    text
      .replaceAll(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
      .replaceAll(MISLEADING, (char) => `\\u${char.charCodeAt(0).toString(16)}`);

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
  return `${where.family === 'ipv6' ? 'ipv6 ' : ''}${where.table} ${where.chain}`;
}

/** A rule without its leading `-A CHAIN`, which its place already says. */
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
