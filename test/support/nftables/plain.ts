/**
 * Docker's tables without what was counted, in one order of chains, and of rules that are about one port or address each: Docker's own next
 * update asks for none of that.
 */
export const plain = (tables: string): string =>
  tables
    .replaceAll(/ packets \d+ bytes \d+/g, '')
    .split(/\n(?=table |\t(?:chain|map) )/)
    .map((block) => block.trim().replace(/\n\}$/, ''))
    .map((block) =>
      /^chain (?:nat-prerouting-and-output|raw-PREROUTING) /.test(block)
        ? block.split('\n').sort().join('\n')
        : block,
    )
    .sort()
    .join('\n');
