import { withoutPassing, type DeclaredTable } from '../../../src/firewall/nftables/text/declared-table.ts';
import type { MemoryHost } from './memory-host.ts';

/** A table that closes a port, and what it is once it was flushed. */
export const CLOSE: DeclaredTable = {
  table: 'inet close',
  text: 'table inet close {\n\tset banned {\n\t\ttype ipv4_addr\n\t\tflags dynamic\n\t}\n\n\tchain c {\n\t\ttcp dport 5432 drop\n\t}\n}\n',
};
export const FLUSHED = CLOSE.text.replace('\t\ttcp dport 5432 drop\n', '');

/** A memory host's tables of nftables, by name. */
export type MemoryTables = Map<string, string>;

/**
 * Gives a memory host tables of nftables. A transaction makes a table anew; elements are put behind it as they stand.
 *
 * @param refuses - why nft refuses a transaction
 */
export function withTables<H extends MemoryHost>(
  host: H,
  tables: MemoryTables,
  refuses: (text: string) => string | undefined = () => undefined,
): H {
  return Object.assign(host, {
    readHeldTables: (declared: readonly DeclaredTable[]) =>
      Promise.resolve(
        declared.map((one) => {
          const live = tables.get(one.table);
          return { ...one, live: live === undefined ? undefined : withoutPassing(live) };
        }),
      ),
    listTables: (names: readonly string[]) =>
      Promise.resolve(names.map((table) => ({ table, text: tables.get(table) ?? '' }))),
    writeTables: (text: string) => {
      const refused = refuses(text);
      if (refused !== undefined) return Promise.resolve(refused);
      const [, table = '', made = ''] = /^add table (.*)\ndelete table \1\n([^]*)$/.exec(text) ?? [];
      if (made === '') tables.delete(table);
      else tables.set(table, made);
      host.done.push(`write ${table}`);
      return Promise.resolve(undefined);
    },
  });
}
