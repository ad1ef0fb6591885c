/** One of the operator's own tables of nftables, as `/etc/rulesguard/docker-user.nft` declares it. */
export interface DeclaredTable {
  /** `inet close`, as `nft list table` takes it. */
  readonly table: string;
  /** One block, as nft lists it: without counters, without elements that come and go. */
  readonly text: string;
}

/** A set or map of a listing, with all its lines. */
const HOLDER = /^\t(?:set|map) [^\n]*\{\n[\s\S]*?^\t\}/gm;

/** The text of one set or map without its elements, where they expire or rules add them. */
export const withoutPassingElements = (block: string): string =>
  /^\t\tflags .*(?:dynamic|timeout)/m.test(block)
    ? block.replace(/^\t\telements = [\s\S]*?\n(?=\t\}|\t\t[^\s}])/m, '')
    : block;

/** A listing without what changes by itself. */
export const withoutPassing = (listing: string): string => listing.replace(HOLDER, withoutPassingElements);

/** The lines of a table that mean something. */
export const meantLines = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !/^\s*#/.test(line));
