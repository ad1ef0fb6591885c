import { isBuiltin, type Table } from './model.ts';
import type { OpenChain, OpenTable } from './save.ts';
import { splitWords } from './words.ts';

/** What nft-save prints when it leaves a table out; it exits 0 all the same. */
export const INCOMPATIBLE = /^# Table `([^']*)' is incompatible/;
/** `*TABLE`; restore ignores what follows the name. */
export const TABLE_LINE = /^\*[ \t]*([^ \t]+?)(?:\r?$|[ \t])/;
/** `:NAME POLICY [packets:bytes]`; save prints a name as it is, spaces and all. */
export const CHAIN_LINE = /^:[ \t]*(.+?)[ \t]+(-|ACCEPT|DROP)(?:[ \t]+\[(\d+:\d+)\])?[ \t]*\r?$/s;
/** What a rule in save's own spacing never contains outside quotes. */
export const ODD_SPACING = /^ | {2}|[\t\r]| $/;
/** The same, of a text of many lines: a rule cannot begin with a space unless another space precedes it. */
export const ODD_SPACING_ANYWHERE = / {2}|[\t\r]| (?:\n|$)/;
/** The longest line restore reads whole, without its newline: its buffer has 10,240 bytes (1.8.9, both variants). */
export const LINE_LIMIT = 10_239;

const COLON = 58;
const CLOSE = 93;
const ZERO = 48;
const NINE = 57;

const LIVE_START = /^(?:\[|:|\*|COMMIT\r?$)/;

/**
 * Whether restore would act on a line. A rule's options may come in any order and in quotes, so
 * `! -i lo -A INPUT …` and `"-A" INPUT …` are rules too (measured, 1.8.9, both variants).
 */
export function looksLive(line: string): boolean {
  return LIVE_START.test(line) || /^[-!]/.test(splitWords(line).words[0] ?? '');
}

/**
 * The chain that restore would read instead of one whose name contains a space: restore ends a name at its first space.
 * Undefined for a name it reads as we do, and for one that cannot be mistaken for another chain.
 */
export function namedLike(table: Table, name: string, policy: string): string | undefined {
  const [, first, second = ''] = /^([^ \t]+)[ \t]+([^ \t]+)/.exec(name) ?? [];
  if (first === undefined) return undefined;
  const plain = policy !== '-' || /^(?:-|ACCEPT|DROP)$/.test(second);
  return plain || isBuiltin(table.name, first) || table.chains.has(first) ? first : undefined;
}

/** Chain names are never quoted by save, whatever they hold: one with a space or a quote is found by its declaration. */
export function oddlyNamed(table: OpenTable, rule: string): OpenChain | undefined {
  for (const chain of table.chains.values()) {
    if (/[ \t"]/.test(chain.name) && (rule === `-A ${chain.name}` || rule.startsWith(`-A ${chain.name} `)))
      return chain;
  }
  return undefined;
}

/** Where the `[packets:bytes]` that begins at `start` ends; -1 when there is none. */
export function countersEnd(text: string, start: number): number {
  const colon = digitsEnd(text, start + 1);
  if (colon === start + 1 || text.charCodeAt(colon) !== COLON) return -1;
  const close = digitsEnd(text, colon + 1);
  return close > colon + 1 && text.charCodeAt(close) === CLOSE ? close : -1;
}

function digitsEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at++;
  return at;
}

/** Where `what` occurs next in the text; its length when it does not. */
export function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
}
