/** One of the operator's own tables of nftables, as `/etc/rulesguard/docker-user.nft` declares it. */
export interface DeclaredTable {
  /** `inet close`, as `nft list table` takes it. */
  readonly table: string;
  /** One block, as nft lists it: without counters, without elements that come and go. */
  readonly text: string;
}

/** A set or map of a listing, with all its lines. */
const HOLDER = /^\t(?:set|map) [^\n]*\{\n[\s\S]*?^\t\}/gm;

/** Whether elements of a set or map come and go: they expire, or rules add them. */
const PASSING = /^\t\tflags .*(?:dynamic|timeout)/m;
const ELEMENTS = /^\t\telements = (\{[\s\S]*?\})\n(?=\t\}|\t\t[^\s}])/m;

/** The text of one set or map without its elements, where they come and go. */
const withoutPassingElements = (block: string): string =>
  PASSING.test(block) ? block.replace(ELEMENTS, '') : block;

/** A listing without what changes by itself. */
export const withoutPassing = (listing: string): string => listing.replace(HOLDER, withoutPassingElements);

/**
 * What puts the elements that come and go of a live table into it again, where the declared one has such a set or map too: whom a rule has
 * shut out stays shut out though the table is made anew.
 *
 * @param live - its listing
 */
export function passingElements({ table, text }: DeclaredTable, live: string): string {
  const declared = new Set(passingIn(text).map(({ name }) => name));
  return passingIn(live)
    .filter(({ name }) => declared.has(name))
    .flatMap(({ name, block }) => {
      const elements = ELEMENTS.exec(block)?.[1];
      return elements === undefined ? [] : [`add element ${table} ${name} ${elements}\n`];
    })
    .join('');
}

const passingIn = (listing: string): readonly { readonly name: string; readonly block: string }[] =>
  [...listing.matchAll(HOLDER)].flatMap(([block]) => {
    const name = /^\t(?:set|map) (\S+)/.exec(block)?.[1];
    return name === undefined || !PASSING.test(block) ? [] : [{ name, block }];
  });

/** The lines of a table that mean something. */
export const meantLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !/^\s*#/.test(line));

/** Whether two listings mean the same. */
export const isSameTable = (one: string, other: string): boolean =>
  meantLines(one).join('\n') === meantLines(other).join('\n');
