import { undeclarableTable } from '../../firewall/nftables/desired/undeclarable-table.ts';
import { isSameTable, type DeclaredTable } from '../../firewall/nftables/text/declared-table.ts';
import { Fault } from '../../fault.ts';
import { near } from '../../nearest.ts';
import type { Host } from '../ports.ts';

/** What declaring tables touches of a host. */
export interface DeclareTablesHost extends Pick<Host, 'withLock'> {
  readonly listTableNames: () => Promise<readonly string[]>;
  readonly listDeclarable: (table: string) => Promise<string>;
  readonly readDeclaredTables: () => Promise<readonly DeclaredTable[] | undefined>;
  /** @throws Fault RG_DECLARED for what would not be read again */
  readonly writeDeclaredTables: (tables: readonly DeclaredTable[]) => Promise<void>;
}

/** What became of a declaration of tables. */
export interface DeclaredTables {
  /** `unwritten`: it replaces one, and nobody said that it may. */
  readonly outcome: 'written' | 'unchanged' | 'unwritten';
  readonly tables: readonly {
    readonly table: string;
    readonly before: string | undefined;
    readonly after: string;
  }[];
}

/**
 * Declares tables of nftables as they are now; other declared ones stay declared.
 *
 * @param names - `inet close`
 * @param replaces - whether what is declared by now may be replaced
 * @throws Fault RG_USAGE for a table that is not there or cannot be declared, RG_DECLARED
 */
export function declareTables(
  host: DeclareTablesHost,
  names: readonly string[],
  replaces: boolean,
): Promise<DeclaredTables> {
  return host.withLock(async () => {
    const present = await host.listTableNames();
    const declared = (await host.readDeclaredTables()) ?? [];
    const wanted = [...new Set(names.map((name) => name.trim().replaceAll(/\s+/g, ' ')))];
    const unnamed = wanted.find((name) => !name.includes(' '));
    if (unnamed !== undefined)
      throw new Fault(
        'RG_USAGE',
        2,
        `'${unnamed}' names no table: nftables has one of a name for each family`,
        {
          hint: "Name both, in quotes: --table 'inet NAME'. Which tables there are: nft list tables",
        },
      );
    const read: DeclaredTable[] = [];
    for (const table of wanted) {
      const refused =
        undeclarableTable(table, '') ?? (present.includes(table) ? undefined : absent(table, present));
      if (refused !== undefined) throw notDeclared(table, refused);
      const text = await host.listDeclarable(table);
      const why = text === '' ? 'is gone by now' : undeclarableTable(table, text);
      if (why !== undefined) throw notDeclared(table, why);
      read.push({ table, text });
    }
    const tables = read
      .map(({ table, text: after }) => ({
        ...{ table, after },
        before: declared.find((one) => one.table === table)?.text,
      }))
      .filter(({ before, after }) => before === undefined || !isSameTable(before, after));
    if (tables.length === 0) return { outcome: 'unchanged', tables };
    if (!replaces && tables.some(({ before }) => before !== undefined))
      return { outcome: 'unwritten', tables };
    await host.writeDeclaredTables([...declared.filter(({ table }) => !wanted.includes(table)), ...read]);
    return { outcome: 'written', tables };
  });
}

const notDeclared = (table: string, why: string): Fault =>
  new Fault('RG_USAGE', 2, `table ${table} was not declared: it ${why}`, {
    hint: 'Which tables there are: nft list tables',
  });

/** That a table is not there, and which may have been meant. */
function absent(table: string, present: readonly string[]): string {
  const mine = present.filter((one) => undeclarableTable(one, '') === undefined);
  const [nearest] = near(table, mine, (one) => [one.slice(one.indexOf(' ') + 1)]);
  if (nearest !== undefined) return `does not exist. Did you mean '${nearest}'?`;
  return mine.length === 0
    ? 'does not exist, and no other table here can be declared'
    : `does not exist. These do: ${mine.map((one) => `'${one}'`).join(', ')}`;
}
