/** The text for `nft -f` that makes a table as listed, in the place of the one of that name: together, or nothing is done. */
export const replacingTable = ({ table, text }: { readonly table: string; readonly text: string }): string =>
  `add table ${table}\ndelete table ${table}\n${text}`;
